"""How many calls are taken, and how fast: what is refused before it is answered."""

from dataclasses import dataclass
from typing import Final, Literal

Refusal = Literal["busy", "congestion"]
"""How a caller is told: 486, which concerns this call, or 503, which a carrier may take
for all of our lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """So many a second in the long run, and so many at once."""

    per_s: float
    burst: int

    @property
    def step_ms(self) -> float:
        """By how much one more call moves the time until which the bucket is full."""
        return 1000 / self.per_s

    @property
    def depth_ms(self) -> float:
        """How far ahead of now that time may lie for one more to be taken."""
        return (self.burst - 1) * self.step_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What is taken of the calls that come; the rest is refused, at next to no cost."""

    calls: int = 400
    """Live at once, those on reserved lines included."""
    overall: Bucket = Bucket(per_s=30, burst=60)
    number: Bucket = Bucket(per_s=30, burst=60)
    """Of each number dialled."""
    caller: Bucket = Bucket(per_s=10 / 60, burst=10)
    """Of each caller's number; who withholds it counts with nobody."""
    refuse_by: Refusal = "busy"
    announcements: int = 0
    """How many of the refused may hear an announcement at once, unanswered; beyond it,
    and with 0, they are refused at once."""


DEFAULT: Final = Admission()


def gate_of(number: str) -> str:
    """Return a number as it stands in the names of the switch's variables."""
    return number.translate({ord("+"): "P", ord("*"): "S", ord("#"): "H"})
