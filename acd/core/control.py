"""What an agent does with the call in hand: hold, and the pause of the recording."""

from datetime import datetime, timedelta

from acd.core.calls import Call, Moving
from acd.core.deadlines import Deadline, Due
from acd.core.floor import Floor, Offer
from acd.core.turn import Turn
from acd.vocabulary.control_facts import (
    CallHeld,
    CallTakenBack,
    Control,
    ControlFailed,
    HoldAsked,
    NuisanceMarked,
    PauseAsked,
    RecordingMuted,
    RecordingPaused,
    RecordingResumed,
    ResumeAsked,
    TakeBackAsked,
    TransferAsked,
)
from acd.vocabulary.decisions import (
    HoldCall,
    MoveCaller,
    MuteRecording,
    TakeCallBack,
)
from acd.vocabulary.errors import (
    ControlPending,
    NotControlled,
    NotInHand,
    TransferLoops,
    UnknownQueue,
)
from acd.vocabulary.facts import ControlFact
from acd.vocabulary.ids import AgentId, CallId, QueueId
from acd.vocabulary.states import AgentState, CallState

DONE_WITHIN_S = 5.0
"""How long the switch may take; p99 is 40 ms, but a link may break in between."""

RESUME_AGAIN_S = 1.0
"""A recording that should go on is asked for again and again until it does."""

LONGEST_PAUSE_S = 300.0

MOST_TRANSFERS = 5
SAME_QUEUE = 2
"""A caller is transferred to one queue so often, and no oftener."""

_NOT_MOVING = (Control.PAUSE, Control.RESUME)
"""Wishes that leave the caller where they are."""

IN_HAND = (CallState.TALKING, CallState.HELD)
"""States of a call that an agent has."""


def take(floor: Floor, turn: Turn, fact: ControlFact) -> bool:
    """Act on a wish, or on what the switch made of one; False where it is old news.

    Raises:
        NotInHand, ControlPending, NotControlled: It cannot be done; nothing changed.
        IllegalTransition: The call is on hold already, or is not.
    """
    match fact:
        case HoldAsked():
            _hold(floor, turn, fact)
        case TakeBackAsked():
            _take_back(floor, turn, fact)
        case PauseAsked():
            _pause(floor, turn, fact)
        case ResumeAsked():
            _resume(floor, turn, fact)
        case TransferAsked():
            _transfer(floor, turn, fact)
        case NuisanceMarked():
            _must_have_had(floor, fact.call_id, fact.agent_id)
        case RecordingMuted():
            return _muted(floor, turn, fact)
        case ControlFailed():
            return _failed(floor, fact)
    return True


def in_hand(floor: Floor, call_id: CallId, agent_id: AgentId) -> tuple[Call, Offer]:
    """Return a call that an agent has, and the offer by which they have it.

    Raises:
        NotInHand: They have not.
        ControlPending: Something is being done with it.
        NotControlled: The switch's own queue gave it to them.
    """
    call = floor.calls.get(call_id)
    offer = floor.offers.get(call.offer_id) if call and call.offer_id else None
    if call is None or offer is None or call.state not in IN_HAND:
        raise NotInHand(call_id, agent_id)
    if offer.agent_id != agent_id:
        raise NotInHand(call_id, agent_id)
    if offer.open_leg_id is not None:
        why = "the switch served it by itself, and only hanging up ends it"
        raise NotControlled(call_id, why)
    if call.intent is not None:
        raise ControlPending(call_id, call.intent.value)
    return call, offer


def _must_have_had(floor: Floor, call_id: CallId, agent_id: AgentId) -> None:
    """See that a call is in an agent's hand, or in their wrap-up.

    Raises:
        UnknownAgent: There is none.
        NotInHand: It is not.
    """
    agent = floor.agent(agent_id)
    # Who is only rung for a call has not had it.
    has_had = agent.state in (AgentState.TALKING, AgentState.WRAP_UP)
    if agent.call_id != call_id or not has_had:
        raise NotInHand(call_id, agent_id)


def held(turn: Turn, call: Call, offer: Offer) -> None:
    """The parties are apart, and the caller hears music."""
    call.take(CallHeld)
    call.intent, call.held_at, call.was_held = None, turn.at, True
    turn.facts.append(
        CallHeld(
            at=turn.at,
            place=call.place,
            call_id=call.call_id,
            offer_id=offer.offer_id,
            agent_id=offer.agent_id,
        )
    )


def taken_back(turn: Turn, call: Call, offer: Offer) -> None:
    """The parties are in one bridge again, whoever joined them."""
    call.take(CallTakenBack)
    before_s, call.intent, call.moving = call.hold_s, None, None
    hold_s = hold_ended(call, turn.at) - before_s
    turn.facts.append(
        CallTakenBack(
            at=turn.at,
            place=call.place,
            call_id=call.call_id,
            offer_id=offer.offer_id,
            agent_id=offer.agent_id,
            hold_s=hold_s,
        )
    )


def hold_ended(call: Call, at: datetime) -> float:
    """Count a hold that ended; return how long the caller was on hold in all."""
    if call.held_at is not None:
        call.hold_s += max(0.0, (at - call.held_at).total_seconds())
        call.held_at = None
    return call.hold_s


def give_up(floor: Floor, turn: Turn, call: Call) -> None:
    """The switch did not tell in time what became of a wish: all is as it was.

    A transfer may be done later all the same; then the caller is where it leads to.
    """
    if call.intent is None or call.offer_id is None or call.agent_id is None:
        return
    turn.facts.append(
        ControlFailed(
            at=turn.at,
            place=call.place,
            call_id=call.call_id,
            offer_id=call.offer_id,
            agent_id=call.agent_id,
            what=call.intent,
            detail="the switch did not do it in time",
        )
    )
    given_up, call.intent = call.intent, None
    if given_up is Control.PAUSE:
        record_again(floor, turn, call)


def record_again(floor: Floor, turn: Turn, call: Call) -> None:
    """The recording is to go on: that is asked for until it surely does.

    Be it that a pause has lasted long enough, or that nobody knows whether one began.
    """
    offer = floor.offers.get(call.offer_id) if call.offer_id else None
    if offer is None or call.state not in IN_HAND:
        return
    _mute(turn, call, offer, is_muted=False)
    call.paused_until = turn.at + timedelta(seconds=RESUME_AGAIN_S)
    floor.deadlines.set(Deadline(call.paused_until, Due.PAUSE, call.call_id))


def pause_over(turn: Turn, call: Call, offer: Offer, *, is_by_limit: bool) -> None:
    """State that the recording goes on, if it was paused."""
    paused_at, call.paused_at, call.paused_until = call.paused_at, None, None
    if paused_at is not None:
        turn.facts.append(
            RecordingResumed(
                at=turn.at,
                place=call.place,
                call_id=call.call_id,
                offer_id=offer.offer_id,
                agent_id=offer.agent_id,
                paused_at=paused_at,
                is_by_limit=is_by_limit,
            )
        )


def unmute_stray(floor: Floor, turn: Turn, call: Call, offer: Offer) -> None:
    """A conversation is muted of whose pause nobody knows: it is evidence."""
    if call.paused_at is None and call.intent is not Control.PAUSE:
        _mute(turn, call, offer, is_muted=False)


def _hold(floor: Floor, turn: Turn, asked: HoldAsked) -> None:
    call, offer = in_hand(floor, asked.call_id, asked.agent_id)
    call.check(CallHeld)
    _intend(floor, turn, call, Control.HOLD)
    call.was_held = True
    turn.decisions.append(
        HoldCall(
            call_id=call.call_id,
            offer_id=offer.offer_id,
            agent_id=offer.agent_id,
            caller_leg_id=call.leg_id,
        )
    )


def _take_back(floor: Floor, turn: Turn, asked: TakeBackAsked) -> None:
    call, offer = in_hand(floor, asked.call_id, asked.agent_id)
    call.check(CallTakenBack)
    _intend(floor, turn, call, Control.TAKE_BACK)
    turn.decisions.append(
        TakeCallBack(
            call_id=call.call_id,
            offer_id=offer.offer_id,
            agent_id=offer.agent_id,
            caller_leg_id=call.leg_id,
        )
    )


def _transfer(floor: Floor, turn: Turn, asked: TransferAsked) -> None:
    call, offer = in_hand(floor, asked.call_id, asked.agent_id)
    if (asked.to_queue is None) is (asked.to_agent is None):
        raise NotControlled(call.call_id, "a transfer is to a queue or to an agent")
    queue_id = asked.to_queue or offer.queue_id
    if queue_id not in floor.policy.queues or queue_id in floor.closing:
        raise UnknownQueue(queue_id)
    if len(call.transfers) >= MOST_TRANSFERS:
        raise TransferLoops(call.call_id, f"was transferred {MOST_TRANSFERS} times")
    if asked.to_agent is None and call.transfers.count(queue_id) >= SAME_QUEUE:
        why = f"was transferred to queue {queue_id!r} {SAME_QUEUE} times"
        raise TransferLoops(call.call_id, why)
    if asked.to_agent is not None:
        _must_be_free(floor, call, asked.to_agent)
    _intend(floor, turn, call, Control.TRANSFER)
    call.moving = Moving(to_queue=queue_id, to_agent=asked.to_agent, note=asked.note)
    turn.decisions.append(move(call, offer, queue_id))


def _must_be_free(floor: Floor, call: Call, agent_id: AgentId) -> None:
    state = floor.agent(agent_id).state
    if agent_id == call.agent_id:
        raise TransferLoops(call.call_id, f"is with agent {agent_id!r} already")
    if state is not AgentState.READY:
        why = f"agent {agent_id!r} is {state.value}; a queue takes the call at any time"
        raise NotControlled(call.call_id, why)


def move(call: Call, offer: Offer, queue_id: QueueId) -> MoveCaller:
    """Return what leads a caller to the waiting room of a queue."""
    return MoveCaller(
        call_id=call.call_id,
        offer_id=offer.offer_id,
        agent_id=offer.agent_id,
        caller_leg_id=call.leg_id,
        queue_id=queue_id,
    )


def _pause(floor: Floor, turn: Turn, asked: PauseAsked) -> None:
    call, offer = in_hand(floor, asked.call_id, asked.agent_id)
    if call.paused_at is not None:
        raise NotControlled(call.call_id, "its recording is paused already")
    if not 0 < asked.for_s <= LONGEST_PAUSE_S:
        why = f"a pause is up to {LONGEST_PAUSE_S:g} s, found {asked.for_s:g}"
        raise NotControlled(call.call_id, why)
    _intend(floor, turn, call, Control.PAUSE)
    call.pause_s, call.paused_until = asked.for_s, None
    _mute(turn, call, offer, is_muted=True)


def _resume(floor: Floor, turn: Turn, asked: ResumeAsked) -> None:
    call, offer = in_hand(floor, asked.call_id, asked.agent_id)
    if call.paused_at is None:
        raise NotControlled(call.call_id, "its recording is not paused")
    _intend(floor, turn, call, Control.RESUME)
    _mute(turn, call, offer, is_muted=False)


def _mute(turn: Turn, call: Call, offer: Offer, *, is_muted: bool) -> None:
    turn.decisions.append(
        MuteRecording(
            call_id=call.call_id,
            offer_id=offer.offer_id,
            agent_id=offer.agent_id,
            is_muted=is_muted,
        )
    )


def _muted(floor: Floor, turn: Turn, fact: RecordingMuted) -> bool:
    call = floor.calls.get(fact.call_id)
    if call is None or call.offer_id != fact.offer_id or call.state not in IN_HAND:
        return False
    offer = floor.offers[fact.offer_id]
    was_asked = call.intent is (Control.PAUSE if fact.is_muted else Control.RESUME)
    if was_asked:
        call.intent = None
    if not fact.is_muted:
        pause_over(turn, call, offer, is_by_limit=not was_asked)
    elif call.paused_at is None:
        call.paused_at = turn.at
        call.paused_until = turn.at + timedelta(seconds=call.pause_s)
        floor.deadlines.set(Deadline(call.paused_until, Due.PAUSE, call.call_id))
        turn.facts.append(
            RecordingPaused(
                at=turn.at,
                place=call.place,
                call_id=call.call_id,
                offer_id=offer.offer_id,
                agent_id=offer.agent_id,
                until_at=call.paused_until,
            )
        )
    return True


def _failed(floor: Floor, fact: ControlFailed) -> bool:
    call = floor.calls.get(fact.call_id)
    if call is None or call.offer_id != fact.offer_id:
        return False
    is_moved_late = fact.what is Control.TRANSFER and call.moving is not None
    if call.intent is not fact.what and not is_moved_late:
        return False
    if call.intent is fact.what:
        call.intent = None
    if fact.what is Control.TRANSFER:
        call.moving = None
    return True


def _intend(floor: Floor, turn: Turn, call: Call, what: Control) -> None:
    call.intent = what
    if what not in _NOT_MOVING:
        # What is asked for later is done later, whatever became of a transfer.
        call.moving = None
    call.intent_until = turn.at + timedelta(seconds=DONE_WITHIN_S)
    floor.deadlines.set(Deadline(call.intent_until, Due.CONTROL, call.call_id))
