"""What can be made wrong with the simulated utility, for rehearsals."""

from dataclasses import dataclass
from random import Random
from typing import Literal

HUGE_BYTES = 10 * 1024 * 1024
DRIP_S = 0.3
"""Between two bytes of an answer that drips."""

How = Literal["well", "error", "garbage", "huge", "absent", "drip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubles:
    """What is wrong at present; nothing, as a rule."""

    delay_s: float = 0.0
    """Before each answer."""
    errors: float = 0.0
    """Share of questions that are answered by a 500; from 0 to 1."""
    is_garbage: bool = False
    """What is answered is no HTTP."""
    is_huge: bool = False
    """Each answer has ten megabytes."""
    is_absent: bool = False
    """Every connection is cut without an answer."""
    is_dripping: bool = False
    """Each answer comes byte by byte, and slowly."""

    @property
    def are_any(self) -> bool:
        """Whether anything is wrong."""
        return self != NONE

    def strike(self, chance: Random) -> How:
        """Return how one question is answered."""
        if self.is_absent:
            return "absent"
        if self.errors > 0 and chance.random() < self.errors:
            return "error"
        if self.is_garbage:
            return "garbage"
        if self.is_huge:
            return "huge"
        return "drip" if self.is_dripping else "well"


NONE = Troubles()
