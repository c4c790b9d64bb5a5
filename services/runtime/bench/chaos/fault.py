"""What a fault is: how it is done to a scene, and what it must not be judged by."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from services.runtime.bench.chaos.evidence import Evidence
from services.runtime.bench.chaos.invariants import SOUND_WITHIN_S
from services.runtime.bench.chaos.scene import Scene
from services.runtime.bench.figures import Figure

Strike = Callable[[Scene], Awaitable[Mapping[str, float]]]
"""Injects, waits for the repair, undoes; returns what it measured, by name."""
Derive = Callable[[Evidence], Mapping[str, float]]
"""Measures what only the whole round's witnesses can tell, by name."""


def nothing_more(_evidence: Evidence) -> Mapping[str, float]:
    """Measure nothing but what every fault is measured by."""
    return {}


class LeftOut(Exception):
    """A fault cannot be done on this machine, or to what there is by now."""

    def __init__(self, why: str) -> None:
        """Keep why, as the card tells it."""
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a measured value must not be over, and what would be good."""

    floor: float
    goal: float | None = None
    unit: str = "s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of the catalogue that is done to a standing scene."""

    fault_id: str
    title: str
    strike: Strike
    rounds: int = 1
    short_rounds: int = 1
    limits: Mapping[str, Limit] = field(default_factory=dict)
    """For what the strike itself measures; of several rounds the worst counts."""
    exempt: frozenset[str] = frozenset()
    """Invariants that this fault may break: Asterisk's own death ends its calls."""
    enough_talking: int = 100
    """Talks below which it cannot be said that none is lost."""
    enough_waiting: int = 60
    note: str = ""
    """For the card: what of the fault is not done here, and why."""
    derive: Derive = nothing_more
    has_proxy: bool = False
    """Whether the engine reaches Asterisk's manager by way of our proxy."""
    sound_within_s: float = SOUND_WITHIN_S
    """A new call hears something within so long."""
    sound_goal_s: float = 0.5
    ends_calls: bool = False
    """Whether the calls there are end with it, without a word to their phones."""
    safe_states: frozenset[str] = frozenset()
    """In which an agent may be afterwards who was ready before."""
    unserved_from: frozenset[str] = frozenset({"new", "waiting", "talking"})
    """Whose silence counts as seconds not served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a measurement with a scene of its own is given."""

    is_short: bool
    base_port: int | None
    minutes: int = 30
    """Of the soak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What such a measurement came to."""

    figures: Sequence[Figure]
    unserved_s: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One fault of the catalogue that brings its own scene."""

    fault_id: str
    title: str
    run: Callable[[Room], Awaitable[Found]]
