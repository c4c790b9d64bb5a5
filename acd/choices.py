"""By which rule an agent is chosen for a call, and a call for an agent: as values."""

from collections.abc import Mapping
from dataclasses import dataclass

from acd.vocabulary.ids import QueueId


@dataclass(frozen=True, slots=True)
class LongestIdle:
    """Whoever has been ready longest."""


@dataclass(frozen=True, slots=True)
class LeastOccupied:
    """Whoever was busy for the smallest share of the time at work, of late."""


@dataclass(frozen=True, slots=True)
class FastestFirst:
    """Whoever is expected to handle this kind of call in the shortest time."""


@dataclass(frozen=True, slots=True)
class RoundRobin:
    """Whoever had an offer of this queue the longest time ago, or never."""


@dataclass(frozen=True, slots=True)
class PriorityMatrix:
    """Whoever has the best level in what the call needs; the longest idle of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityGate:
    """Out of these bounds nobody gains by short calls: they count as the mean."""

    repeat_rate: float = 0.15
    """Share of an agent's callers who call again soon."""
    least_calls: int = 20
    """With fewer calls on record nobody is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """The smallest sum, in seconds, of expected handling time and idle time's credit.

    Each second of idleness weighs as ``idle_weight`` seconds of handling time: with 0
    this is the fastest first, with a very large one the longest idle.
    """

    idle_weight: float = 2.0
    clamp: float = 0.4
    """Beyond this share above or below the kind's mean an estimate counts no more."""
    scarcity_s: float = 0.0
    """Added for each skill of an agent beyond the first: who can do much, waits."""
    level_s: float = 0.0
    """Taken off for each level above the needed: the better is preferred."""
    per_resolved: bool = False
    """Whether time counts per resolved call: divided by the share of callers who need
    not call again."""
    occupancy_bound: float | None = 0.05
    """Who is busier than the mean of those at work by more than this share, comes
    later; None: nobody does."""
    quality_gate: QualityGate | None = QualityGate()


AgentChoice = (
    LongestIdle | LeastOccupied | FastestFirst | RoundRobin | PriorityMatrix | Blend
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LongestWait:
    """The longest wait of the class."""

    guard_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ByPriority:
    """The highest priority to the point, ageing included; then the longest wait."""

    guard_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedRatio:
    """The queue that has most waiting above its share of all who wait."""

    shares: Mapping[QueueId, float]
    """Of the callers who wait; who is not named has none."""
    guard_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CMu:
    """The generalised c-mu rule by targets: the steepest cost of waiting on.

    The cost grows with the square of wait by target: who waits long against a strict
    target, and is helped quickly by this agent, goes first.
    """

    guard_s: float | None = 120.0


CallOrder = LongestWait | ByPriority | FixedRatio | CMu
"""How a call is chosen within a class. Who waits longer than ``guard_s`` goes before
all others of the class; None: nobody does."""
