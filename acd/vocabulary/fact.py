"""What every fact has: when it happened, and where it belongs."""

from dataclasses import dataclass
from datetime import datetime

from acd.vocabulary.ids import CENTRE, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class FactOf:
    """The ground of all facts: past tense, frozen, carrying their own time."""

    at: datetime
    """When it happened: aware, UTC, by the engine's clock."""
    place: Place = CENTRE
    """Whose it is; the engine fills it in from the call or the agent named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(FactOf):
    """Time passed a deadline. Journaled, so that a replay decides the same."""
