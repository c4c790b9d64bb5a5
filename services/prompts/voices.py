"""Who speaks a language: one that was chosen for it, or the one always there."""

import hashlib
from array import array
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from ivr.sounds import Language
from services.prompts import wording
from services.prompts.speech import LIMIT_S, SpeechProgram, speak
from services.prompts.wording import runs_of


class Voice(Protocol):
    """Something that turns a text of one language into sound."""

    @property
    def name(self) -> str:
        """What it is called, to people."""

    @property
    def made_as(self) -> str:
        """What stands for how it speaks: another where a text would sound otherwise."""

    @property
    def is_quick(self) -> bool:
        """Whether a short text is spoken while a caller waits for it."""

    def speak(
        self, text: str, language: Language, *, is_slow: bool, limit_s: float = LIMIT_S
    ) -> "array[int]":
        """Return 16-bit samples at 8 kHz.

        Raises:
            Unspeakable: The text has no sound in it, or one that nobody has.
            SpeechFailed: It did not speak, or not within its limit.
        """

    def close(self) -> None:
        """End what runs for it; the next text starts it anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EspeakVoice:
    """espeak-ng: always there, in every language, and never liked."""

    program: SpeechProgram
    name: str = "espeak-ng"
    is_quick: bool = True

    @property
    def made_as(self) -> str:
        """What spells for it: whatever could spell a text otherwise is in it."""
        return f"espeak-ng {_speller()}"

    def speak(
        self, text: str, language: Language, *, is_slow: bool, limit_s: float = LIMIT_S
    ) -> "array[int]":
        """Return the text as samples; see ``Voice``."""
        runs = runs_of(text, language, is_slow=is_slow)
        return speak(self.program, runs, limit_s=limit_s)

    def close(self) -> None:
        """Do nothing: it runs only while it speaks."""


@cache
def _speller() -> str:
    words = Path(wording.__file__).read_bytes()
    return f"{version('pypinyin')} {hashlib.sha256(words).hexdigest()}"
