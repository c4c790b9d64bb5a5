"""Callers whom the switch served, or serves, by itself: the engine takes note."""

from acd.core import control, conversations, legs, offers
from acd.core.agents import Agent
from acd.core.calls import Call
from acd.core.floor import Floor, Offer
from acd.core.turn import Turn
from acd.vocabulary.facts import OpenFact
from acd.vocabulary.ids import CENTRE, QueueId
from acd.vocabulary.leg_facts import LegEnding, LegRole, LegSeen
from acd.vocabulary.offer_facts import Party
from acd.vocabulary.open_facts import (
    CallbackLeft,
    OpenQueueJoined,
    OpenQueueLeft,
    OpenQueueServed,
    OpenTalkEnded,
)
from acd.vocabulary.states import AgentState, CallState

_BEFORE = (
    CallState.IN_FLOW,
    CallState.QUEUED,
    CallState.OFFERED,
    CallState.CONNECTING,
    CallState.OPEN,
)
"""States of calls that no agent has served yet."""


_MOVED_FROM = (*control.IN_HAND, CallState.LEAVING)
"""States of calls whose callers a transfer may lead here."""


def take(floor: Floor, turn: Turn, fact: OpenFact) -> bool:
    """Take in what the switch did by itself; return False when it is old news.

    Raises:
        UnknownAgent: It names who is not on the floor; nothing changed.
    """
    match fact:
        case OpenQueueJoined():
            return _joined(floor, turn, fact)
        case OpenQueueLeft():
            return _left(floor, fact)
        case OpenQueueServed():
            return _served(floor, turn, fact)
        case OpenTalkEnded():
            return _talk_ended(floor, turn, fact)
        case CallbackLeft():
            # Whose record is closed already, has a row of the number all the same.
            if fact.call_id in floor.calls:
                floor.calls[fact.call_id].has_left_number = True
            return True


def _joined(floor: Floor, turn: Turn, fact: OpenQueueJoined) -> bool:
    if fact.call_id in floor.closed:
        return False
    call = floor.calls.get(fact.call_id) or _arrived(floor, fact)
    is_moving = call.moving is not None and call.state in _MOVED_FROM
    if not (is_moving or call.state in _BEFORE) or call.is_in_open_queue:
        return False
    if is_moving:
        _end_by_transfer(floor, turn, call)
        call.moving = call.offer_id = call.connected_at = call.ended_by = None
        call.leave_by = None
    if call.state is not CallState.OPEN:
        _take_out_of_offer(floor, turn, call)
        call.take(OpenQueueJoined)
        floor.waiting.remove(call.call_id)
    call.call_class, call.heard_at = fact.call_class, max(call.heard_at, turn.at)
    call.queued_at = call.queued_at or fact.queued_at
    if fact.queue_id:
        call.queue_id = fact.queue_id
    call.is_in_open_queue = True
    floor.in_open_queue[call.call_id] = call
    if fact.leg_id in floor.ended_legs:
        legs.ended(floor, turn, fact.leg_id, LegEnding.HUNG_UP)
    return True


def _left(floor: Floor, fact: OpenQueueLeft) -> bool:
    call = floor.calls.get(fact.call_id)
    if call is None or call.state is not CallState.OPEN:
        return False
    is_news = call.is_in_open_queue or (fact.is_final and not call.is_dismissed)
    call.is_dismissed = fact.is_final
    _come_out(floor, call)
    return is_news


def _served(floor: Floor, turn: Turn, fact: OpenQueueServed) -> bool:
    agent = floor.agent(fact.agent_id)
    call = floor.calls.get(fact.call_id)
    if call is None or call.state is not CallState.OPEN:
        return False
    _free(floor, turn, agent)
    offer = Offer(
        offer_id=fact.offer_id,
        call_id=call.call_id,
        agent_id=fact.agent_id,
        queue_id=_queue_of(floor, call),
        place=call.place,
        started_at=turn.at,
        is_open=False,
        is_answered=True,
        open_leg_id=fact.leg_id,
    )
    floor.add_offer(offer)
    _come_out(floor, call)
    call.offer_id = agent.offer_id = offer.offer_id
    agent.call_id = call.call_id
    _keep_wish(agent)
    offers.connected(floor, turn, call, offer)
    return True


def _talk_ended(floor: Floor, turn: Turn, fact: OpenTalkEnded) -> bool:
    call, offer = conversations.parties(floor, fact.leg_id)
    if call is None or offer is None or call.state is not CallState.TALKING:
        return False
    if offer.open_leg_id is None:
        return False
    # app_queue notes whole seconds: a short talk would end before it began.
    ended_at = max(turn.at, call.connected_at or turn.at)
    conversations.end(floor, turn, call, offer, by=fact.ended_by, ended_at=ended_at)
    return True


def take_in(floor: Floor, turn: Turn, leg: LegSeen) -> None:
    """A leg is in the open queue, or serves it, and its log has not told of it."""
    if leg.role is LegRole.OPEN:
        # Nobody knows when it arrived, but not after it began to wait.
        queued_at = min(leg.queued_at or turn.at, turn.at)
        came = OpenQueueJoined(
            at=turn.at,
            place=floor.place_of_leg(leg.leg_id) or CENTRE,
            call_id=leg.call_id,
            leg_id=leg.leg_id,
            queue_id=leg.queue_id or QueueId(""),
            call_class=leg.call_class,
            arrived_at=queued_at,
            queued_at=queued_at,
            number=leg.number,
            caller_number="unknown",
            caller_name="",
            sip_call_id="",
        )
        if _joined(floor, turn, came):
            turn.facts.append(came)
    elif leg.offer_id is not None and leg.agent_id in floor.agents:
        taken = OpenQueueServed(
            at=turn.at,
            call_id=leg.call_id,
            offer_id=leg.offer_id,
            leg_id=leg.leg_id,
            agent_id=leg.agent_id,
        )
        if _served(floor, turn, taken):
            turn.facts.append(taken)


def _come_out(floor: Floor, call: Call) -> None:
    call.is_in_open_queue = False
    floor.in_open_queue.pop(call.call_id, None)


def _arrived(floor: Floor, fact: OpenQueueJoined) -> Call:
    call = Call.arrived(fact, at=fact.arrived_at)
    floor.add_call(call)
    return call


def _end_by_transfer(floor: Floor, turn: Turn, call: Call) -> None:
    offer = floor.offers.get(call.offer_id) if call.offer_id else None
    if offer is not None and call.state in control.IN_HAND:
        conversations.end(floor, turn, call, offer, by=Party.AGENT, ended_at=turn.at)


def _take_out_of_offer(floor: Floor, turn: Turn, call: Call) -> None:
    offer = floor.offers.get(call.offer_id) if call.offer_id else None
    if offer is not None:
        offers.withdraw(floor, turn, offer, by=Party.SYSTEM)


def _free(floor: Floor, turn: Turn, agent: Agent) -> None:
    """End what the engine believed the agent to be doing: it was over by then."""
    if agent.state is AgentState.RESERVED and agent.offer_id in floor.offers:
        offer = floor.offers[agent.offer_id]
        offers.withdraw(floor, turn, offer, by=Party.SYSTEM)
    if agent.state is AgentState.TALKING and agent.call_id in floor.calls:
        call = floor.calls[agent.call_id]
        _, offer_before = conversations.parties(floor, call.leg_id)
        if offer_before is not None:
            conversations.end(
                floor, turn, call, offer_before, by=Party.SYSTEM, ended_at=turn.at
            )
    if agent.state is AgentState.WRAP_UP:
        conversations.end_wrap_up(floor, turn, agent, is_by_limit=False)


def _keep_wish(agent: Agent) -> None:
    """Who was signed out or not ready is so again when the call is over."""
    if agent.state is AgentState.SIGNED_OUT:
        agent.wants_sign_out = True
    elif agent.state is AgentState.NOT_READY:
        agent.wants_not_ready = agent.reason


def _queue_of(floor: Floor, call: Call) -> QueueId:
    known = floor.policy.queues
    if call.queue_id in known and call.queue_id is not None:
        return call.queue_id
    return next(iter(known))
