"""Whose time each moment of a call is: its facts as segments that add up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acd.vocabulary.agent_facts import WrapUpEnded, WrapUpStarted
from acd.vocabulary.control_facts import CallHeld, CallTakenBack, CallTransferred
from acd.vocabulary.fact import FactOf
from acd.vocabulary.flow_facts import CallArrived
from acd.vocabulary.ids import AgentId, LegId, QueueId
from acd.vocabulary.leg_facts import CallQueued
from acd.vocabulary.offer_facts import (
    CallAdopted,
    CallClosed,
    CallConnected,
    CallLeftLine,
    ConversationEnded,
    OfferAnswered,
    OfferDeclined,
    OfferFailed,
    OfferStarted,
    OfferTimedOut,
    OfferWithdrawn,
)
from acd.vocabulary.open_facts import OpenQueueJoined


class SegmentKind(StrEnum):
    """What a time of a call is."""

    FLOW = "flow"
    QUEUE = "queue"
    OPEN = "open"
    """In the open queue."""
    RING = "ring"
    """An agent's device rings for it."""
    CONNECT = "connect"
    """From the agent's answer until the two hear each other."""
    TALK = "talk"
    HOLD = "hold"
    LEAVE = "leave"
    """From the end of the conversation to the end of the call, or to another queue."""
    WRAP_UP = "wrap_up"
    """An agent's, behind the call: no time of the caller's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A time of a call, and whose it is; none has no length."""

    kind: SegmentKind
    started_at: datetime
    ended_at: datetime
    leg_id: LegId | None
    """The agent's leg that rang, or that the caller talked with."""
    agent_id: AgentId | None
    queue_id: QueueId | None


def segments_of(facts: Iterable[FactOf]) -> tuple[Segment, ...]:
    """Return the segments of one call.

    Those of the caller lie end to end from arrival to end, each moment in one of them;
    wrap-ups are the agents' own. What goes on has no segment yet.

    Args:
        facts: Those of the call that counted, in the journal's order.
    """
    ledger = _Ledger()
    for fact in facts:
        ledger.take(fact)
    return tuple(sorted(ledger.closed, key=lambda it: (it.started_at, it.ended_at)))


class _Ledger:
    """What goes on now, and what is over."""

    def __init__(self) -> None:
        self.closed: list[Segment] = []
        self._kind: SegmentKind | None = None
        self._since: datetime | None = None
        self._leg_id: LegId | None = None
        self._agent_id: AgentId | None = None
        self._queue_id: QueueId | None = None
        self._talked_for: dict[AgentId, QueueId] = {}
        self._wrap_ups: dict[AgentId, tuple[datetime, QueueId | None]] = {}

    def take(self, fact: FactOf) -> None:
        """Take in one fact; most tell of no other time."""
        match fact:
            case CallArrived() | CallAdopted():
                self._enter(SegmentKind.FLOW, fact.at)
            case OpenQueueJoined():
                self._opened(fact)
            case CallQueued():
                self._wait(fact.queue_id, fact.at)
            case CallTransferred():
                self._wait(fact.to_queue, fact.at)
            case CallLeftLine():
                self._queue_id = None
                self._enter(SegmentKind.FLOW, fact.at)
            case OfferStarted() | CallConnected():
                self._with_agent(fact)
            case OfferAnswered():
                self._enter(SegmentKind.CONNECT, fact.at)
            case OfferTimedOut() | OfferDeclined() | OfferFailed() | OfferWithdrawn():
                self._alone(fact.at)
                self._enter(SegmentKind.QUEUE, fact.at)
            case CallHeld():
                self._enter(SegmentKind.HOLD, fact.at)
            case CallTakenBack():
                self._enter(SegmentKind.TALK, fact.at)
            case _:
                self._take_end(fact)

    def _take_end(self, fact: FactOf) -> None:
        match fact:
            case ConversationEnded():
                self._alone(fact.at)
                self._enter(SegmentKind.LEAVE, fact.at)
            case CallClosed():
                self._close(fact.at)
                self._kind = None
            case WrapUpStarted():
                # By a transfer the call is in its next line by now.
                talked_for = self._talked_for.get(fact.agent_id, self._queue_id)
                self._wrap_ups[fact.agent_id] = fact.at, talked_for
            case WrapUpEnded() if fact.agent_id in self._wrap_ups:
                began_at, queue_id = self._wrap_ups.pop(fact.agent_id)
                self._add(
                    SegmentKind.WRAP_UP,
                    began_at,
                    fact.at,
                    (None, fact.agent_id, queue_id),
                )

    def _opened(self, fact: OpenQueueJoined) -> None:
        if self._kind is None:
            self._enter(SegmentKind.FLOW, fact.arrived_at)
        self._alone(fact.at)
        self._enter(SegmentKind.OPEN, fact.at, queue_id=fact.queue_id or self._queue_id)

    def _wait(self, queue_id: QueueId, at: datetime) -> None:
        self._alone(at)
        self._enter(SegmentKind.QUEUE, at, queue_id=queue_id)

    def _with_agent(self, fact: OfferStarted | CallConnected) -> None:
        is_talk = isinstance(fact, CallConnected)
        if is_talk:
            self._talked_for[fact.agent_id] = fact.queue_id
        kind = SegmentKind.TALK if is_talk else SegmentKind.RING
        self._close(fact.at)
        self._leg_id, self._agent_id = LegId(fact.offer_id), fact.agent_id
        self._enter(kind, fact.at, queue_id=fact.queue_id)

    def _alone(self, at: datetime) -> None:
        """No agent has the caller from here on."""
        self._close(at)
        self._leg_id = self._agent_id = None

    def _enter(
        self, kind: SegmentKind, at: datetime, *, queue_id: QueueId | None = None
    ) -> None:
        self._close(at)
        self._kind = kind
        if self._since is None:
            self._since = at
        self._queue_id = queue_id or self._queue_id

    def _close(self, at: datetime) -> None:
        """End what goes on; where news came out of order, not before it began."""
        if self._kind is not None and self._since is not None:
            until = max(at, self._since)
            whose = self._leg_id, self._agent_id, self._queue_id
            self._add(self._kind, self._since, until, whose)
            self._since = until

    def _add(
        self,
        kind: SegmentKind,
        began_at: datetime,
        ended_at: datetime,
        whose: tuple[LegId | None, AgentId | None, QueueId | None],
    ) -> None:
        if ended_at <= began_at:
            return
        leg_id, agent_id, queue_id = whose
        self.closed.append(
            Segment(
                kind=kind,
                started_at=began_at,
                ended_at=ended_at,
                leg_id=leg_id,
                agent_id=agent_id,
                queue_id=queue_id,
            )
        )
