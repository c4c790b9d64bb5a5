"""A waiting caller goes back into the flow by a key, and may come to the line again."""

from acd.core import offers
from acd.core.floor import Floor
from acd.core.turn import Turn
from acd.vocabulary.flow_facts import LeaveAsked
from acd.vocabulary.offer_facts import CallLeftLine, Party
from acd.vocabulary.states import CallState


def leave(floor: Floor, turn: Turn, asked: LeaveAsked) -> bool:
    """Take a call out of its line; return False where it stays.

    While a device rings for it the caller goes first: the offer is withdrawn.
    Once the agent has answered the two are being joined, and the key is too late.
    """
    call = floor.calls.get(asked.call_id)
    if call is None:
        return False
    if call.state is CallState.OFFERED and call.offer_id in floor.offers:
        offers.withdraw(floor, turn, floor.offers[call.offer_id], by=Party.CALLER)
    queue_id, queued_at = call.queue_id, call.queued_at
    if call.state is not CallState.QUEUED or queue_id is None or queued_at is None:
        return False
    call.take(CallLeftLine)
    floor.waiting.remove(call.call_id)
    turn.facts.append(
        CallLeftLine(
            at=turn.at,
            place=call.place,
            call_id=call.call_id,
            queue_id=queue_id,
            queued_at=queued_at,
        )
    )
    call.places = {**call.places, queue_id: queued_at}
    call.queue_id = call.queued_at = call.retry_at = call.step_until = None
    call.is_routed, call.heard_at = False, max(call.heard_at, turn.at)
    return True
