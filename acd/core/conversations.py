"""From the moment caller and agent hear each other to the end of the wrap-up."""

from datetime import datetime, timedelta

from acd.core import control, handling, offers
from acd.core.agents import Agent
from acd.core.calls import Call
from acd.core.deadlines import Deadline, Due
from acd.core.floor import Floor, Offer
from acd.core.turn import Turn
from acd.vocabulary.agent_facts import WrapUpEnded, WrapUpStarted
from acd.vocabulary.control_facts import Control
from acd.vocabulary.decisions import EndCall, EndLeg
from acd.vocabulary.ids import LegId
from acd.vocabulary.offer_facts import ConversationEnded, Party
from acd.vocabulary.states import CallState

_APART = (CallState.OFFERED, CallState.CONNECTING, CallState.HELD)
"""States of a call whose caller and agent are not joined, and may be."""

LEAVE_LIMIT_S = 2.0
"""The dialplan hangs up at once; it does not know of a conversation that ended before
the engine could say that it had begun, or while the engine was away."""


MOVE_LIMIT_S = 10.0
"""How long a transferred caller may take to the waiting room."""


def joined(floor: Floor, turn: Turn, leg_id: LegId, bridge_id: str) -> None:
    """A leg entered a bridge: with both in one, the conversation begins."""
    call, offer = parties(floor, leg_id)
    if call is None:
        return
    call.bridges[leg_id], call.heard_at = bridge_id, turn.at
    if offer is None or call.state not in _APART:
        return
    if call.bridges.get(call.leg_id) == call.bridges.get(offer.leg_id) is not None:
        if call.state is CallState.HELD:
            control.taken_back(turn, call, offer)
        else:
            offers.connected(floor, turn, call, offer)


def parted(floor: Floor, turn: Turn, leg_id: LegId) -> None:
    """A leg left its bridge: who leaves first has ended the conversation."""
    call, offer = parties(floor, leg_id)
    if call is None or call.bridges.pop(leg_id, None) is None:
        return
    call.heard_at = turn.at
    # Of the open queue the agent's leg goes first, whoever hangs up: its note tells.
    is_told = offer is not None and offer.open_leg_id is None
    if offer is not None and is_told and call.state is CallState.TALKING:
        if call.intent is Control.HOLD:
            control.held(turn, call, offer)
            return
        if call.moving is not None:
            return  # the waiting room tells, or the end of a leg
        end(floor, turn, call, offer, by=_party(call, leg_id), ended_at=turn.at)


def parties(floor: Floor, leg_id: LegId) -> tuple[Call | None, Offer | None]:
    """Return the call that a leg belongs to, and the offer that the call is in."""
    offer = floor.offer_of(leg_id)
    call = floor.callers.get(leg_id)
    if call is None and offer is not None:
        call = floor.calls.get(offer.call_id)
    if call is not None:
        offer = floor.offers.get(call.offer_id) if call.offer_id else None
    return call, offer


def is_ours(floor: Floor, leg_id: LegId) -> bool:
    """Tell whether a leg is, or was, in a conversation that we joined ourselves.

    False also where nothing is known of it: the switch may then have joined it.
    """
    offer = floor.offer_of(leg_id)
    if offer is None and (call := floor.callers.get(leg_id)) is not None:
        if call.state is CallState.LEAVING:
            return True
        offer = floor.offers.get(call.offer_id) if call.offer_id else None
    return offer is not None and offer.is_connected and offer.open_leg_id is None


def end(
    floor: Floor,
    turn: Turn,
    call: Call,
    offer: Offer,
    *,
    by: Party,
    ended_at: datetime,
) -> None:
    """The parties are apart: the agent's wrap-up begins, whenever that was."""
    is_held = call.state is CallState.HELD
    call.take(ConversationEnded)
    hold_s, call.hold_s, call.intent = control.hold_ended(call, ended_at), 0.0, None
    # No record may end before a conversation that was in it.
    call.ended_by, call.heard_at = by, max(call.heard_at, ended_at)
    turn.facts.append(
        ConversationEnded(
            at=ended_at,
            place=offer.place,
            call_id=call.call_id,
            offer_id=offer.offer_id,
            agent_id=offer.agent_id,
            ended_by=by,
            hold_s=hold_s,
        )
    )
    control.pause_over(turn, call, offer, is_by_limit=True)
    if call.was_held or is_held:
        # The dialplan ends only who was joined, and may not know that they were again;
        # the leg that is gone takes no harm.
        turn.decisions.append(EndLeg(offer_id=offer.offer_id))
    call.was_held, offer.ended_at = False, turn.at
    if is_held and call.moving is None:
        overstayed(turn, call)
    handling.talk_over(floor.agent(offer.agent_id), by=by, ended_at=ended_at)
    limit_s = LEAVE_LIMIT_S if call.moving is None else MOVE_LIMIT_S
    call.leave_by = turn.at + timedelta(seconds=limit_s)
    floor.deadlines.set(Deadline(call.leave_by, Due.LEAVE, call.call_id))
    _begin_wrap_up(floor, turn, offer)


def overstayed(turn: Turn, call: Call) -> None:
    """The switch still has a caller whose conversation is over: the call is ended."""
    turn.decisions.append(EndCall(call_id=call.call_id, leg_id=call.leg_id))


def _begin_wrap_up(floor: Floor, turn: Turn, offer: Offer) -> None:
    agent = floor.agent(offer.agent_id)
    limit = timedelta(seconds=floor.policy.queues[offer.queue_id].wrap_up_s)
    agent.wrap_up_until = turn.at + limit
    turn.facts.append(
        WrapUpStarted(
            at=turn.at,
            place=agent.profile.place,
            agent_id=offer.agent_id,
            call_id=offer.call_id,
            until_at=agent.wrap_up_until,
        )
    )
    floor.move_agent(turn, agent, ConversationEnded)
    if limit:
        floor.deadlines.set(Deadline(agent.wrap_up_until, Due.WRAP_UP, offer.agent_id))
    else:
        end_wrap_up(floor, turn, agent, is_by_limit=True)


def end_wrap_up(floor: Floor, turn: Turn, agent: Agent, *, is_by_limit: bool) -> None:
    """Work after the call is over; wishes that had to wait are granted."""
    agent.check(WrapUpEnded)
    if agent.call_id is None:
        raise AssertionError(f"agent {agent.profile.agent_id!r} wraps up no call")
    turn.facts.append(
        WrapUpEnded(
            at=turn.at,
            place=agent.profile.place,
            agent_id=agent.profile.agent_id,
            call_id=agent.call_id,
            is_by_limit=is_by_limit,
        )
    )
    handling.learn(floor, agent, turn.at)
    floor.move_agent(turn, agent, WrapUpEnded)


def _party(call: Call, leg_id: LegId) -> Party:
    return Party.CALLER if leg_id == call.leg_id else Party.AGENT
