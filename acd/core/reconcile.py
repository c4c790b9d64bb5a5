"""A snapshot of the switch against what the engine believes."""

from datetime import datetime

from acd.core import conversations, legs, offers
from acd.core.calls import Call
from acd.core.floor import Floor, Offer
from acd.core.turn import Turn
from acd.vocabulary.decisions import DismissAgent
from acd.vocabulary.ids import CENTRE, LegId, QueueId, SkillId
from acd.vocabulary.leg_facts import (
    CallQueued,
    LegEnded,
    LegEnding,
    LegRole,
    LegSeen,
    SwitchSeen,
)
from acd.vocabulary.offer_facts import CallAdopted, CloseReason
from acd.vocabulary.states import CallState


def reconcile(floor: Floor, turn: Turn, seen: SwitchSeen) -> None:
    """End what is gone, take in what is there, and make offers again.

    What the engine learnt after the snapshot was begun is newer than it and stands.
    """
    was_restarted = floor.boot_id is not None and floor.boot_id != seen.boot_id
    floor.boot_id, floor.is_linked = seen.boot_id, True
    lost = CloseReason.SWITCH_RESTARTED if was_restarted else CloseReason.LOST
    present = {leg.leg_id for leg in seen.legs}
    for leg_id in _known_before(floor, seen.taken_at):
        if leg_id not in present:
            floor.remember_ended(leg_id)
            _state_lost(floor, turn, leg_id)
            legs.ended(floor, turn, leg_id, LegEnding.LOST, lost=lost)
    for leg in seen.legs:
        if leg.leg_id not in floor.ended_legs:
            _take_in(floor, turn, leg)
    for leg in seen.legs:
        if leg.bridge_id is not None and leg.leg_id not in floor.ended_legs:
            conversations.joined(floor, turn, leg.leg_id, leg.bridge_id)


def adopt(floor: Floor, turn: Turn, leg: LegSeen) -> Call:
    """Make a call of a caller's leg that the engine did not know."""
    queue = floor.policy.queues.get(leg.queue_id) if leg.queue_id else None
    call = Call(
        call_id=leg.call_id,
        leg_id=leg.leg_id,
        place=queue.place if queue else CENTRE,
        number=leg.number,
        caller_number="unknown",
        caller_name="",
        sip_call_id="",
        arrived_at=turn.at,
        # Offers already made by a forgotten engine must not be met again.
        offers=int(turn.at.timestamp()),
    )
    floor.add_call(call)
    turn.facts.append(
        CallAdopted(
            at=turn.at,
            place=call.place,
            call_id=call.call_id,
            leg_id=call.leg_id,
            number=leg.number,
        )
    )
    return call


def enqueue(
    floor: Floor,
    call: Call,
    *,
    queue_id: QueueId,
    skills: frozenset[SkillId],
    queued_at: datetime,
) -> None:
    """Put a call that arrived in the waiting room into its queue's line.

    Raises:
        IllegalTransition: The call is elsewhere already; nothing changed.
    """
    call.take(CallQueued)
    call.queue_id, call.queued_at = queue_id, queued_at
    call.skills = floor.policy.queues[queue_id].skills | skills
    floor.waiting.add(call)


def _known_before(floor: Floor, taken_at: datetime) -> list[LegId]:
    callers = [
        leg_id for leg_id, call in floor.callers.items() if call.arrived_at < taken_at
    ]
    agents = [
        offer.leg_id for offer in floor.offers.values() if offer.started_at < taken_at
    ]
    return agents + callers


def _state_lost(floor: Floor, turn: Turn, leg_id: LegId) -> None:
    # Nobody else will tell of this leg's end, and its record must have one.
    turn.facts.append(
        LegEnded(
            at=turn.at,
            place=floor.place_of_leg(leg_id) or CENTRE,
            leg_id=leg_id,
            ending=LegEnding.LOST,
        )
    )


def _take_in(floor: Floor, turn: Turn, leg: LegSeen) -> None:
    match leg.role:
        case LegRole.WAITING:
            _take_in_waiting(floor, turn, leg)
        case LegRole.OFFER:
            _take_in_offer(floor, turn, leg)
        case LegRole.FLOW | LegRole.OTHER:
            """A flow's walk cannot be taken up; the dialplan leads the caller on."""


def _take_in_waiting(floor: Floor, turn: Turn, leg: LegSeen) -> None:
    if leg.queue_id not in floor.policy.queues or leg.queue_id is None:
        return
    call = floor.callers.get(leg.leg_id) or adopt(floor, turn, leg)
    if call.state is CallState.IN_FLOW:
        enqueue(
            floor,
            call,
            queue_id=leg.queue_id,
            skills=frozenset(leg.skills),
            queued_at=leg.queued_at or turn.at,
        )


def _take_in_offer(floor: Floor, turn: Turn, leg: LegSeen) -> None:
    offer: Offer | None = (
        floor.offers.get(leg.offer_id) if leg.offer_id is not None else None
    )
    if offer is not None:
        if leg.is_up:
            offers.answered(floor, turn, offer)
    elif leg.offer_id is not None and leg.bridge_id is None:
        turn.decisions.append(DismissAgent(offer_id=leg.offer_id))
