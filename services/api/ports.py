"""What the HTTP edge needs of the running floor, and what it shows of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from acd.vocabulary.facts import AgentWish, ControlWish
from acd.vocabulary.ids import (
    CENTRE,
    AgentId,
    CallId,
    DeviceId,
    OfferId,
    Place,
    QueueId,
    SkillId,
)
from acd.vocabulary.offer_facts import CloseReason, Party
from acd.vocabulary.states import AgentState, CallState


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """One agent, as the floor knows them now."""

    agent_id: AgentId
    name: str
    state: AgentState
    reason: str
    """Why not ready; empty where the state says it all."""
    device_id: DeviceId
    skills: tuple[SkillId, ...]
    """Sorted by name."""
    call_id: CallId | None
    """The call that is with them, or was until wrap-up began."""
    offer_id: OfferId | None
    since: datetime
    """When the state was entered."""
    place: Place = CENTRE
    """Where the agent belongs: by that it is told who may see them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """One call, live or on record. What did not happen is None."""

    call_id: CallId
    state: CallState
    number: str
    caller_number: str
    caller_name: str
    queue_id: QueueId | None
    agent_id: AgentId | None
    """Who has it or had it last."""
    sip_call_id: str
    arrived_at: datetime
    queued_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    ended_by: Party | None
    close_reason: CloseReason | None
    waited_s: float | None
    """From the queue's entry to the first connection, else to the end or to now."""
    talked_s: float | None
    """With agents, until now for a conversation that goes on."""
    place: Place = CENTRE
    """Where the call belongs: by that it is told who may see it."""
    rung_id: AgentId | None = None
    """Who is rung for it just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartReadiness:
    """Whether one part of the instance does its work."""

    part: str
    """``switch``, ``database``, ``journal`` or ``agi``."""
    is_ready: bool
    sentence: str
    """What is so, or what is wrong and what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether calls can be served, part by part."""

    parts: tuple[PartReadiness, ...]

    @property
    def is_ready(self) -> bool:
        """Whether every part is."""
        return all(part.is_ready for part in self.parts)


class Floor(Protocol):
    """The switchboard, as the HTTP edge sees it: it is told wishes, and shows."""

    def now(self) -> datetime:
        """Return the engine's time, aware, UTC."""

    async def tell(self, fact: AgentWish | ControlWish) -> None:
        """Hand a wish to the one loop; return when it was taken in.

        Raises:
            AcdError: It was refused; nothing changed.
        """

    def agents(self) -> Sequence[AgentView]:
        """Return all agents of the floor, by id."""

    def agent(self, agent_id: AgentId) -> AgentView | None:
        """Return one agent, or None for an id that the floor does not have."""

    def live_calls(self) -> Sequence[CallView]:
        """Return the calls that have not closed, oldest first."""

    def live_ids(self) -> Iterable[CallId]:
        """Return the ids of the calls that have not ended."""

    def live_call(self, call_id: CallId) -> CallView | None:
        """Return a call that has not closed, or None."""

    async def turned(self) -> None:
        """Return when the one loop has come round: it takes in facts."""

    async def readiness(self) -> Readiness:
        """Ask every part whether it does its work."""


class Shipping(Protocol):
    """How far the records are behind the floor."""

    @property
    def journaled_seq(self) -> int:
        """The number of the newest entry in the journal; 0 for none."""

    @property
    def shipped_seq(self) -> int:
        """Up to which entry all is on record; 0 before the first connection."""

    async def caught_up(self, within_s: float) -> bool:
        """Wait until all that was journaled by now is on record.

        Returns:
            False when that did not happen in time: the database is away or slow.
        """
