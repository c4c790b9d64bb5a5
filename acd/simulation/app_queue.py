"""A model of how Asterisk's app_queue decides, to compare with.

Each caller's thread looks once a second whether it is its turn (``RECHECK``, with
``autofill=yes``), rings members by the queue's strategy for ``timeout`` seconds, and
tries again after ``retry``. In doubt the model is kinder than what it is of: members
count as one in all their queues (``shared_lastcall``), free at the true end of their
work after a call, and looking costs no time.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from math import floor
from typing import Final

from acd.core.turn import Outcome, Turn
from acd.policy import FloorPolicy
from acd.simulation.members import Member, Members, Strategy
from acd.vocabulary.agent_facts import (
    AgentNotReady,
    AgentReady,
    AgentSignedIn,
    AgentSignedOut,
    WrapUpDone,
    WrapUpStarted,
)
from acd.vocabulary.decisions import BridgeCall, RingAgent, StopRinging
from acd.vocabulary.facts import ToldFact
from acd.vocabulary.ids import AgentId, CallId, LegId, OfferId, QueueId
from acd.vocabulary.leg_facts import CallQueued, LegAnswered, LegEnded
from acd.vocabulary.offer_facts import (
    CallClosed,
    CallConnected,
    CloseReason,
    ConversationEnded,
    OfferStarted,
    OfferTimedOut,
    Party,
)
from acd.vocabulary.states import AgentState

RECHECK: Final = timedelta(seconds=1)
RING_S: Final = 15.0
RETRY: Final = timedelta(seconds=5)


@dataclass(slots=True)
class _Waiter:
    nth: int
    """Its place among all callers."""
    call_id: CallId
    leg_id: LegId
    queue_id: QueueId
    looks_from: datetime
    """Since when it looks, each second."""
    rings: dict[OfferId, Member] = field(default_factory=dict)
    member: Member | None = None
    """With whom the caller talks."""
    offers: int = 0


class AppQueue:
    """Decides as app_queue does, from the same facts as the engine."""

    def __init__(self, floor_policy: FloorPolicy, strategy: Strategy) -> None:
        """Begin with nobody signed in."""
        self._policy, self._strategy = floor_policy, strategy
        self._members = Members(floor_policy)
        self._waiters: dict[CallId, _Waiter] = {}
        self._by_leg: dict[LegId, _Waiter] = {}
        self._lines: dict[QueueId, dict[CallId, _Waiter]] = {
            queue_id: {} for queue_id in floor_policy.queues
        }
        """Who waits and rings for nobody, in order."""
        self._ringing: dict[OfferId, _Waiter] = {}
        self._due: list[tuple[datetime, int, CallId, AgentId | None]] = []
        """Rings of a call that are over, or the work of an agent after one."""
        self._count = 0
        self._now: datetime | None = None

    @property
    def next_deadline(self) -> datetime | None:
        """When something is due, or a caller who could be served looks next."""
        looks = [
            self._next_look(waiter)
            for queue_id, line in self._lines.items()
            if self._members.free[queue_id]
            for waiter in line.values()
        ]
        if self._due:
            looks.append(self._due[0][0])
        return min(looks, default=None)

    def apply(self, fact: ToldFact) -> Outcome:
        """Take in one fact; what app_queue has no use for changes nothing."""
        turn = Turn(fact.at)
        turn.facts.append(fact)
        self._now = fact.at
        match fact:
            case CallQueued():
                self._join(turn, fact)
            case LegAnswered():
                self._answered(turn, OfferId(fact.leg_id))
            case LegEnded():
                self._leg_ended(turn, fact.leg_id)
            case AgentSignedIn() | AgentSignedOut() | AgentReady() | AgentNotReady():
                self._members.wish(turn, fact)
            case WrapUpDone():
                self._end_wrap_up(turn, self._members[fact.agent_id])
            case _:
                pass
        return turn.outcome()

    def tick(self, now: datetime) -> Outcome:
        """Let what is due happen, and those look whose second is over."""
        turn = Turn(now)
        lookers = [
            waiter
            for queue_id, line in self._lines.items()
            if self._members.free[queue_id]
            for waiter in line.values()
            if self._next_look(waiter) <= now
        ]
        self._now = now
        while self._due and self._due[0][0] <= now:
            _, _, call_id, agent_id = heappop(self._due)
            if agent_id is None:
                self._rang_out(turn, call_id)
            elif self._members[agent_id].call_id == call_id:
                self._end_wrap_up(turn, self._members[agent_id])
        for waiter in sorted(lookers, key=lambda it: it.nth):
            if waiter.call_id in self._lines[waiter.queue_id]:
                self._look(turn, waiter)
        return turn.outcome()

    def _next_look(self, waiter: _Waiter) -> datetime:
        """Return when a caller's thread looks next, after the last thing told."""
        now = self._now or waiter.looks_from
        if now < waiter.looks_from:
            return waiter.looks_from
        looked = floor((now - waiter.looks_from) / RECHECK)
        return waiter.looks_from + (looked + 1) * RECHECK

    # Callers.

    def _join(self, turn: Turn, fact: CallQueued) -> None:
        self._count += 1
        waiter = _Waiter(self._count, fact.call_id, fact.leg_id, fact.queue_id, fact.at)
        self._waiters[fact.call_id] = waiter
        self._by_leg[fact.leg_id] = waiter
        self._lines[fact.queue_id][fact.call_id] = waiter
        self._look(turn, waiter)

    def _look(self, turn: Turn, waiter: _Waiter) -> None:
        """Ring members if it is this caller's turn: fewer before it than free."""
        free = self._members.free[waiter.queue_id]
        for nth, other in enumerate(self._lines[waiter.queue_id]):
            if nth >= free:
                return
            if other == waiter.call_id:
                break
        del self._lines[waiter.queue_id][waiter.call_id]
        for member in list(self._members.chosen(waiter.queue_id, self._strategy)):
            self._ring(turn, waiter, member)
        self._set(turn.at + timedelta(seconds=RING_S), waiter.call_id)

    def _ring(self, turn: Turn, waiter: _Waiter, member: Member) -> None:
        waiter.offers += 1
        offer_id = OfferId(f"{waiter.call_id}/{waiter.offers}")
        waiter.rings[offer_id] = member
        self._ringing[offer_id] = waiter
        member.offer_id = offer_id
        profile = self._policy.agents[member.agent_id]
        self._members.move(turn, member, AgentState.RESERVED)
        turn.facts.append(
            OfferStarted(
                at=turn.at,
                offer_id=offer_id,
                call_id=waiter.call_id,
                agent_id=member.agent_id,
                device_id=profile.device_id,
                queue_id=waiter.queue_id,
                expires_at=turn.at + timedelta(seconds=RING_S),
            )
        )
        turn.decisions.append(
            RingAgent(
                offer_id=offer_id,
                call_id=waiter.call_id,
                agent_id=member.agent_id,
                device_id=profile.device_id,
                caller_leg_id=waiter.leg_id,
                caller_number="",
                ring_s=RING_S,
            )
        )

    def _answered(self, turn: Turn, offer_id: OfferId) -> None:
        waiter = self._ringing.get(offer_id)
        if waiter is None:
            return
        member = waiter.rings.pop(offer_id)
        del self._ringing[offer_id]
        self._stop(turn, waiter)
        waiter.member = member
        member.call_id = waiter.call_id
        self._members.move(turn, member, AgentState.TALKING)
        turn.facts.append(
            CallConnected(
                at=turn.at,
                call_id=waiter.call_id,
                offer_id=offer_id,
                agent_id=member.agent_id,
                queue_id=waiter.queue_id,
            )
        )
        turn.decisions.append(
            BridgeCall(
                call_id=waiter.call_id, offer_id=offer_id, caller_leg_id=waiter.leg_id
            )
        )

    def _stop(
        self, turn: Turn, waiter: _Waiter, *, is_unanswered: bool = False
    ) -> None:
        """Let all that ring for a caller ring no more."""
        for offer_id, member in waiter.rings.items():
            self._ringing.pop(offer_id, None)
            member.offer_id = None
            turn.decisions.append(StopRinging(offer_id=offer_id))
            if is_unanswered:
                turn.facts.append(
                    OfferTimedOut(
                        at=turn.at,
                        offer_id=offer_id,
                        call_id=waiter.call_id,
                        agent_id=member.agent_id,
                    )
                )
            self._members.rest(turn, member)
        waiter.rings.clear()

    def _rang_out(self, turn: Turn, call_id: CallId) -> None:
        waiter = self._waiters.get(call_id)
        if waiter is None or not waiter.rings:
            return
        self._stop(turn, waiter, is_unanswered=True)
        waiter.looks_from = turn.at + RETRY
        # The place is kept: who came later stands behind.
        line = self._lines[waiter.queue_id]
        line[call_id] = waiter
        ordered = sorted(line.values(), key=lambda it: it.nth)
        self._lines[waiter.queue_id] = {it.call_id: it for it in ordered}

    def _leg_ended(self, turn: Turn, leg_id: LegId) -> None:
        waiter = self._by_leg.pop(leg_id, None)
        if waiter is None:
            return
        del self._waiters[waiter.call_id]
        self._lines[waiter.queue_id].pop(waiter.call_id, None)
        self._stop(turn, waiter)
        if waiter.member is not None:
            self._wrap_up(turn, waiter, waiter.member)
        turn.facts.append(
            CallClosed(
                at=turn.at,
                call_id=waiter.call_id,
                reason=(
                    CloseReason.COMPLETED
                    if waiter.member
                    else CloseReason.ABANDONED_IN_QUEUE
                ),
                ended_by=Party.CALLER,
            )
        )

    # Members.

    def _wrap_up(self, turn: Turn, waiter: _Waiter, member: Member) -> None:
        limit = timedelta(seconds=self._policy.queues[waiter.queue_id].wrap_up_s)
        member.calls += 1
        member.last_call_at = turn.at
        if member.offer_id is not None:
            turn.facts.append(
                ConversationEnded(
                    at=turn.at,
                    call_id=waiter.call_id,
                    offer_id=member.offer_id,
                    agent_id=member.agent_id,
                    ended_by=Party.CALLER,
                )
            )
        self._members.move(turn, member, AgentState.WRAP_UP)
        until_at = turn.at + limit
        turn.facts.append(
            WrapUpStarted(
                at=turn.at,
                agent_id=member.agent_id,
                call_id=waiter.call_id,
                until_at=until_at,
            )
        )
        if limit:
            self._set(until_at, waiter.call_id, member.agent_id)
        else:
            self._end_wrap_up(turn, member)

    def _end_wrap_up(self, turn: Turn, member: Member) -> None:
        if member.state is AgentState.WRAP_UP:
            member.offer_id = member.call_id = None
            self._members.rest(turn, member)

    def _set(
        self, at: datetime, call_id: CallId, agent_id: AgentId | None = None
    ) -> None:
        self._count += 1
        heappush(self._due, (at, self._count, call_id, agent_id))
