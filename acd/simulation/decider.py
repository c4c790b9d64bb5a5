"""Whoever decides in a simulation: the engine, or a model of another's way."""

from datetime import datetime
from typing import Protocol

from acd.core.turn import Outcome
from acd.vocabulary.facts import ToldFact


class Decider(Protocol):
    """What a simulated world asks of who decides; the engine is one."""

    @property
    def next_deadline(self) -> datetime | None:
        """When ``tick`` is wanted at the latest; None while nothing is due."""

    def apply(self, fact: ToldFact) -> Outcome:
        """Take in one fact."""

    def tick(self, now: datetime) -> Outcome:
        """Act on every deadline that has passed."""
