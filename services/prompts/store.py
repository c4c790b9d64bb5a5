"""Every prompt of every flow as a file that Asterisk can play, made once."""

import asyncio
import hashlib
import os
import tempfile
import wave
from array import array
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from ivr.flow import Flow, Recorded, Sound, Spoken
from services.prompts import wording
from services.prompts.errors import PromptsRefused, SpeechFailed, Unplayable
from services.prompts.recorded import recorded_file
from services.prompts.resample import TELEPHONE_HZ
from services.prompts.speech import SpeechProgram, speak
from services.prompts.wording import Unspeakable, runs_of

MADE_BY = 1
"""Counts up when the same words would be spoken otherwise: all are made anew."""
_PARTIAL = ".part-"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptStore:
    """Where prompts lie, and what speaks those that nobody recorded."""

    spoken: Path
    """Folder of what we speak; ours alone, can be deleted at any time."""
    recorded: Path
    """Folder of files that flows name; nothing outside it is ever played."""
    program: SpeechProgram
    at_once: int = 2
    """How many texts are spoken at a time."""

    async def prepare(self, flows: Iterable[Flow]) -> Mapping[Sound, str]:
        """Make every sound of the flows ready; what was made before is kept.

        Returns:
            For each sound the absolute path without suffix, as ``Line.play`` takes it.

        Raises:
            PromptsRefused: With every text that cannot be spoken, every file that is
                missing or leads out of its folder, and why.
        """
        return await self.prepare_sounds(s for flow in flows for s in flow.sounds())

    async def prepare_sounds(self, sounds: Iterable[Sound]) -> Mapping[Sound, str]:
        """Make sounds ready; see ``prepare``.

        Raises:
            PromptsRefused: With all that cannot be made, and why.
        """
        wanted = sorted(set(sounds), key=repr)
        try:
            self.spoken.mkdir(parents=True, exist_ok=True)
            # Asterisk, which may run as another user, reads them.
            self.spoken.chmod(0o755)
            _sweep(self.spoken)
        except OSError as error:
            raise PromptsRefused([_cannot_write(self.spoken, error)]) from error
        problems: set[str] = set()
        ready: dict[Sound, str] = {}
        for sound, outcome in zip(wanted, await self._all(wanted), strict=True):
            match outcome:
                case Path():
                    ready[sound] = str(outcome)
                case Unspeakable() | SpeechFailed() | Unplayable():
                    problems.add(f"{_shown(sound)}: {outcome}")
                case OSError():
                    problems.add(_cannot_write(self.spoken, outcome))
                case _:
                    raise outcome
        if problems:
            raise PromptsRefused(problems)
        return ready

    def name(self, name: str, sound: str) -> None:
        """Give a sound that was made ready a name, by which the dialplan plays it."""
        link = self.spoken / f"{name}.wav"
        draft = self.spoken / f"{_PARTIAL}{name}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(f"{sound}.wav")
        draft.replace(link)

    async def _all(self, wanted: Iterable[Sound]) -> list[Path | BaseException]:
        """Return what became of each, in threads of our own, a few at a time."""
        loop = asyncio.get_running_loop()
        pool = ThreadPoolExecutor(self.at_once, "prompts")
        try:
            made = [loop.run_in_executor(pool, self._ready, one) for one in wanted]
            return await asyncio.gather(*made, return_exceptions=True)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _ready(self, sound: Sound) -> Path:
        match sound:
            case Spoken():
                return self._spoken_file(sound)
            case Recorded():
                return recorded_file(self.recorded, sound.name)

    def _spoken_file(self, sound: Spoken) -> Path:
        kept = (self.spoken / f"{sound.language.value}-{_key(sound)}").absolute()
        file = kept.with_suffix(".wav")
        if not _is_whole(file):
            runs = runs_of(sound.text, sound.language)
            _write(file, speak(self.program, runs))
        return kept


def _key(sound: Spoken) -> str:
    """Return what stands for this text as this release speaks it.

    Without spelling it, which is dear: whatever could spell it otherwise is in the key.
    """
    whole = repr((MADE_BY, _speller(), sound.language.value, sound.text))
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


@cache
def _speller() -> str:
    words = Path(wording.__file__).read_bytes()
    return f"{version('pypinyin')} {hashlib.sha256(words).hexdigest()}"


def _is_whole(file: Path) -> bool:
    try:
        with wave.open(str(file), "rb") as opened:
            sound = (opened.getnchannels(), opened.getsampwidth())
            rate_hz, length = opened.getframerate(), opened.getnframes()
            size_bytes = file.stat().st_size
    except (OSError, EOFError, wave.Error):
        return False
    right = (*sound, rate_hz) == (1, 2, TELEPHONE_HZ)
    return right and length > 0 and size_bytes >= 2 * length


def _write(file: Path, samples: "array[int]") -> None:
    """Write a sound so that it is there whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=_PARTIAL, dir=file.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as opened:
            with wave.open(opened, "wb") as sound:
                sound.setnchannels(1)
                sound.setsampwidth(2)
                sound.setframerate(TELEPHONE_HZ)
                sound.writeframes(samples.tobytes())
            opened.flush()
            os.fsync(opened.fileno())
        # Asterisk may run as another user.
        partial.chmod(0o644)
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _sweep(folder: Path) -> None:
    """Delete what a crash left half made."""
    for left in folder.glob(f"{_PARTIAL}*"):
        left.unlink(missing_ok=True)


def _shown(sound: Sound) -> str:
    match sound:
        case Spoken():
            return f"prompt in {sound.language.value!r}"
        case Recorded():
            return f"prompt file {sound.name!r}"


def _cannot_write(folder: Path, error: OSError) -> str:
    return f"{folder}: cannot be written: {error.strerror}; free space, or allow it"
