"""What a caller can be played: speech that is made, files that someone recorded."""

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """What a prompt can be spoken in."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A sound that is made by speaking a text."""

    language: Language
    text: str
    is_slow: bool = False
    """Whether it is spoken for those who want more time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A sound that someone recorded: a file below the folder of prompts."""

    name: str
    """Without suffix, as in ``storm/warning``."""
    may_be_missing: bool = False
    """Whether a text stands in for it where there is no such file."""


Sound = Spoken | Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """A recorded file, or what is spoken where it is missing."""

    recorded: Recorded
    otherwise: tuple[Spoken, ...]


Heard = Sound | Either
"""One thing of what is said at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What is said of one announcement."""

    name: str
    sounds: tuple[Heard, ...]
