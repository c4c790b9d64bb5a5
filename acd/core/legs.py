"""The end of a leg: whose it was, and what that means."""

from acd.core import conversations, offers
from acd.core.calls import Call
from acd.core.floor import Floor, Offer
from acd.core.turn import Turn
from acd.vocabulary.decisions import StoreRecording
from acd.vocabulary.ids import LegId, OfferId
from acd.vocabulary.leg_facts import LegEnding
from acd.vocabulary.offer_facts import CloseReason, Party
from acd.vocabulary.states import CallState


def ended(
    floor: Floor,
    turn: Turn,
    leg_id: LegId,
    ending: LegEnding,
    *,
    lost: CloseReason | None = None,
) -> None:
    """Take in that a leg is gone.

    Args:
        floor: The engine's memory.
        turn: The turn in the making.
        leg_id: The leg, of a caller or of an offer; others are nobody's.
        ending: How it ended.
        lost: The reason to close a call with where its end was not seen.
    """
    call = floor.callers.get(leg_id)
    if call is not None:
        _caller_left(floor, turn, call, lost)
        return
    offer = floor.offers.pop(OfferId(leg_id), None)
    if offer is not None:
        _agent_left(floor, turn, offer, ending)


def _caller_left(
    floor: Floor, turn: Turn, call: Call, lost: CloseReason | None
) -> None:
    left_in = call.state
    offer = floor.offers.get(call.offer_id) if call.offer_id else None
    by = Party.CALLER if lost is None else Party.SYSTEM
    if offer is not None and left_in in (CallState.OFFERED, CallState.CONNECTING):
        offers.withdraw(floor, turn, offer, by=by)
    if offer is not None and left_in is CallState.TALKING:
        conversations.end(floor, turn, call, offer, by=by)
    call.close(turn, left_in, lost=lost)
    floor.forget_call(call)


def _agent_left(floor: Floor, turn: Turn, offer: Offer, ending: LegEnding) -> None:
    call = floor.calls.get(offer.call_id)
    if call is not None and call.offer_id == offer.offer_id:
        if call.state is CallState.TALKING:
            by = Party.SYSTEM if ending is LegEnding.LOST else Party.AGENT
            conversations.end(floor, turn, call, offer, by=by)
        elif call.state in (CallState.OFFERED, CallState.CONNECTING):
            offers.leg_ended_unjoined(floor, turn, offer, ending)
        call.bridges.pop(offer.leg_id, None)
    if offer.is_connected:
        turn.decisions.append(
            StoreRecording(call_id=offer.call_id, offer_id=offer.offer_id)
        )
