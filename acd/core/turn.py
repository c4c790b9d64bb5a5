"""What one fact brings about: facts established, decisions taken."""

from dataclasses import dataclass, field
from datetime import datetime

from acd.vocabulary.decisions import Decision
from acd.vocabulary.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The engine's answer to one fact."""

    facts: tuple[Fact, ...]
    """The fact that was told, in its place, then what follows; empty: old news."""
    decisions: tuple[Decision, ...]


@dataclass(slots=True)
class Turn:
    """The outcome in the making."""

    at: datetime
    facts: list[Fact] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    def outcome(self) -> Outcome:
        """Close the turn."""
        return Outcome(facts=tuple(self.facts), decisions=tuple(self.decisions))
