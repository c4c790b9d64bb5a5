"""What a fault is: how it is done to a scene, and what it must not be judged by."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from services.runtime.bench.chaos.scene import Scene

Strike = Callable[[Scene], Awaitable[Mapping[str, float]]]
"""Injects, waits for the repair, undoes; returns what it measured, by name."""


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
    unserved_from: frozenset[str] = frozenset({"new", "waiting", "talking"})
    """Whose silence counts as seconds not served."""
