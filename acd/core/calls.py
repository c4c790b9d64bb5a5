"""One call in the engine: its state, moved by the table, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from acd.core.moves import moved
from acd.core.turn import Turn
from acd.vocabulary.control_facts import Control
from acd.vocabulary.facts import Fact
from acd.vocabulary.flow_facts import CallArrived, FlowEnding
from acd.vocabulary.ids import (
    AgentId,
    CallId,
    LegId,
    OfferId,
    Place,
    QueueId,
    SkillId,
)
from acd.vocabulary.offer_facts import CallClosed, CloseReason, Party
from acd.vocabulary.open_facts import OpenQueueJoined
from acd.vocabulary.states import CallState
from acd.vocabulary.transitions import CALL_TRANSITIONS

ABANDONED = {
    CallState.IN_FLOW: CloseReason.ABANDONED_IN_FLOW,
    CallState.QUEUED: CloseReason.ABANDONED_IN_QUEUE,
    CallState.OFFERED: CloseReason.ABANDONED_RINGING,
    CallState.CONNECTING: CloseReason.ABANDONED_RINGING,
    CallState.OPEN: CloseReason.ABANDONED_IN_QUEUE,
}
"""Why a record is closed when the caller leaves before a conversation, by state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """Where a caller is being transferred to."""

    to_queue: QueueId
    to_agent: AgentId | None = None
    note: str = ""
    is_asked: bool = True


LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Call:
    """A live call; only ``take`` changes its state."""

    call_id: CallId
    leg_id: LegId
    place: Place
    number: str
    caller_number: str
    caller_name: str
    sip_call_id: str
    arrived_at: datetime
    state: CallState = CallState.IN_FLOW
    queue_id: QueueId | None = None
    skills: frozenset[SkillId] = frozenset()
    """What the flow asked for beside what its queue needs."""
    step: int = 0
    """How far it has come in its queue's steps."""
    step_until: datetime | None = None
    """When the next one holds as well; None where there is none."""
    queued_at: datetime | None = None
    """When it took its place in the queue; the place is kept through offers."""
    connected_at: datetime | None = None
    ended_by: Party | None = None
    """Who ended the conversation; None while there was none or it goes on."""
    flow_ending: FlowEnding | None = None
    is_routed: bool = False
    heard_at: datetime = LONG_AGO
    """Last news of it, its arrival at the least: a proof that its leg lived then."""
    offers: int = 0
    """How many offers were made so far."""
    offer_id: OfferId | None = None
    agent_id: AgentId | None = None
    """Who talks or talked with the caller last."""
    retry_at: datetime | None = None
    """Until then it is not offered, since it could not be joined; None: it may be."""
    call_class: int = 0
    """From 0 to 20: who has more goes before all who have less."""
    is_in_open_queue: bool = False
    """Whether the switch looks for an agent by itself."""
    places: Mapping[QueueId, datetime] = field(default_factory=dict)
    """Since when it had waited in queues whose line it left; it may come back."""
    has_left_number: bool = False
    is_dismissed: bool = False
    """Whether the switch said goodbye, since nobody took it."""
    intent: Control | None = None
    """What is being done with it in an agent's hand; None: nothing."""
    intent_until: datetime | None = None
    """By when that should be done."""
    moving: Moving | None = None
    """Where it is being transferred to; None: nowhere."""
    transfers: tuple[QueueId, ...] = ()
    """The queues that it was transferred to, in order."""
    leave_by: datetime | None = None
    """Behind a conversation, when its leg should be gone or waiting again."""
    held_at: datetime | None = None
    """Since when it is on hold; None while it is not."""
    was_held: bool = False
    """Whether it was on hold in this conversation, or may have been."""
    hold_s: float = 0.0
    """How long it was on hold in this conversation, up to the last time."""
    pause_s: float = 0.0
    """How long the pause of the recording that was asked for is to last."""
    paused_at: datetime | None = None
    """Since when nothing is recorded; None while it is."""
    paused_until: datetime | None = None
    bridges: dict[LegId, str] = field(default_factory=dict)
    """The bridge that each of its legs is in."""

    def __post_init__(self) -> None:
        """Take the arrival for the first proof of life."""
        self.heard_at = max(self.heard_at, self.arrived_at)

    @classmethod
    def arrived(cls, fact: CallArrived | OpenQueueJoined, *, at: datetime) -> "Call":
        """Make a call of what is told of its arrival, which may be told late."""
        return cls(
            call_id=fact.call_id,
            leg_id=fact.leg_id,
            place=fact.place,
            number=fact.number,
            caller_number=fact.caller_number,
            caller_name=fact.caller_name,
            sip_call_id=fact.sip_call_id,
            arrived_at=at,
        )

    def check(self, fact: type[Fact]) -> CallState:
        """Return the state that a fact leads to.

        Raises:
            IllegalTransition: The state has no place for the fact; nothing changed.
        """
        return moved(CALL_TRANSITIONS, self.state, fact, "call", self.call_id)

    def take(self, fact: type[Fact]) -> None:
        """Move by the table.

        Raises:
            IllegalTransition: The state has no place for the fact; nothing changed.
        """
        self.state = self.check(fact)

    def close(
        self,
        turn: Turn,
        left_in: CallState,
        *,
        lost: CloseReason | None,
        ended_at: datetime,
    ) -> None:
        """State the end of the call.

        Args:
            turn: The turn in which it ends.
            left_in: The state in which the caller's leg ended.
            lost: The reason where the end was found, not seen; else None.
            ended_at: When it ended, as well as it is known.
        """
        self.take(CallClosed)
        turn.facts.append(
            CallClosed(
                at=ended_at,
                place=self.place,
                call_id=self.call_id,
                reason=self._close_reason(left_in, lost),
                ended_by=self._closed_by(lost),
                is_estimated=lost is not None,
            )
        )

    def _close_reason(
        self, left_in: CallState, lost: CloseReason | None
    ) -> CloseReason:
        if left_in is CallState.LEAVING:
            # The conversation was seen to end, whatever became of the leg.
            return CloseReason.COMPLETED
        if lost is not None:
            return lost
        if self.connected_at is not None:
            return CloseReason.COMPLETED
        if self.has_left_number:
            return CloseReason.CALLBACK_LEFT
        if self.is_dismissed:
            return CloseReason.UNSERVED
        if left_in is CallState.IN_FLOW:
            if self.flow_ending is FlowEnding.COMPLETED:
                return CloseReason.FLOW_COMPLETED
            if self.flow_ending is FlowEnding.FAILED:
                return CloseReason.FLOW_FAILED
            if self.is_routed:
                return CloseReason.ABANDONED_IN_QUEUE
        return ABANDONED[left_in]

    def _closed_by(self, lost: CloseReason | None) -> Party:
        if self.ended_by is not None:
            return self.ended_by
        has_ended = (FlowEnding.COMPLETED, FlowEnding.FAILED)
        if lost is not None or self.is_dismissed or self.flow_ending in has_ended:
            return Party.SYSTEM
        return Party.CALLER
