"""A caller whom one agent had waits again, for others: with the place of before."""

from dataclasses import replace

from acd.core import control, conversations, offers, steps
from acd.core.calls import Call, Moving
from acd.core.floor import Floor, Offer
from acd.core.turn import Turn
from acd.routing.reason import Chosen
from acd.vocabulary.control_facts import CallTransferred
from acd.vocabulary.ids import AgentId, QueueId
from acd.vocabulary.leg_facts import CallQueued
from acd.vocabulary.offer_facts import Party
from acd.vocabulary.routing_facts import Excluded, Scored
from acd.vocabulary.states import AgentState, CallState

_LEFT = (*control.IN_HAND, CallState.LEAVING)
"""States of a call whose caller may come to the waiting room by a transfer."""

_NOBODY = Excluded(
    signed_out=0,
    not_ready=0,
    reserved=0,
    talking=0,
    wrap_up=0,
    open_queue=0,
    named=0,
    region=0,
    skill=0,
    level=0,
    step=0,
)


def is_expected(call: Call, queue_id: QueueId) -> bool:
    """Tell whether a caller who comes to a queue was transferred there."""
    moving = call.moving
    return moving is not None and moving.to_queue == queue_id and call.state in _LEFT


def arrived(floor: Floor, turn: Turn, call: Call, told: CallQueued) -> None:
    """Take in that a transferred caller waits.

    Args:
        floor: The engine's memory.
        turn: The turn in the making; the last fact of it is what was told.
        call: The call, of which this is expected.
        told: How it waits.
    """
    moving, offer_id, agent_id = call.moving, call.offer_id, call.agent_id
    if moving is None or offer_id is None or agent_id is None:
        raise AssertionError(f"call {call.call_id!r} was transferred by nobody")
    turn.facts[-1] = replace(told, place=call.place, since=call.queued_at)
    offer = floor.offers.get(offer_id)
    if call.state in control.IN_HAND and offer is not None:
        conversations.end(floor, turn, call, offer, by=Party.AGENT, ended_at=turn.at)
    turn.facts.append(
        CallTransferred(
            at=turn.at,
            place=call.place,
            call_id=call.call_id,
            offer_id=offer_id,
            agent_id=agent_id,
            from_queue=offers.queue_of(call),
            to_queue=moving.to_queue,
            to_agent=moving.to_agent,
            note=moving.note,
            is_asked=moving.is_asked,
        )
    )
    call.transfers = (*call.transfers, moving.to_queue)
    _wait_again(floor, call, told, moving)
    if moving.to_agent is not None:
        _ring_first(floor, turn, call, moving.to_agent)


def left_alone(call: Call, offer: Offer) -> None:
    """The agent of a caller on hold is gone: the caller is led to wait again."""
    call.moving = Moving(to_queue=offer.queue_id, is_asked=False)


def _wait_again(floor: Floor, call: Call, told: CallQueued, moving: Moving) -> None:
    call.take(CallQueued)
    call.queue_id, call.skills = moving.to_queue, frozenset(told.skills)
    call.call_class, call.heard_at = told.call_class, max(call.heard_at, told.at)
    # What was before is over: who leaves now has left a queue.
    call.moving = call.offer_id = call.connected_at = call.ended_by = None
    call.leave_by = None
    steps.begin(floor, call)
    floor.queue(call)


def _ring_first(floor: Floor, turn: Turn, call: Call, agent_id: AgentId) -> None:
    """Ring whom the caller was transferred to; who is not free leaves it to others."""
    agent = floor.agents.get(agent_id)
    if agent is None or agent.state is not AgentState.READY:
        return
    chosen = Chosen(
        agent_id=agent_id,
        by_step=0,
        rule="transfer",
        terms=(),
        scored=(Scored(agent_id=agent_id, score=0.0, terms=()),),
        ready=1,
        excluded=_NOBODY,
    )
    offers.start(floor, turn, call, chosen)
