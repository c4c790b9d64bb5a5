"""A caller whom one agent had waits again, for others."""

from dataclasses import replace

import pytest

from acd.core.remembered import remember, restore
from acd.core.watch import Watch
from acd.vocabulary.control_facts import (
    CallTransferred,
    Control,
    ControlFailed,
    HoldAsked,
    NuisanceMarked,
    TakeBackAsked,
    TransferAsked,
)
from acd.vocabulary.decisions import EndCall, EndLeg, MoveCaller, RingAgent
from acd.vocabulary.errors import (
    NotControlled,
    NotInHand,
    TransferLoops,
    UnknownAgent,
    UnknownQueue,
)
from acd.vocabulary.ids import AgentId, CallId, LegId, OfferId, QueueId
from acd.vocabulary.leg_facts import (
    CallQueued,
    LegChecked,
    LegJoined,
    LegParted,
    LegRole,
    LegSeen,
)
from acd.vocabulary.offer_facts import (
    CallClosed,
    CallConnected,
    CloseReason,
    ConversationEnded,
    OfferStarted,
    OfferTimedOut,
    Party,
)
from acd.vocabulary.open_facts import OpenQueueJoined
from acd.vocabulary.states import CallState
from services.store.checkpoints import dumped, loaded
from tests.support.builders import (
    ALICE,
    BILL,
    BOB,
    CAROL,
    FAULT,
    Desk,
    arrived,
    at,
    call_id,
    caller_leg,
    hung_up,
    queued,
    seen,
)


def talking(*others: AgentId) -> tuple[Desk, LegId]:
    """Alice, of faults, has the call; others are ready."""
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.talk(1, 3)
    desk.ready(*others, seconds=4)
    return desk, leg


def ask(
    desk: Desk,
    seconds: float,
    *,
    to_queue: QueueId | None = None,
    to_agent: AgentId | None = None,
    agent: AgentId = ALICE,
    note: str = "",
) -> None:
    desk.tell(
        TransferAsked(
            at=at(seconds),
            call_id=call_id(1),
            agent_id=agent,
            to_queue=to_queue,
            to_agent=to_agent,
            note=note,
        )
    )


def parted(desk: Desk, leg: LegId, seconds: float) -> None:
    desk.tell(LegParted(at=at(seconds), leg_id=leg, bridge_id="bridge-1"))


def state(desk: Desk) -> CallState:
    return desk.engine.floor.calls[call_id(1)].state


def offered(desk: Desk) -> list[tuple[str, str]]:
    return [(it.agent_id, it.queue_id) for it in desk.said(OfferStarted)]


def transferred(desk: Desk, queue_id: QueueId, seconds: float) -> None:
    """Let the switch lead the caller there."""
    parted(desk, caller_leg(1), seconds)
    desk.tell(queued(1, seconds, queue_id))


def test_a_caller_goes_to_another_queue_and_keeps_the_place() -> None:
    desk, leg = talking(CAROL)

    ask(desk, 30, to_queue=BILL, note="wants a bill")
    [move] = [it for it in desk.last.decisions if isinstance(it, MoveCaller)]
    assert (move.caller_leg_id, move.queue_id) == (caller_leg(1), BILL)
    assert state(desk) is CallState.TALKING, "a wish is no fact"
    transferred(desk, BILL, 30.2)
    desk.tell(hung_up(leg, 30.3))

    [ended] = desk.said(ConversationEnded)
    assert (ended.agent_id, ended.ended_by, ended.at) == (ALICE, Party.AGENT, at(30.2))
    assert desk.state_of(ALICE) == ("wrap_up", "")
    [fact] = desk.said(CallTransferred)
    assert (fact.from_queue, fact.to_queue) == (FAULT, BILL)
    assert (fact.note, fact.is_asked) == ("wants a bill", True)
    again = desk.said(CallQueued)[-1]
    assert (again.at, again.since) == (at(30.2), at(1)), "the place of before"
    assert offered(desk) == [(ALICE, FAULT), (CAROL, BILL)]
    assert desk.said(CallClosed) == []


def test_an_agents_leg_that_ends_first_changes_nothing() -> None:
    desk, leg = talking(CAROL)
    ask(desk, 30, to_queue=BILL)
    parted(desk, caller_leg(1), 30.1)

    desk.tell(hung_up(leg, 30.2))
    assert state(desk) is CallState.LEAVING
    desk.tick(32.5)
    assert EndCall not in {type(it) for it in desk.last.decisions}
    desk.tell(queued(1, 33, BILL))

    assert len(desk.said(ConversationEnded)) == 1
    assert offered(desk) == [(ALICE, FAULT), (CAROL, BILL)]


def test_a_caller_who_never_comes_to_the_waiting_room_is_let_go() -> None:
    desk, leg = talking()
    ask(desk, 30, to_queue=BILL)
    desk.tell(hung_up(leg, 30.2))

    desk.tick(41)

    assert [type(it) for it in desk.last.decisions] == [EndCall]


def test_a_transferred_caller_talks_with_the_next_agent() -> None:
    desk, leg = talking(CAROL)
    ask(desk, 30, to_queue=BILL)
    transferred(desk, BILL, 30)
    desk.tell(hung_up(leg, 30))

    second = desk.talk(1, 35)
    desk.tell(hung_up(caller_leg(1), 50), hung_up(second, 50))

    assert [it.agent_id for it in desk.said(CallConnected)] == [ALICE, CAROL]
    ends = [(it.agent_id, it.ended_by) for it in desk.said(ConversationEnded)]
    assert ends == [(ALICE, Party.AGENT), (CAROL, Party.CALLER)]
    [closed] = desk.said(CallClosed)
    assert closed.reason is CloseReason.COMPLETED


def test_who_leaves_while_waiting_again_has_left_the_queue() -> None:
    desk, leg = talking()
    ask(desk, 30, to_queue=BILL)
    transferred(desk, BILL, 30)

    desk.tell(hung_up(leg, 30), hung_up(caller_leg(1), 60))

    [closed] = desk.said(CallClosed)
    assert closed.reason is CloseReason.ABANDONED_IN_QUEUE
    assert closed.ended_by is Party.CALLER


def test_an_agent_who_was_named_is_rung_first() -> None:
    # Carol takes no faults: she was chosen by Alice.
    desk, leg = talking(BOB, CAROL)

    ask(desk, 30, to_agent=CAROL)
    transferred(desk, FAULT, 30)
    desk.tell(hung_up(leg, 30))

    assert offered(desk) == [(ALICE, FAULT), (CAROL, FAULT)]
    # She lets it ring: the queue has others.
    desk.tick(46)
    assert [it.agent_id for it in desk.said(OfferTimedOut)] == [CAROL]
    assert offered(desk)[-1] == (BOB, FAULT)


def test_an_agent_who_is_not_free_any_more_leaves_it_to_the_queue() -> None:
    desk, _leg = talking(CAROL)
    ask(desk, 30, to_agent=CAROL)
    desk.tell(arrived(2, 30), queued(2, 30, BILL))  # she is rung for this one

    transferred(desk, FAULT, 30.1)

    assert state(desk) is CallState.QUEUED
    assert [it for it in desk.last.decisions if isinstance(it, RingAgent)] == []


def test_a_caller_on_hold_is_transferred_and_the_agents_leg_let_go() -> None:
    desk, leg = talking(CAROL)
    desk.tell(HoldAsked(at=at(10), call_id=call_id(1), agent_id=ALICE))
    parted(desk, caller_leg(1), 10)
    parted(desk, leg, 10)

    ask(desk, 30, to_queue=BILL)
    desk.tell(queued(1, 30, BILL))

    assert EndLeg(offer_id=OfferId(leg)) in desk.last.decisions
    assert EndCall not in {type(it) for it in desk.last.decisions}
    [ended] = desk.said(ConversationEnded)
    assert ended.hold_s == 20
    assert offered(desk)[-1] == (CAROL, BILL)


def test_a_caller_on_hold_whose_agent_is_gone_is_served_by_others() -> None:
    desk, leg = talking(BOB)
    desk.tell(HoldAsked(at=at(10), call_id=call_id(1), agent_id=ALICE))
    parted(desk, caller_leg(1), 10)
    parted(desk, leg, 10)

    desk.tell(hung_up(leg, 20))
    # The dialplan leads the caller, who may be elsewhere by now where nobody decided.
    assert {MoveCaller, EndCall} & {type(it) for it in desk.last.decisions} == set()
    desk.tell(queued(1, 20.1))

    [fact] = desk.said(CallTransferred)
    assert not fact.is_asked
    assert offered(desk) == [(ALICE, FAULT), (BOB, FAULT)]


def test_who_lost_their_agent_while_nobody_decided_is_in_the_open_queue() -> None:
    desk, leg = talking(BOB)
    desk.tell(HoldAsked(at=at(10), call_id=call_id(1), agent_id=ALICE))
    parted(desk, caller_leg(1), 10)
    parted(desk, leg, 10)

    # As Asterisk's log of queues tells it, when an engine is back.
    desk.tell(hung_up(leg, 20))
    desk.tell(
        OpenQueueJoined(
            at=at(28),
            call_id=call_id(1),
            leg_id=caller_leg(1),
            queue_id=FAULT,
            call_class=0,
            arrived_at=at(0),
            queued_at=at(1),
            number="6000",
            caller_number="1",
            caller_name="",
            sip_call_id="",
        )
    )

    assert state(desk) is CallState.OPEN
    desk.tell(hung_up(caller_leg(1), 40))
    [closed] = desk.said(CallClosed)
    assert closed.reason is CloseReason.ABANDONED_IN_QUEUE


@pytest.mark.parametrize(
    ("to_queue", "to_agent", "why"),
    [
        (None, None, NotControlled),
        (BILL, CAROL, NotControlled),
        (QueueId("q_nowhere"), None, UnknownQueue),
        (None, AgentId("nobody"), UnknownAgent),
        (None, ALICE, TransferLoops),
        (None, CAROL, NotControlled),  # who is signed out
    ],
)
def test_a_transfer_to_nowhere_is_refused(
    to_queue: QueueId | None, to_agent: AgentId | None, why: type[Exception]
) -> None:
    desk, _leg = talking()

    with pytest.raises(why):
        ask(desk, 30, to_queue=to_queue, to_agent=to_agent)
    assert state(desk) is CallState.TALKING
    assert desk.engine.floor.calls[call_id(1)].moving is None


def test_only_who_has_the_call_may_transfer_it() -> None:
    desk, _leg = talking()

    with pytest.raises(NotInHand):
        ask(desk, 30, to_queue=BILL, agent=BOB)


def test_a_caller_does_not_go_round_in_circles() -> None:
    desk, leg = talking()
    call = desk.engine.floor.calls[call_id(1)]
    call.transfers = (BILL, FAULT, BILL)

    with pytest.raises(TransferLoops):
        ask(desk, 30, to_queue=BILL)
    call.transfers = (BILL, FAULT, BILL, FAULT, FAULT)
    with pytest.raises(TransferLoops):
        ask(desk, 30, to_agent=BOB)
    assert leg


def test_a_transfer_that_the_switch_refused_leaves_all_as_it_was() -> None:
    desk, leg = talking(CAROL)
    ask(desk, 30, to_queue=BILL)

    desk.tell(
        ControlFailed(
            at=at(30.1),
            call_id=call_id(1),
            offer_id=OfferId(leg),
            agent_id=ALICE,
            what=Control.TRANSFER,
            detail="no such channel",
        )
    )
    desk.tell(hung_up(caller_leg(1), 40))

    assert desk.said(CallTransferred) == []
    [ended] = desk.said(ConversationEnded)
    assert ended.ended_by is Party.CALLER


def test_a_waiting_room_that_nobody_led_to_changes_nothing() -> None:
    desk, leg = talking(CAROL)
    desk.tell(hung_up(leg, 30))

    assert desk.tell(queued(1, 30.1, BILL)).facts == ()
    assert state(desk) is CallState.LEAVING


def test_a_transfer_that_was_done_unheard_is_found_in_the_switch() -> None:
    desk, _leg = talking(CAROL)
    ask(desk, 30, to_queue=BILL)
    known = loaded(dumped(remember(desk.engine.floor)))
    other = Desk()
    restore(other.engine.floor, known)
    waiting = LegSeen(
        leg_id=caller_leg(1),
        role=LegRole.WAITING,
        call_id=call_id(1),
        queue_id=BILL,
        is_up=True,
    )

    other.tell(seen(40, waiting))

    assert len(other.said(CallTransferred)) == 1
    [told] = other.said(CallQueued)
    assert (told.queue_id, told.since) == (BILL, at(1))
    assert offered(other) == [(CAROL, BILL)]


def test_a_transfer_given_up_and_done_late_is_a_transfer_all_the_same() -> None:
    desk, leg = talking(CAROL)
    ask(desk, 30, to_queue=BILL)
    desk.tick(35)
    assert [it.what for it in desk.said(ControlFailed)] == [Control.TRANSFER]

    transferred(desk, BILL, 36)
    desk.tell(hung_up(leg, 36.1))
    desk.tick(60)

    assert len(desk.said(CallTransferred)) == 1
    [ended] = desk.said(ConversationEnded)
    assert (ended.ended_by, ended.at) == (Party.AGENT, at(36))
    assert offered(desk) == [(ALICE, FAULT), (CAROL, BILL)]


def test_who_hangs_up_behind_a_transfer_given_up_has_ended_the_conversation() -> None:
    desk, leg = talking(CAROL)
    ask(desk, 30, to_queue=BILL)
    desk.tick(35)

    parted(desk, caller_leg(1), 40)
    desk.tell(hung_up(caller_leg(1), 40.1), hung_up(leg, 40.2))

    [ended] = desk.said(ConversationEnded)
    assert ended.ended_by is Party.CALLER
    assert desk.engine.floor.calls == {}


def refused(desk: Desk, leg: LegId, seconds: float) -> None:
    desk.tell(
        ControlFailed(
            at=at(seconds),
            call_id=call_id(1),
            offer_id=OfferId(leg),
            agent_id=ALICE,
            what=Control.TRANSFER,
            detail="no such channel",
        )
    )


def test_a_transfer_given_up_and_refused_late_is_over() -> None:
    desk, leg = talking(CAROL)
    ask(desk, 30, to_queue=BILL)
    desk.tick(35)

    refused(desk, leg, 36)
    assert desk.engine.floor.calls[call_id(1)].moving is None
    parted(desk, caller_leg(1), 40)

    assert len(desk.said(ConversationEnded)) == 1


def test_who_is_taken_back_is_not_being_transferred_any_more() -> None:
    desk, leg = talking(CAROL)
    desk.tell(HoldAsked(at=at(10), call_id=call_id(1), agent_id=ALICE))
    parted(desk, caller_leg(1), 10)
    parted(desk, leg, 10)
    ask(desk, 30, to_queue=BILL)
    desk.tick(35)

    desk.tell(TakeBackAsked(at=at(36), call_id=call_id(1), agent_id=ALICE))
    assert desk.engine.floor.calls[call_id(1)].moving is None
    for one in (caller_leg(1), leg):
        desk.tell(LegJoined(at=at(36.1), leg_id=one, bridge_id="bridge-2"))
    parted(desk, caller_leg(1), 40)

    assert [it.ended_by for it in desk.said(ConversationEnded)] == [Party.CALLER]


def in_open_queue(seconds: float, queue_id: QueueId) -> OpenQueueJoined:
    return OpenQueueJoined(
        at=at(seconds),
        call_id=call_id(1),
        leg_id=caller_leg(1),
        queue_id=queue_id,
        call_class=0,
        arrived_at=at(0),
        queued_at=at(1),
        number="6000",
        caller_number="1",
        caller_name="",
        sip_call_id="",
    )


def test_a_transfer_while_nobody_decides_ends_in_the_open_queue() -> None:
    desk, leg = talking(CAROL)
    ask(desk, 30, to_queue=BILL)

    desk.tell(in_open_queue(38, BILL))
    desk.tell(hung_up(leg, 39))

    assert state(desk) is CallState.OPEN
    [ended] = desk.said(ConversationEnded)
    assert (ended.agent_id, ended.ended_by) == (ALICE, Party.AGENT)
    assert desk.state_of(ALICE) == ("wrap_up", "")


def test_a_transferred_caller_of_whom_nothing_is_heard_is_found_by_a_round() -> None:
    desk, leg = talking(CAROL)
    ask(desk, 30, to_queue=BILL)
    parted(desk, caller_leg(1), 30.1)
    desk.tell(hung_up(leg, 30.2))
    # The news of the waiting room is lost. A list of legs tells no queue.
    listed = LegSeen(
        leg_id=caller_leg(1), role=LegRole.WAITING, call_id=CallId(""), is_up=True
    )

    assert Watch(desk.engine.floor).is_odd(listed, at(33))
    waiting = replace(listed, call_id=call_id(1), queue_id=BILL)
    desk.tell(LegChecked(at=at(34), taken_at=at(34), leg=waiting))

    assert len(desk.said(CallTransferred)) == 1
    assert offered(desk) == [(ALICE, FAULT), (CAROL, BILL)]
    desk.tick(60)
    assert EndCall not in {type(it) for it in desk.last.decisions}


def test_an_earlier_conversations_end_does_not_hang_up_behind_a_later_one() -> None:
    desk, leg = talking(CAROL)
    ask(desk, 30, to_queue=BILL)
    parted(desk, caller_leg(1), 30)
    desk.tell(hung_up(leg, 30))  # to be in the waiting room by 40
    desk.tell(queued(1, 30.5, BILL))
    second = desk.talk(1, 32)

    ask(desk, 38, to_queue=FAULT, agent=CAROL)
    desk.tell(hung_up(second, 38.5))
    assert state(desk) is CallState.LEAVING
    desk.tick(40.1)
    assert EndCall not in {type(it) for it in desk.last.decisions}
    desk.tick(48.6)

    assert EndCall in {type(it) for it in desk.last.decisions}


def test_who_wraps_up_a_call_that_another_has_may_say_that_the_caller_disturbs() -> (
    None
):
    desk, leg = talking(CAROL)
    ask(desk, 30, to_queue=BILL)
    transferred(desk, BILL, 30)
    desk.tell(hung_up(leg, 30))
    marked = NuisanceMarked(at=at(33), call_id=call_id(1), agent_id=CAROL)
    with pytest.raises(NotInHand):
        desk.tell(marked)  # she is only rung
    desk.talk(1, 35)

    desk.tell(replace(marked, at=at(36), agent_id=ALICE), replace(marked, at=at(37)))

    assert [it.agent_id for it in desk.said(NuisanceMarked)] == [ALICE, CAROL]
