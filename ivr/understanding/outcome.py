"""What is made of words: a choice, a choice to be asked about, or nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """Words as they were recognised or typed."""

    text: str
    confidence: float = 1.0
    """How sure whoever recognised them is, from 0 to 1; typed words are sure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Words that are a choice."""

    choice: str
    """A key, a step's name, or DANGER."""
    phrase: str
    """The phrase of the choice that was found in them."""
    certainty: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """Words that may be a choice: the caller is asked."""

    choice: str
    phrase: str
    certainty: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitsSaid:
    """Digits of a number, in the order in which they were said."""

    digits: str
    certainty: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """Words outside of what is asked."""

    why: str
    certainty: float = 0.0
    """How near the nearest choice came."""


Outcome = Taken | Uncertain | DigitsSaid | NotTaken
