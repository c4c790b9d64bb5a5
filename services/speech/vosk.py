"""Vosk: words while they are said, of the phrases that are asked for only."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import vosk

from services.speech.errors import NotAModel, RecogniserBroken
from services.speech.phrase import Asked, Words

RATE_HZ = 8000
UNKNOWN = "[unk]"
"""What a model calls words that it was not asked for, where it has a word for them."""
_DIGITS: Mapping[str, str] = {
    "zh": "零 一 二 三 四 五 六 七 八 九 幺 两",
    "en": "zero one two three four five six seven eight nine oh double triple",
}
_NEEDED = ("am/final.mdl", "conf/mfcc.conf", "graph")
_STEADY = 4
"""Pieces of sound over which words must stay the same before they are told."""
_STEADY_SURE = 0.8
"""The library does not say how sure it is of words that may still change."""
_MOST_LETTERS = 12
"""Of one word of a language that has no blanks."""


class VoskModel:
    """A model folder, as https://alphacephei.com/vosk/models has them unpacked."""

    def __init__(self, folder: Path) -> None:
        """Load it; takes seconds.

        Raises:
            NotAModel: The folder is none; with what is missing in it.
        """
        check_folder(folder)
        vosk.SetLogLevel(-1)
        try:
            self._model = vosk.Model(str(folder))
        except Exception as error:  # noqa: BLE001 - the library has no other class
            raise NotAModel(str(folder), f"Vosk cannot load it: {error}") from None

    def open(self, asked: Asked) -> "VoskStream":
        """Begin a phrase; see ``Model``."""
        grammar = self._grammar(asked)
        return VoskStream(vosk.KaldiRecognizer(self._model, RATE_HZ, grammar))

    def knows(self, word: str) -> bool:
        """Tell whether a word is in its vocabulary."""
        return int(self._model.vosk_model_find_word(word)) >= 0

    def _grammar(self, asked: Asked) -> str:
        listed = (words_in(phrase, self.knows) for phrase in asked.phrases)
        known = [" ".join(words) for words in listed if words]
        if asked.digits:
            digits = _DIGITS.get(asked.language, "").split()
            known.append(" ".join(filter(self.knows, digits)))
        known = [phrase for phrase in dict.fromkeys(known) if phrase]
        if not known:
            why = f"knows no word of the {len(asked.phrases)} phrases asked for"
            raise RecogniserBroken("vosk", why)
        if self.knows(UNKNOWN):
            known.append(UNKNOWN)
        # Not \uXXXX: it would take each for a word, and know none of them.
        return json.dumps(known, ensure_ascii=False)


class VoskStream:
    """One phrase; the library's own ends of sentences are put together again."""

    def __init__(self, recogniser: Any) -> None:  # noqa: ANN401 - it ships no types
        self._recogniser = recogniser
        recogniser.SetWords(True)
        self._words: list[tuple[str, float]] = []
        self._so_far, self._stood = "", 0

    def accept(self, sound: bytes) -> Words | None:
        """Take more sound; see ``Stream``."""
        if self._recogniser.AcceptWaveform(sound):
            self._words += _words(self._recogniser.Result())
            return _joined(self._words)
        more = json.loads(self._recogniser.PartialResult()).get("partial", "")
        self._stood = self._stood + 1 if more == self._so_far else 0
        self._so_far = more
        if self._stood < _STEADY:
            return None
        told = [(word, _STEADY_SURE) for word in more.split()]
        return _joined([*self._words, *told])

    def finish(self) -> tuple[Words, ...]:
        """Return the words; see ``Stream``."""
        self._words += _words(self._recogniser.FinalResult())
        found = _joined(self._words)
        return (found,) if found else ()


def check_folder(folder: Path) -> None:
    """Look whether a folder is a model, without loading it.

    Raises:
        NotAModel: It is none; with what is missing.
    """
    if not folder.is_dir():
        raise NotAModel(str(folder), "is no folder; unpack a model of Vosk there")
    for name in _NEEDED:
        if not (folder / name).exists():
            why = f"is no model of Vosk, found no {name} in it"
            raise NotAModel(str(folder), why)


def words_in(phrase: str, knows: Callable[[str], bool]) -> tuple[str, ...]:
    """Return a phrase as words of a vocabulary; empty where it has no words for it.

    Languages without blanks are cut where the longest known word ends.
    """
    found: list[str] = []
    for part in phrase.lower().split():
        rest = part
        while rest:
            ends = range(min(len(rest), _MOST_LETTERS), 0, -1)
            # What has blanks between its words is not cut within them.
            ends = ends if not rest.isascii() else range(len(rest), len(rest) - 1, -1)
            word = next((rest[:end] for end in ends if knows(rest[:end])), "")
            if not word:
                return ()
            found.append(word)
            rest = rest[len(word) :]
    return tuple(found)


def _words(told: str) -> Iterator[tuple[str, float]]:
    for one in json.loads(told).get("result", ()):
        yield one["word"], float(one.get("conf", 1.0))


def _joined(words: Sequence[tuple[str, float]]) -> Words | None:
    """Put words together; those it does not know count against all of them."""
    said = [word for word, _ in words if word != UNKNOWN]
    if not said:
        return None
    sure = sum(conf for word, conf in words if word != UNKNOWN) / len(words)
    return Words(_spaced(said), max(0.0, min(1.0, sure)))


def _spaced(words: Sequence[str]) -> str:
    """Put blanks between words, but not where Mandarin has none."""
    text = words[0]
    for word in words[1:]:
        text += word if _is_han(text[-1]) and _is_han(word[0]) else f" {word}"
    return text


def _is_han(sign: str) -> bool:
    return "\u3400" <= sign <= "\u9fff"
