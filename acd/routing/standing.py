"""What a choice knows of an agent who is ready, and of the others' estimates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from acd.policy import AgentProfile
from acd.vocabulary.ids import AgentId, QueueId


class Estimates(Protocol):
    """How long people are expected to need; ``handling_time.HandlingTimes`` is one."""

    @property
    def revision(self) -> int:
        """When it changes, everybody's estimates did.

        Else an agent's change only with their own calls: never while they are ready.
        """

    def expected_s(self, agent_id: AgentId, kind: str) -> float:
        """Return what one agent is expected to need for a kind of call."""

    def average_s(self, kind: str) -> float:
        """Return what the average agent is expected to need."""


@dataclass(slots=True, kw_only=True)
class Standing:
    """One agent's idle spell: what their scores are made of does not change in it."""

    profile: AgentProfile
    ready_since_s: float
    """Seconds since 1970."""
    over: float = 0.0
    """By which share of time they were busier than the mean of those at work."""
    occupancy_key: float = 0.0
    """Orders by occupancy for as long as all in question are idle."""
    last_offers: Mapping[QueueId, float]
    """When each queue last offered them a call, in seconds since 1970; of queues that
    choose by turns."""
