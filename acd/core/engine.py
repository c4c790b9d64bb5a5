"""The engine: facts in, their consequences and decisions out."""

from dataclasses import replace
from datetime import datetime
from typing import get_args

from acd.core import (
    control,
    conversations,
    handling,
    leaving,
    legs,
    matching,
    new_policy,
    offers,
    open_queue,
    rona,
    steps,
    transfers,
    wishes,
)
from acd.core.calls import Call
from acd.core.deadlines import Deadline, Due
from acd.core.floor import Floor, Offer
from acd.core.reconcile import adopt, enqueue, look_again, reconcile
from acd.core.turn import Outcome, Turn
from acd.policy import FloorPolicy
from acd.vocabulary.agent_facts import (
    AgentNotReady,
    AgentReady,
    AgentSignedIn,
    AgentSignedOut,
    CallDisposed,
    DeviceChosen,
    SoundMeasured,
    WrapUpDone,
)
from acd.vocabulary.control_facts import ControlOf
from acd.vocabulary.errors import UnknownQueue
from acd.vocabulary.estimate_facts import EstimatesRebuilt
from acd.vocabulary.fact import Tick
from acd.vocabulary.facts import OpenFact, ToldFact
from acd.vocabulary.floor_facts import FloorPublished
from acd.vocabulary.flow_facts import (
    AnnouncementHeard,
    CallAnswered,
    CallArrived,
    CallRouted,
    FlowEnded,
    LeaveAsked,
    TraceOf,
)
from acd.vocabulary.ids import AgentId, CallId, OfferId, Place
from acd.vocabulary.leg_facts import (
    BridgeFailed,
    CallQueued,
    LegAnswered,
    LegChecked,
    LegEnded,
    LegEnding,
    LegJoined,
    LegParted,
    LegRang,
    LegRole,
    LegSeen,
    SwitchLost,
    SwitchSeen,
)
from acd.vocabulary.recording_facts import RecordingMissing, RecordingStored
from acd.vocabulary.states import CallState

_BEFORE_ITS_CALL = (CallQueued, *get_args(OpenFact))
"""Facts that may come before the call they name."""


class Engine:
    """Who gets which call, and when; it asks nothing and knows no clock."""

    def __init__(self, policy: FloorPolicy) -> None:
        """Begin with everybody signed out and the switch not yet seen."""
        self.floor = Floor(policy)

    @property
    def next_deadline(self) -> datetime | None:
        """When ``tick`` is wanted at the latest; None while nothing is due."""
        return self.floor.deadlines.next_at(self._stands)

    def apply(self, fact: ToldFact) -> Outcome:
        """Take in one fact.

        Returns:
            The fact in its place, what it establishes, and what is to be done. An
            empty outcome means old news: the fact was told before.

        Raises:
            AcdError: The fact names what is not there, or comes where the state has
                no place for it. The engine is unchanged, so the caller may log it
                and go on.
        """
        turn = Turn(fact.at)
        place = self._place_of(fact)
        told = fact if fact.place is place else replace(fact, place=place)
        turn.facts.append(told)
        if not self._take(turn, fact):
            return Outcome(facts=(), decisions=())
        matching.match_waiting(self.floor, turn)
        self.floor.mirror(turn)
        new_policy.settle(self.floor, turn)
        return turn.outcome()

    def tick(self, now: datetime) -> Outcome:
        """Act on every deadline that has passed."""
        return self.apply(Tick(at=now))

    def _take(self, turn: Turn, fact: ToldFact) -> bool:
        """Dispatch a fact; return False when it is old news."""
        floor = self.floor
        # One is tried after the other: first what every call has.
        match fact:
            case LegEnded():
                if not floor.remember_ended(fact.leg_id):
                    return False
                legs.ended(
                    floor, turn, fact.leg_id, fact.ending, alive_at=fact.alive_at
                )
            case LegJoined():
                conversations.joined(floor, turn, fact.leg_id, fact.bridge_id)
            case LegRang() | LegAnswered():
                return self._ring_or_answer(turn, fact)
            case CallQueued():
                return self._queue(turn, fact)
            case CallArrived():
                return self._arrive(turn, fact)
            case WrapUpDone():
                wishes.grant(floor, turn, fact)
            case AgentSignedIn() | AgentSignedOut() | AgentReady() | AgentNotReady():
                wishes.grant(floor, turn, fact)
            case Tick():
                due = floor.deadlines.take_due(fact.at)
                acted = [self._fall_due(turn, deadline) for deadline in due]
                return any(acted)
            case CallRouted():
                if fact.call_id in floor.calls:
                    floor.calls[fact.call_id].is_routed = True
            case LeaveAsked():
                return leaving.leave(floor, turn, fact)
            case FlowEnded():
                if fact.call_id in floor.calls:
                    floor.calls[fact.call_id].flow_ending = fact.ending
            case CallAnswered() | AnnouncementHeard() | TraceOf():
                self._heard(fact.call_id, fact.at)
            case LegParted():
                conversations.parted(floor, turn, fact.leg_id)
            case BridgeFailed():
                return self._not_joined(turn, fact.offer_id)
            case SwitchLost():
                floor.is_linked, floor.alive_at = False, fact.alive_at or fact.at
            case SwitchSeen():
                reconcile(floor, turn, fact)
            case LegChecked():
                return look_again(floor, turn, fact)
            case CallDisposed() | DeviceChosen() | SoundMeasured():
                return self._said(fact)
            case EstimatesRebuilt():
                handling.take_rebuilt(floor, fact)
            case FloorPublished():
                return new_policy.publish(floor, turn, fact)
            case RecordingStored() | RecordingMissing():
                pass
            case ControlOf():
                return control.take(floor, turn, fact)
            case _:
                return open_queue.take(floor, turn, fact)
        return True

    def _arrive(self, turn: Turn, fact: CallArrived) -> bool:
        floor = self.floor
        if fact.call_id in floor.calls or fact.call_id in floor.closed:
            return False
        floor.add_call(Call.arrived(fact, at=fact.at))
        if fact.leg_id in floor.ended_legs:
            # The hang-up came by another road and was quicker than the arrival.
            legs.ended(floor, turn, fact.leg_id, LegEnding.HUNG_UP)
        return True

    def _said(self, fact: CallDisposed | DeviceChosen | SoundMeasured) -> bool:
        agent = self.floor.agent(fact.agent_id)
        if isinstance(fact, DeviceChosen):
            return self.floor.choose_device(agent, is_on_page=fact.is_on_page)
        return True

    def _heard(self, call_id: CallId, at: datetime) -> None:
        if call_id in self.floor.calls:
            self.floor.calls[call_id].heard_at = at

    def _queue(self, turn: Turn, fact: CallQueued) -> bool:
        floor = self.floor
        if fact.leg_id in floor.ended_legs or fact.call_id in floor.closed:
            return False
        if fact.queue_id not in floor.policy.queues:
            raise UnknownQueue(fact.queue_id)
        call = floor.calls.get(fact.call_id)
        if call is not None and transfers.is_expected(call, fact.queue_id):
            transfers.arrived(floor, turn, call, fact)
            return True
        is_over = call is not None and call.state is CallState.LEAVING
        if call is not None and (call.queue_id == fact.queue_id or is_over):
            return False
        if call is None:
            leg = LegSeen(
                leg_id=fact.leg_id,
                role=LegRole.WAITING,
                call_id=fact.call_id,
                queue_id=fact.queue_id,
            )
            call = adopt(floor, turn, leg)
        since = call.places.get(fact.queue_id)
        if since is not None:
            turn.facts[0] = replace(fact, place=turn.facts[0].place, since=since)
        enqueue(
            floor,
            call,
            queue_id=fact.queue_id,
            skills=frozenset(fact.skills),
            queued_at=since or fact.at,
            call_class=fact.call_class,
        )
        call.heard_at = max(call.heard_at, fact.at)
        return True

    def _ring_or_answer(self, turn: Turn, fact: LegRang | LegAnswered) -> bool:
        offer = self.floor.offer_of(fact.leg_id)
        if offer is None:
            return False
        if isinstance(fact, LegAnswered):
            offers.answered(self.floor, turn, offer)
        else:
            offers.rang(turn, offer)
        return True

    def _stands(self, deadline: Deadline) -> bool:
        """Tell whether a deadline's subject is still where it was."""
        floor = self.floor
        match deadline.due:
            case Due.OFFER:
                offer = floor.offers.get(OfferId(deadline.subject))
                return offer is not None and offer.is_open
            case Due.JOIN:
                return self._joining(OfferId(deadline.subject)) is not None
            case Due.WRAP_UP:
                agent = floor.agents.get(AgentId(deadline.subject))
                return agent is not None and agent.wrap_up_until == deadline.at
            case Due.LEAVE:
                call = floor.calls.get(CallId(deadline.subject))
                return (
                    call is not None
                    and call.state is CallState.LEAVING
                    and call.leave_by == deadline.at
                )
            case Due.RETRY:
                call = floor.calls.get(CallId(deadline.subject))
                return call is not None and call.retry_at == deadline.at
            case Due.STEP:
                call = floor.calls.get(CallId(deadline.subject))
                if call is None or call.state not in steps.WAITS:
                    return False
                return call.step_until == deadline.at
            case Due.CONTROL:
                call = floor.calls.get(CallId(deadline.subject))
                return (
                    call is not None
                    and call.intent is not None
                    and call.intent_until == deadline.at
                )
            case Due.PAUSE:
                call = floor.calls.get(CallId(deadline.subject))
                return call is not None and call.paused_until == deadline.at
            case Due.PENALTY:
                agent = floor.agents.get(AgentId(deadline.subject))
                return agent is not None and agent.penalty_until == deadline.at

    def _fall_due(self, turn: Turn, deadline: Deadline) -> bool:
        """Act on a deadline; return False when it does not stand any more."""
        if not self._stands(deadline):
            return False
        floor = self.floor
        match deadline.due:
            case Due.OFFER:
                offer = floor.offers[OfferId(deadline.subject)]
                offers.timed_out(floor, turn, offer)
            case Due.JOIN:
                self._not_joined(turn, OfferId(deadline.subject))
            case Due.WRAP_UP:
                agent = floor.agent(AgentId(deadline.subject))
                conversations.end_wrap_up(floor, turn, agent, is_by_limit=True)
            case Due.LEAVE:
                call = floor.calls[CallId(deadline.subject)]
                conversations.overstayed(turn, call)
            case Due.RETRY:
                call = floor.calls[CallId(deadline.subject)]
                call.retry_at = None
                if call.state is CallState.QUEUED:
                    floor.queue(call)
            case Due.STEP:
                steps.advance(floor, floor.calls[CallId(deadline.subject)])
            case Due.CONTROL:
                control.give_up(floor, turn, floor.calls[CallId(deadline.subject)])
            case Due.PAUSE:
                call = floor.calls[CallId(deadline.subject)]
                control.record_again(floor, turn, call)
            case Due.PENALTY:
                rona.end_penalty(floor, turn, floor.agent(AgentId(deadline.subject)))
        return True

    def _joining(self, offer_id: OfferId) -> Offer | None:
        """Return an offer whose parties are being joined, or None."""
        offer = self.floor.offers.get(offer_id)
        call = self.floor.calls.get(offer.call_id) if offer else None
        if call is None or call.offer_id != offer_id:
            return None
        return offer if call.state is CallState.CONNECTING else None

    def _not_joined(self, turn: Turn, offer_id: OfferId) -> bool:
        offer = self._joining(offer_id)
        if offer is not None:
            offers.could_not_join(self.floor, turn, offer)
        return offer is not None

    def _place_of(self, fact: ToldFact) -> Place:
        """Return whose fact it is.

        Raises:
            UnknownAgent, UnknownCall: It names what is not there.
        """
        floor = self.floor
        if isinstance(fact, CallArrived):
            return fact.place
        call_id: CallId | None
        if isinstance(fact, _BEFORE_ITS_CALL):
            call_id = getattr(fact, "call_id", None)
            call = floor.calls.get(call_id) if call_id else None
            return call.place if call else fact.place
        call_id = getattr(fact, "call_id", None)
        if call_id is not None:
            return floor.place_of_call(call_id)
        agent_id: AgentId | None = getattr(fact, "agent_id", None)
        if agent_id is not None:
            return floor.agent(agent_id).profile.place
        if isinstance(fact, LegChecked):
            return floor.place_of_leg(fact.leg.leg_id) or fact.place
        leg_id = getattr(fact, "leg_id", None) or getattr(fact, "offer_id", None)
        return floor.place_of_leg(leg_id) or fact.place
