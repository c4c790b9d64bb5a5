"""Agents, queues and calls as they are this moment: what a snapshot is made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from acd.vocabulary.ids import AgentId, CallId, OfferId, Place, QueueId
from acd.vocabulary.states import AgentState, CallState

WAITING = frozenset({CallState.QUEUED, CallState.OFFERED, CallState.CONNECTING})
"""States in which a caller hears music and has nobody to talk to yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentNow:
    """One agent."""

    agent_id: AgentId
    name: str
    place: Place
    is_on_page: bool
    """Whether the telephone in the agent's page rings."""
    state: AgentState
    reason: str
    """Why not ready; empty where the state says it all."""
    call_id: CallId | None
    since: datetime
    """When the state was entered."""
    wants_not_ready: str | None
    """Reason of a not-ready that waits for the end of the call, or None."""
    wants_sign_out: bool
    """Whether the session ends with the call."""
    wrap_up_until: datetime | None
    """When wrap-up ends by itself; None outside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNow:
    """One queue; who waits in it is told by the calls."""

    queue_id: QueueId
    name: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNow:
    """One live call. What did not happen is None."""

    call_id: CallId
    place: Place
    state: CallState
    number: str
    caller_number: str
    caller_name: str
    queue_id: QueueId | None
    agent_id: AgentId | None
    """Who is rung for it, has it or had it last."""
    offer_id: OfferId | None
    offered_at: datetime | None
    """Since when an agent is rung for it; None when nobody is."""
    arrived_at: datetime
    queued_at: datetime | None
    connected_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All of it, at one instant."""

    at: datetime
    agents: Sequence[AgentNow]
    """By id."""
    queues: Sequence[QueueNow]
    """By id."""
    calls: Sequence[CallNow]
    """Oldest first."""


class Floor(Protocol):
    """The running floor, as the streams see it."""

    def picture(self) -> Picture:
        """Return all of it, after the last turn."""

    def picture_of(self, agent_id: AgentId, calls: Iterable[CallId]) -> Picture:
        """Return one agent and those of the calls that live; nobody if unknown."""
