"""Every prompt of every flow as a file that Asterisk can play, made once."""

import asyncio
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from ivr.flow import Flow
from ivr.sounds import Language, Recorded, Sound, Spoken
from services.prompts.errors import PromptsRefused, SpeechFailed, Unplayable
from services.prompts.loudness import levelled, trimmed
from services.prompts.recorded import recorded_file
from services.prompts.sound_files import (
    is_whole,
    keep_most,
    make_folder,
    mark_used,
    name_it,
    write_whole,
)
from services.prompts.speech import LIMIT_S, SpeechProgram
from services.prompts.voices import EspeakVoice, Voice
from services.prompts.wording import Unspeakable

log = structlog.get_logger()

MADE_BY = 2
"""Counts up when the same words would be spoken otherwise: all are made anew."""
NOW_LIMIT_S = 2.0
"""How long a caller can wait for a value to be spoken; then it is left out."""
MAKE_LIMIT_S = 600.0
"""How long a slow voice may take for one text; a thousand characters take minutes."""
MOST_WAITING = 40
"""Values that are being spoken or wait for it; more would all come too late."""
_EXPECTED = (Unspeakable, SpeechFailed, Unplayable, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptStore:
    """Where prompts lie, and what speaks those that nobody recorded."""

    spoken: Path
    """Folder of what we speak; ours alone, can be deleted at any time."""
    recorded: Path
    """Folder of files that flows name; nothing outside it is ever played."""
    program: SpeechProgram
    voices: Mapping[Language, Voice] = field(default_factory=dict)
    """Who speaks a language instead of ``program``."""
    at_once: int = 2
    """How many texts are spoken at a time."""
    most_kept: int = 20_000
    """Texts of flows that are kept, also those of earlier versions."""
    most_values: int = 5000
    """Values that are kept; of 3 s each they are 240 MB."""
    _making: "dict[Sound, asyncio.Future[Path]]" = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What is being made at this moment, so that no two make the same."""
    _pool: ThreadPoolExecutor = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Have threads of our own; they begin when they are needed."""
        pool = ThreadPoolExecutor(self.at_once, "prompts-now")
        object.__setattr__(self, "_pool", pool)

    @property
    def values(self) -> Path:
        """Folder of what was spoken while a caller waited."""
        return self.spoken / "values"

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
            make_folder(self.spoken)
            make_folder(self.values)
            keep_most(self.spoken, self.most_kept)
        except OSError as error:
            raise PromptsRefused([_cannot_write(self.spoken, error)]) from error
        problems: set[str] = set()
        ready: dict[Sound, str] = {}
        for sound, outcome in zip(wanted, await self._all(wanted), strict=True):
            match outcome:
                case Path():
                    ready[sound] = str(outcome)
                case Unplayable() if _may_be_missing(sound):
                    log.info("prompt_stood_in_for", prompt=_shown(sound))
                case Unspeakable() | SpeechFailed() | Unplayable():
                    problems.add(f"{_shown(sound)}: {outcome}")
                case OSError():
                    problems.add(_cannot_write(self.spoken, outcome))
                case _:
                    raise outcome
        if problems:
            raise PromptsRefused(problems)
        return ready

    async def ready_now(self, sound: Sound) -> str | None:
        """Make one sound ready while a caller waits for it.

        What was made before is there at once. What was not made within 2 s is left out
        of this call, and made all the same.

        Returns:
            The absolute path without suffix; None where there is nothing to play, which
            the log says without the text.
        """
        making = self._making.get(sound)
        if making is None:
            if len(self._making) >= MOST_WAITING:
                _leave_out(sound, f"{MOST_WAITING} wait already")
                return None
            loop = asyncio.get_running_loop()
            making = loop.run_in_executor(self._pool, self._now, sound)
            self._making[sound] = making
            making.add_done_callback(lambda done: self._made(sound, done))
        try:
            # Shielded: another call may wait for the same.
            made = await asyncio.wait_for(asyncio.shield(making), NOW_LIMIT_S)
        except TimeoutError:
            _leave_out(sound, f"took more than {NOW_LIMIT_S:g} s")
        except _EXPECTED as error:
            _leave_out(sound, type(error).__name__)
        else:
            return str(made)
        return None

    def make(self, sound: Spoken) -> str:
        """Have the best voice speak a text, however long that takes.

        Whoever is played the text hears it so from the next time on.

        Returns:
            The name of the voice.

        Raises:
            SpeechFailed, Unspeakable: It did not.
            OSError: The sound cannot be written.
        """
        make_folder(self.spoken)
        voice = self._voices(sound.language)[0]
        if not self._kept(sound, voice):
            self._speak(sound, voice, self.spoken, MAKE_LIMIT_S)
        return voice.name

    def found(self, sound: Sound) -> Path | None:
        """Return where a sound is that was made or recorded; None where it is not."""
        match sound:
            case Recorded():
                try:
                    return recorded_file(self.recorded, sound.name)
                except Unplayable:
                    return None
            case Spoken():
                return next((path for _, path in self._made_by(sound)), None)

    def voice_of(self, sound: Spoken) -> str | None:
        """Return the voice that a text is heard in; None where it was not made yet."""
        return next((voice.name for voice, _ in self._made_by(sound)), None)

    def close(self) -> None:
        """End the voices that run; what waits for them is left out."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for voice in self.voices.values():
            voice.close()

    def name(self, name: str, sound: str) -> None:
        """Give a sound that was made ready a name, by which the dialplan plays it."""
        name_it(self.spoken / f"{name}.wav", f"{sound}.wav")

    async def _all(self, wanted: Iterable[Sound]) -> list[Path | BaseException]:
        """Return what became of each, in threads of our own, a few at a time."""
        loop = asyncio.get_running_loop()
        pool = ThreadPoolExecutor(self.at_once, "prompts")
        try:
            made = [loop.run_in_executor(pool, self._ready, one) for one in wanted]
            return await asyncio.gather(*made, return_exceptions=True)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _made(self, sound: Sound, making: "asyncio.Future[Path]") -> None:
        self._making.pop(sound, None)
        error = None if making.cancelled() else making.exception()
        if error and not isinstance(error, _EXPECTED):
            log.error("prompt_broke", exc_info=error)

    def _ready(self, sound: Sound) -> Path:
        match sound:
            case Spoken():
                return self._spoken_file(sound)
            case Recorded():
                return recorded_file(self.recorded, sound.name)

    def _spoken_file(self, sound: Spoken) -> Path:
        return self._first(sound, into=self.spoken, limit_s=LIMIT_S)

    def _now(self, sound: Sound) -> Path:
        if isinstance(sound, Recorded):
            return recorded_file(self.recorded, sound.name)
        if not self.values.is_dir():
            make_folder(self.spoken)
            make_folder(self.values)
        made = self._first(sound, into=self.values, limit_s=NOW_LIMIT_S / 2)
        keep_most(self.values, self.most_values)
        return made

    def _first(self, sound: Spoken, *, into: Path, limit_s: float) -> Path:
        """Return the sound by the best voice that can: kept, else spoken."""
        *better, plain = self._voices(sound.language)
        for voice in better:
            if kept := self._kept(sound, voice):
                return kept
            if not voice.is_quick:
                continue
            try:
                return self._speak(sound, voice, into, limit_s)
            except SpeechFailed as error:
                # Callers hear a plainer voice rather than no number at all.
                log.warning("voice_failed", voice=voice.name, reason=error.why)
        made = self._kept(sound, plain) or self._speak(sound, plain, into, limit_s)
        if into == self.values or all(voice.is_quick for voice in better):
            return made
        return self._stand_in(sound, better[0], made)

    def _stand_in(self, sound: Spoken, voice: Voice, made: Path) -> Path:
        """Return where a slow voice will put a sound, with a plainer one there now.

        So it is heard from the moment on that it is made, and nobody is told.
        """
        place = self.spoken / f"{_name(sound, voice)}.wav"
        name_it(place, f"{made.name}.wav")
        return place.with_suffix("").absolute()

    def _kept(self, sound: Spoken, voice: Voice) -> Path | None:
        """Return where a sound lies that this voice spoke; None where it did not."""
        for folder in (self.spoken, self.values):
            file = folder / f"{_name(sound, voice)}.wav"
            # A link stands in for what this voice has not made yet.
            if not file.is_symlink() and is_whole(file):
                mark_used(file)
                return file.with_suffix("").absolute()
        return None

    def _made_by(self, sound: Spoken) -> Iterator[tuple[Voice, Path]]:
        """Yield the voices that a text was made by, with the sound of each."""
        for voice in self._voices(sound.language):
            if kept := self._kept(sound, voice):
                yield voice, kept

    def _speak(self, sound: Spoken, voice: Voice, into: Path, limit_s: float) -> Path:
        said = voice.speak(
            sound.text, sound.language, is_slow=sound.is_slow, limit_s=limit_s
        )
        kept = (into / _name(sound, voice)).absolute()
        write_whole(kept.with_suffix(".wav"), trimmed(levelled(said)))
        return kept

    def _voices(self, language: Language) -> tuple[Voice, ...]:
        """Return who speaks a language, the best first; the last is always there."""
        plain = EspeakVoice(program=self.program)
        chosen = self.voices.get(language)
        return (plain,) if chosen is None else (chosen, plain)


def _name(sound: Spoken, voice: Voice) -> str:
    """Return what stands for this text as this release speaks it.

    Without spelling it, which is dear: whatever could spell it otherwise is in the key.
    """
    said = (MADE_BY, voice.made_as, sound.language.value, sound.text)
    whole = repr((*said, "slow") if sound.is_slow else said)
    key = hashlib.sha256(whole.encode()).hexdigest()[:32]
    return f"{sound.language.value}-{key}"


def _may_be_missing(sound: Sound) -> bool:
    return isinstance(sound, Recorded) and sound.may_be_missing


def _leave_out(sound: Sound, why: str) -> None:
    # Not the text: it is somebody's balance.
    log.warning("prompt_left_out", prompt=_shown(sound), reason=why)


def _shown(sound: Sound) -> str:
    match sound:
        case Spoken():
            return f"prompt in {sound.language.value!r}"
        case Recorded():
            return f"prompt file {sound.name!r}"


def _cannot_write(folder: Path, error: OSError) -> str:
    return f"{folder}: cannot be written: {error.strerror}; free space, or allow it"
