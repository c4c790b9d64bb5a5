"""What was seen in the switch against what the engine believes."""

from datetime import datetime

from acd.core import (
    control,
    conversations,
    legs,
    offers,
    open_queue,
    steps,
    transfers,
)
from acd.core.calls import Call
from acd.core.floor import Floor, Offer
from acd.core.turn import Turn
from acd.vocabulary.decisions import DismissAgent, StopRinging
from acd.vocabulary.ids import CENTRE, LegId, OfferId, QueueId, SkillId
from acd.vocabulary.leg_facts import (
    CallQueued,
    LegChecked,
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
    present = {leg.leg_id: leg for leg in seen.legs}
    for leg_id in _known_before(floor, seen.taken_at):
        if leg_id not in present:
            floor.remember_ended(leg_id)
        elif not (was_restarted and _is_another(floor, present[leg_id])):
            continue
        _state_lost(floor, turn, leg_id)
        legs.ended(
            floor, turn, leg_id, LegEnding.LOST, lost=lost, alive_at=floor.alive_at
        )
    floor.alive_at = seen.taken_at
    living = [leg for leg in seen.legs if not _has_ended(floor, leg)]
    # A caller in the open queue before the agent who took them.
    living.sort(key=lambda leg: leg.role is LegRole.SERVED)
    for leg in living:
        _take_in(floor, turn, leg)
    for leg in living:
        _take_in_bridge(floor, turn, leg, seen.taken_at)
    floor.mirror_all(turn)


def look_again(floor: Floor, turn: Turn, checked: LegChecked) -> bool:
    """Take in how one leg is; return False when that is older than what we know."""
    leg = checked.leg
    call, _ = conversations.parties(floor, leg.leg_id)
    is_old = call is not None and call.heard_at >= checked.taken_at
    if is_old or _has_ended(floor, leg):
        return False
    _take_in(floor, turn, leg)
    _take_in_bridge(floor, turn, leg, checked.taken_at)
    return True


def adopt(floor: Floor, turn: Turn, leg: LegSeen) -> Call:
    """Make a call of a caller's leg that the engine did not know."""
    queue = floor.policy.queues.get(leg.queue_id) if leg.queue_id else None
    # Nobody knows when it arrived, but not after it began to wait.
    arrived_at = min(leg.queued_at or turn.at, turn.at)
    call = Call(
        call_id=leg.call_id,
        leg_id=leg.leg_id,
        place=queue.place if queue else CENTRE,
        number=leg.number,
        caller_number="unknown",
        caller_name="",
        sip_call_id="",
        arrived_at=arrived_at,
        # Offers already made by a forgotten engine must not be met again.
        offers=int(turn.at.timestamp()),
    )
    floor.add_call(call)
    turn.facts.append(
        CallAdopted(
            at=arrived_at,
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
    call_class: int = 0,
) -> None:
    """Put a call that arrived in the waiting room into its queue's line.

    Raises:
        IllegalTransition: The call is elsewhere already; nothing changed.
    """
    call.take(CallQueued)
    call.queue_id, call.queued_at = queue_id, queued_at
    call.heard_at = max(call.heard_at, queued_at)
    call.call_class = call_class
    call.skills = skills
    steps.begin(floor, call)
    floor.queue(call)


def _has_ended(floor: Floor, leg: LegSeen) -> bool:
    """Tell whether a leg ended since it was seen.

    The leg of an offer may live though it was lost: what lay in a link that broke was
    done late. Such a one is sent away, which does a dead one no harm.
    """
    may_live = leg.role is LegRole.OFFER or (
        leg.role is LegRole.HELD and leg.offer_id is not None
    )
    return not may_live and leg.leg_id in floor.ended_legs


def _is_another(floor: Floor, leg: LegSeen) -> bool:
    """Tell whether a leg of a known id is another call's: ids may come again."""
    call = floor.callers.get(leg.leg_id)
    return call is not None and call.call_id != leg.call_id


def _known_before(floor: Floor, taken_at: datetime) -> list[LegId]:
    callers = [
        leg_id for leg_id, call in floor.callers.items() if call.arrived_at < taken_at
    ]
    agents = [
        offer.leg_id for offer in floor.offers.values() if offer.started_at < taken_at
    ]
    return callers + agents


def _take_in_bridge(floor: Floor, turn: Turn, leg: LegSeen, taken_at: datetime) -> None:
    if leg.bridge_id is not None:
        conversations.joined(floor, turn, leg.leg_id, leg.bridge_id)
        return
    call, _ = conversations.parties(floor, leg.leg_id)
    if call is not None and call.heard_at < taken_at:
        conversations.parted(floor, turn, leg.leg_id)


def _state_lost(floor: Floor, turn: Turn, leg_id: LegId) -> None:
    # Nobody else will tell of this leg's end, and its record must have one.
    turn.facts.append(
        LegEnded(
            at=turn.at,
            place=floor.place_of_leg(leg_id) or CENTRE,
            leg_id=leg_id,
            ending=LegEnding.LOST,
            alive_at=floor.alive_at,
        )
    )


def _take_in(floor: Floor, turn: Turn, leg: LegSeen) -> None:
    if leg.is_muted:
        _unmute(floor, turn, leg)
    match leg.role:
        case LegRole.WAITING:
            _take_in_waiting(floor, turn, leg)
        case LegRole.OFFER:
            _take_in_offer(floor, turn, leg)
        case LegRole.HELD:
            _take_in_held(floor, turn, leg)
        case LegRole.OPEN | LegRole.SERVED:
            open_queue.take_in(floor, turn, leg)
        case LegRole.FLOW | LegRole.OTHER:
            """A flow's walk cannot be taken up; the dialplan leads the caller on."""


def _take_in_waiting(floor: Floor, turn: Turn, leg: LegSeen) -> None:
    if leg.queue_id not in floor.policy.queues or leg.queue_id is None:
        return
    call = floor.callers.get(leg.leg_id) or adopt(floor, turn, leg)
    if leg.bridge_id is None and transfers.is_expected(call, leg.queue_id):
        told = CallQueued(
            at=turn.at,
            call_id=call.call_id,
            leg_id=leg.leg_id,
            queue_id=leg.queue_id,
            skills=leg.skills,
            call_class=leg.call_class,
        )
        turn.facts.append(told)
        transfers.arrived(floor, turn, call, told)
        return
    if call.state is CallState.IN_FLOW:
        _enqueue_late(floor, turn, call, leg)


def _take_in_held(floor: Floor, turn: Turn, leg: LegSeen) -> None:
    """A caller is on hold, and maybe nobody was told, or knows by whom."""
    call, offer = conversations.parties(floor, leg.leg_id)
    if leg.offer_id is not None and (call is None or call.offer_id != leg.offer_id):
        _take_in_offer(floor, turn, leg)
    elif call is None:
        # The agent's leg is sent away, and the caller served anew.
        _take_in_waiting(floor, turn, leg)
    elif leg.bridge_id is None and call.state is CallState.TALKING and offer:
        control.held(turn, call, offer)


def _enqueue_late(floor: Floor, turn: Turn, call: Call, leg: LegSeen) -> None:
    """Put a call into its line at the place it took there itself, and state it."""
    if leg.queue_id is None:
        return
    queued_at = min(leg.queued_at or turn.at, turn.at)
    # Who left the line and is in it again has the place of before; nobody saw when.
    since = call.places.get(leg.queue_id)
    enqueue(
        floor,
        call,
        queue_id=leg.queue_id,
        skills=frozenset(leg.skills),
        queued_at=since or queued_at,
        call_class=leg.call_class,
    )
    turn.facts.append(
        CallQueued(
            at=turn.at if since else queued_at,
            since=since,
            place=call.place,
            call_id=call.call_id,
            leg_id=leg.leg_id,
            queue_id=leg.queue_id,
            skills=leg.skills,
            call_class=leg.call_class,
        )
    )


def _take_in_offer(floor: Floor, turn: Turn, leg: LegSeen) -> None:
    offer: Offer | None = (
        floor.offers.get(leg.offer_id) if leg.offer_id is not None else None
    )
    if offer is not None and offer.is_open:
        if leg.is_up:
            offers.answered(floor, turn, offer)
    elif leg.offer_id is not None and leg.bridge_id is None:
        _send_away(floor, turn, leg, leg.offer_id)


def _unmute(floor: Floor, turn: Turn, leg: LegSeen) -> None:
    offer = floor.offers.get(leg.offer_id) if leg.offer_id is not None else None
    call = floor.calls.get(offer.call_id) if offer is not None else None
    if offer is not None and call is not None:
        control.unmute_stray(floor, turn, call, offer)


def _send_away(floor: Floor, turn: Turn, leg: LegSeen, offer_id: OfferId) -> None:
    """End a leg that rings or waits for an offer which is over or nobody's."""
    offer = floor.offers.get(offer_id)
    call = floor.calls.get(offer.call_id) if offer is not None else None
    if call is not None and call.offer_id == offer_id:
        return  # it was answered, and is being joined
    if not leg.is_up:
        turn.decisions.append(StopRinging(offer_id=offer_id))
    elif offer is not None and not offer.is_answered:
        offers.answered(floor, turn, offer)
    else:
        turn.decisions.append(DismissAgent(offer_id=offer_id))
