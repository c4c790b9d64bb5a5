"""The end of a leg: whose it was, and what that means."""

from datetime import datetime

from acd.core import conversations, offers, transfers
from acd.core.calls import Call
from acd.core.control import IN_HAND
from acd.core.floor import Floor, Offer
from acd.core.turn import Turn
from acd.vocabulary.decisions import StoreRecording
from acd.vocabulary.ids import LegId
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
    alive_at: datetime | None = None,
) -> None:
    """Take in that a leg is gone.

    Args:
        floor: The engine's memory.
        turn: The turn in the making.
        leg_id: The leg, of a caller or of an offer; others are nobody's.
        ending: How it ended.
        lost: The reason to close a call with where its end was not seen; None: the
            leg's own.
        alive_at: Then, the last proof that the leg lived; None: none but the call's.
    """
    if ending is LegEnding.LOST:
        lost = lost or CloseReason.LOST
    call = floor.callers.get(leg_id)
    if call is not None:
        ended_at = _ended_at(turn, call, lost=lost, alive_at=alive_at)
        _caller_left(floor, turn, call, lost, ended_at)
        return
    offer = floor.forget_offer(leg_id)
    if offer is not None:
        _agent_left(floor, turn, offer, ending, lost=lost, alive_at=alive_at)


def _ended_at(
    turn: Turn, call: Call, *, lost: CloseReason | None, alive_at: datetime | None
) -> datetime:
    """Return when a leg of a call ended: where that was not seen, the last proof."""
    if lost is None:
        return turn.at
    return min(turn.at, max(alive_at or call.heard_at, call.heard_at))


def _caller_left(
    floor: Floor,
    turn: Turn,
    call: Call,
    lost: CloseReason | None,
    ended_at: datetime,
) -> None:
    left_in = call.state
    offer = floor.offers.get(call.offer_id) if call.offer_id else None
    by = Party.CALLER if lost is None else Party.SYSTEM
    if offer is not None and left_in in (CallState.OFFERED, CallState.CONNECTING):
        offers.withdraw(floor, turn, offer, by=by)
    if offer is not None and left_in in IN_HAND:
        conversations.end(floor, turn, call, offer, by=by, ended_at=ended_at)
    call.close(turn, left_in, lost=lost, ended_at=ended_at)
    floor.forget_call(call)


def _agent_left(
    floor: Floor,
    turn: Turn,
    offer: Offer,
    ending: LegEnding,
    *,
    lost: CloseReason | None,
    alive_at: datetime | None,
) -> None:
    call = floor.calls.get(offer.call_id)
    if call is not None and call.offer_id == offer.offer_id:
        if call.state in IN_HAND:
            by = Party.AGENT if lost is None else Party.SYSTEM
            ended_at = _ended_at(turn, call, lost=lost, alive_at=alive_at)
            if call.state is CallState.HELD and call.moving is None:
                transfers.left_alone(call, offer)
            conversations.end(floor, turn, call, offer, by=by, ended_at=ended_at)
        elif call.state in (CallState.OFFERED, CallState.CONNECTING):
            offers.leg_ended_unjoined(floor, turn, offer, ending)
        call.bridges.pop(offer.leg_id, None)
    if offer.is_connected:
        turn.decisions.append(
            StoreRecording(call_id=offer.call_id, offer_id=offer.offer_id)
        )
