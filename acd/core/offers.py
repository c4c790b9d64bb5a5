"""An offer's way from ringing to a conversation, or back to the queue."""

from datetime import timedelta
from typing import TypedDict
from uuid import NAMESPACE_OID, uuid5

from acd.choices import RoundRobin
from acd.core import handling
from acd.core.calls import Call
from acd.core.deadlines import Deadline, Due
from acd.core.floor import Floor, Offer
from acd.core.rona import missed, unreached
from acd.core.turn import Turn
from acd.routing.choose_call import ORDERS
from acd.routing.reason import Chosen
from acd.vocabulary.decisions import BridgeCall, DismissAgent, RingAgent, StopRinging
from acd.vocabulary.ids import AgentId, CallId, OfferId, QueueId
from acd.vocabulary.leg_facts import LegEnding
from acd.vocabulary.offer_facts import (
    Blame,
    CallConnected,
    OfferAnswered,
    OfferAnsweredLate,
    OfferDeclined,
    OfferFailed,
    OfferFailure,
    OfferRang,
    OfferStarted,
    OfferTimedOut,
    OfferWithdrawn,
    Party,
)
from acd.vocabulary.routing_facts import RoutingDecided
from acd.vocabulary.states import CallState

JOIN_LIMIT_S = 10.0
"""How long joining may take. A failure is told at once, and p99 is 18 ms; but where the
news of it is lost the two do talk, and rounds must have found that out before."""

RETRY_AFTER_S = 1.0
"""Pause before a call that could not be joined is offered again, so that a switch in
trouble is not asked without end."""

Unanswered = OfferTimedOut | OfferDeclined | OfferFailed | OfferWithdrawn
"""How an offer ends without a conversation."""


def start(floor: Floor, turn: Turn, call: Call, chosen: Chosen) -> None:
    """Reserve the agent who was chosen for a waiting call and ring the device."""
    queue_id = queue_of(call)
    agent = floor.agent(chosen.agent_id)
    queue = floor.policy.queues[queue_id]
    ring_s = queue.ring_s
    expires_at = turn.at + timedelta(seconds=ring_s)
    call.take(OfferStarted)
    call.offers += 1
    offer = Offer(
        offer_id=_offer_id(call.call_id, call.offers),
        call_id=call.call_id,
        agent_id=agent.profile.agent_id,
        queue_id=queue_id,
        place=call.place,
        started_at=turn.at,
    )
    turn.facts.append(_decided(floor, turn, call, offer, chosen))
    turn.facts.append(
        OfferStarted(
            at=turn.at,
            place=call.place,
            offer_id=offer.offer_id,
            call_id=call.call_id,
            agent_id=offer.agent_id,
            device_id=agent.device_id,
            queue_id=queue_id,
            expires_at=expires_at,
        )
    )
    floor.offers[offer.offer_id] = offer
    call.heard_at = turn.at  # no record may end before an offer that was in it
    floor.waiting.remove(call.call_id)
    if isinstance(queue.choice, RoundRobin):
        offered_at_s = turn.at.timestamp()
        agent.last_offers = {**agent.last_offers, queue_id: offered_at_s}
    call.offer_id = agent.offer_id = offer.offer_id
    agent.call_id = call.call_id
    floor.move_agent(turn, agent, OfferStarted)
    floor.deadlines.set(Deadline(expires_at, Due.OFFER, offer.offer_id))
    turn.decisions.append(
        RingAgent(
            offer_id=offer.offer_id,
            call_id=call.call_id,
            agent_id=offer.agent_id,
            device_id=agent.device_id,
            caller_leg_id=call.leg_id,
            caller_number=call.caller_number,
            ring_s=ring_s,
        )
    )


def _decided(
    floor: Floor, turn: Turn, call: Call, offer: Offer, chosen: Chosen
) -> RoutingDecided:
    """State the reason for an offer."""
    waited_s = (turn.at - call.queued_at).total_seconds() if call.queued_at else 0.0
    return RoutingDecided(
        at=turn.at,
        place=call.place,
        offer_id=offer.offer_id,
        call_id=call.call_id,
        queue_id=offer.queue_id,
        agent_id=chosen.agent_id,
        waited_s=waited_s,
        step=call.step,
        by_step=chosen.by_step,
        rule=chosen.rule,
        order=ORDERS[type(floor.policy.order)],
        version=floor.policy.version,
        terms=chosen.terms,
        scored=chosen.scored,
        ready=chosen.ready,
        excluded=chosen.excluded,
    )


def queue_of(call: Call) -> QueueId:
    """Return the queue of a call that has one."""
    if call.queue_id is None:
        raise AssertionError(f"call {call.call_id!r} is {call.state} in no queue")
    return call.queue_id


def rang(turn: Turn, offer: Offer) -> None:
    """Note that the device rings; it is told once."""
    if offer.is_open and not offer.has_rung:
        offer.has_rung = True
        turn.facts.append(OfferRang(at=turn.at, place=offer.place, **_ids(offer)))


def answered(floor: Floor, turn: Turn, offer: Offer) -> None:
    """The agent took it: join the parties, or dismiss whoever comes too late."""
    if offer.is_answered:
        return
    if not offer.is_open:
        offer.is_answered, offer.ended_at = True, turn.at
        turn.facts.append(
            OfferAnsweredLate(at=turn.at, place=offer.place, **_ids(offer))
        )
        turn.decisions.append(DismissAgent(offer_id=offer.offer_id))
        return
    call = floor.call(offer.call_id)
    call.take(OfferAnswered)
    offer.is_open, offer.is_answered = False, True
    call.heard_at = turn.at
    floor.move_agent(turn, floor.agent(offer.agent_id), OfferAnswered)
    turn.facts.append(OfferAnswered(at=turn.at, place=offer.place, **_ids(offer)))
    turn.decisions.append(
        BridgeCall(
            call_id=call.call_id, offer_id=offer.offer_id, caller_leg_id=call.leg_id
        )
    )
    floor.deadlines.set(
        Deadline(turn.at + timedelta(seconds=JOIN_LIMIT_S), Due.JOIN, offer.offer_id)
    )


def connected(floor: Floor, turn: Turn, call: Call, offer: Offer) -> None:
    """Caller and agent are in one bridge."""
    answered(floor, turn, offer)
    call.take(CallConnected)
    call.connected_at, call.agent_id = turn.at, offer.agent_id
    offer.is_connected = True
    turn.facts.append(
        CallConnected(
            at=turn.at, place=offer.place, queue_id=offer.queue_id, **_ids(offer)
        )
    )
    agent = floor.agent(offer.agent_id)
    handling.begin(floor, agent, offer, turn.at)
    floor.move_agent(turn, agent, CallConnected)


def timed_out(floor: Floor, turn: Turn, offer: Offer) -> None:
    """The device rang long enough: the agent is made not ready (RONA)."""
    fact = OfferTimedOut(at=turn.at, place=offer.place, **_ids(offer))
    _end(floor, turn, offer, fact, reason="rona", blame=Blame.NO_ANSWER)
    turn.decisions.append(StopRinging(offer_id=offer.offer_id))


def withdraw(floor: Floor, turn: Turn, offer: Offer, *, by: Party) -> None:
    """Take an offer back: the agent is not to blame and keeps the idle time."""
    was_answered = offer.is_answered
    fact = OfferWithdrawn(at=turn.at, place=offer.place, by=by, **_ids(offer))
    _end(floor, turn, offer, fact, reason="")
    turn.decisions.append(
        DismissAgent(offer_id=offer.offer_id)
        if was_answered
        else StopRinging(offer_id=offer.offer_id)
    )


def could_not_join(floor: Floor, turn: Turn, offer: Offer) -> None:
    """The switch did not join the parties: back to the queue, after a pause."""
    call = floor.call(offer.call_id)
    call.retry_at = turn.at + timedelta(seconds=RETRY_AFTER_S)
    floor.deadlines.set(Deadline(call.retry_at, Due.RETRY, call.call_id))
    withdraw(floor, turn, offer, by=Party.SYSTEM)


def leg_ended_unjoined(
    floor: Floor, turn: Turn, offer: Offer, ending: LegEnding
) -> None:
    """The agent's leg ended before there was a conversation."""
    ids, at, place = _ids(offer), turn.at, offer.place
    match ending:
        case LegEnding.NO_ANSWER if offer.is_open:
            late = OfferTimedOut(at=at, place=place, **ids)
            _end(floor, turn, offer, late, reason="rona", blame=Blame.NO_ANSWER)
        case LegEnding.DECLINED if offer.is_open:
            no = OfferDeclined(at=at, place=place, **ids)
            _end(floor, turn, offer, no, reason="declined", blame=Blame.DECLINED)
        case LegEnding.LOST:
            fact = OfferWithdrawn(at=at, place=place, by=Party.SYSTEM, **ids)
            _end(floor, turn, offer, fact, reason="")
            # Asked for and not seen is not surely gone: it must not ring on.
            turn.decisions.append(StopRinging(offer_id=offer.offer_id))
        case _:
            failure = (
                OfferFailure.BUSY
                if ending is LegEnding.BUSY
                else OfferFailure.UNREACHABLE
            )
            failed = OfferFailed(at=at, place=place, failure=failure, **ids)
            blame = Blame.BUSY if failure is OfferFailure.BUSY else None
            _end(floor, turn, offer, failed, reason=failure.value, blame=blame)


def _end(
    floor: Floor,
    turn: Turn,
    offer: Offer,
    fact: Unanswered,
    *,
    reason: str,
    blame: Blame | None = None,
) -> None:
    """End an offer: the call keeps its place, the agent answers for what is theirs."""
    call = floor.call(offer.call_id)
    call.take(type(fact))
    # What rang or was answered is there: its failure is its own.
    is_proven = offer.has_rung or offer.is_answered
    offer.is_open, offer.ended_at = False, turn.at
    turn.facts.append(fact)
    call.offer_id = None
    if call.state is CallState.QUEUED:
        floor.queue(call)
    agent = floor.agent(offer.agent_id)
    if blame is not None:
        missed(floor, turn, agent, type(fact), reason=reason, blame=blame)
    elif isinstance(fact, OfferFailed) and agent.is_on_page and not is_proven:
        unreached(floor, turn, agent)
    else:
        floor.move_agent(turn, agent, type(fact), reason=reason)


class _Ids(TypedDict):
    offer_id: OfferId
    call_id: CallId
    agent_id: AgentId


def _ids(offer: Offer) -> _Ids:
    return {
        "offer_id": offer.offer_id,
        "call_id": offer.call_id,
        "agent_id": offer.agent_id,
    }


def _offer_id(call_id: CallId, nth: int) -> OfferId:
    """Make the id of a call's nth offer: the same again in a replay."""
    return OfferId(str(uuid5(NAMESPACE_OID, f"{call_id}/{nth}")))
