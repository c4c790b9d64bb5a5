"""How calls come and go, in and out of order."""

import pytest

from acd.vocabulary.agent_facts import (
    AgentNotReady,
    AgentReady,
    AgentSignedIn,
    WrapUpDone,
)
from acd.vocabulary.decisions import EndCall
from acd.vocabulary.errors import (
    IllegalTransition,
    UnknownAgent,
    UnknownCall,
    UnknownQueue,
)
from acd.vocabulary.facts import ToldFact
from acd.vocabulary.flow_facts import (
    CallRouted,
    FlowEnded,
    FlowEnding,
    KeyPressed,
    StepEntered,
)
from acd.vocabulary.ids import AgentId, CallId, QueueId
from acd.vocabulary.leg_facts import (
    LegEnded,
    LegEnding,
    LegRole,
    LegSeen,
    SwitchLost,
)
from acd.vocabulary.offer_facts import (
    CallAdopted,
    CallClosed,
    CloseReason,
    OfferStarted,
    OfferWithdrawn,
    Party,
)
from tests.support.builders import (
    ALICE,
    FAULT,
    Desk,
    arrived,
    at,
    call_id,
    caller_leg,
    hung_up,
    kinds,
    queued,
    seen,
)


def closing(desk: Desk) -> list[tuple[str, str]]:
    return [(f.reason.value, f.ended_by.value) for f in desk.said(CallClosed)]


def test_a_caller_who_leaves_in_the_menu_abandoned_the_flow() -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), hung_up(caller_leg(1), 4))

    assert closing(desk) == [("abandoned_in_flow", "caller")]


def test_a_flow_that_says_goodbye_is_not_an_abandon() -> None:
    desk = Desk()
    ended = FlowEnded(
        at=at(3),
        call_id=call_id(1),
        flow="main",
        step="bye",
        ending=FlowEnding.COMPLETED,
    )
    desk.tell(arrived(1, 0), ended, hung_up(caller_leg(1), 4))

    assert closing(desk) == [("flow_completed", "system")]


def test_a_caller_who_leaves_on_the_way_to_the_queue_abandoned_the_queue() -> None:
    desk = Desk()
    routed = CallRouted(
        at=at(2),
        call_id=call_id(1),
        flow="main",
        step="s",
        nth=1,
        queue_id=FAULT,
        skills=(),
    )
    desk.tell(arrived(1, 0), routed, hung_up(caller_leg(1), 3))

    assert closing(desk) == [("abandoned_in_queue", "caller")]


def test_a_caller_who_gives_up_waiting_is_not_offered_any_more() -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), queued(1, 1), hung_up(caller_leg(1), 9))

    desk.ready(ALICE, seconds=10)

    assert closing(desk) == [("abandoned_in_queue", "caller")]
    assert not desk.said(OfferStarted)


def test_a_hang_up_that_overtakes_the_arrival_closes_the_call_at_once() -> None:
    desk = Desk()

    desk.tell(hung_up(caller_leg(1), 0), arrived(1, 0))

    assert closing(desk) == [("abandoned_in_flow", "caller")]
    assert desk.engine.floor.calls == {}


def test_news_that_is_told_twice_changes_nothing() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.talk(1, 3)
    story: list[ToldFact] = [
        arrived(1, 0),
        queued(1, 1),
        hung_up(leg, 8),
        hung_up(leg, 8),
        hung_up(caller_leg(1), 9),
        hung_up(caller_leg(1), 9),
        queued(1, 1),
        arrived(1, 0),
    ]

    for fact in story:
        desk.tell(fact)

    assert closing(desk) == [("completed", "agent")]
    assert desk.last.facts == ()


def test_late_keys_of_a_closed_call_are_kept_with_its_place() -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), hung_up(caller_leg(1), 1))

    outcome = desk.tell(
        KeyPressed(
            at=at(1),
            call_id=call_id(1),
            flow="main",
            step="menu",
            key="1",
            nth=2,
            is_choice=True,
        )
    )

    assert outcome.facts[0].place.unit == "YZ"


def test_what_names_nobody_is_refused_in_words() -> None:
    desk = Desk()
    step = StepEntered(at=at(0), call_id=call_id(7), flow="main", step="s", nth=1)

    with pytest.raises(UnknownCall, match=r"not a live call"):
        desk.tell(step)
    with pytest.raises(UnknownAgent, match=r"agent 'dave': not on the floor; the"):
        desk.tell(AgentReady(at=at(0), agent_id=AgentId("dave")))
    desk.tell(arrived(1, 0))
    with pytest.raises(UnknownQueue, match=r"queue 'q_none': not on the floor; the"):
        desk.tell(queued(1, 1, QueueId("q_none")))


def test_a_wish_out_of_place_is_refused_and_says_what_would_do() -> None:
    desk = Desk()
    desk.tell(AgentSignedIn(at=at(0), agent_id=ALICE))

    with pytest.raises(IllegalTransition) as refused:
        desk.tell(WrapUpDone(at=at(1), agent_id=ALICE))

    assert str(refused.value) == (
        "agent 'alice' is not_ready, which has no place for WrapUpDone; it takes "
        "AgentSignedIn, AgentSignedOut, AgentReady, AgentNotReady, CallConnected"
    )
    assert desk.state_of(ALICE) == ("not_ready", "")


def test_another_reason_for_a_break_is_a_change_of_state() -> None:
    desk = Desk()
    desk.tell(AgentSignedIn(at=at(0), agent_id=ALICE))

    outcome = desk.tell(AgentNotReady(at=at(1), agent_id=ALICE, reason="lunch"))

    assert kinds(outcome.facts) == ["AgentNotReady", "AgentStateEntered"]


def test_no_offer_is_made_while_the_switch_is_out_of_sight() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(SwitchLost(at=at(0)), arrived(1, 1), queued(1, 2))
    assert not desk.said(OfferStarted)

    desk.tell(
        seen(5, LegSeen(leg_id=caller_leg(1), role=LegRole.WAITING, call_id=CallId("")))
    )

    assert len(desk.said(OfferStarted)) == 1


def test_a_call_missing_from_the_snapshot_is_closed_as_lost() -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), queued(1, 1), seen(9))

    (closed,) = desk.said(CallClosed)
    assert closed.reason is CloseReason.LOST
    assert closed.is_estimated
    assert closed.ended_by is Party.SYSTEM


def test_a_restarted_switch_ends_all_calls_of_before() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), arrived(2, 0), queued(1, 1))
    desk.talk(1, 3)

    desk.tell(seen(9, boot_id="b2"))

    assert {f.reason for f in desk.said(CallClosed)} == {CloseReason.SWITCH_RESTARTED}
    assert len(desk.said(CallClosed)) == 2
    assert desk.state_of(ALICE) == ("wrap_up", "")


def test_each_leg_that_a_restarted_switch_lost_has_an_end() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    agent_leg = desk.talk(1, 3)

    desk.tell(seen(9, boot_id="b2"))

    ended = [fact for fact in desk.facts if isinstance(fact, LegEnded)]
    assert {fact.leg_id for fact in ended} == {caller_leg(1), agent_leg}
    assert {fact.ending for fact in ended} == {LegEnding.LOST}


def test_what_came_after_the_snapshot_was_begun_is_newer_than_it() -> None:
    desk = Desk()
    desk.tell(arrived(1, 5))

    desk.tell(seen(6, taken_at=at(4)))

    assert not desk.said(CallClosed)


def test_an_offer_missing_from_the_snapshot_is_withdrawn_without_blame() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))

    desk.tell(
        seen(5, LegSeen(leg_id=caller_leg(1), role=LegRole.WAITING, call_id=CallId("")))
    )

    assert [f.by for f in desk.said(OfferWithdrawn)] == [Party.SYSTEM]
    assert len(desk.said(OfferStarted)) == 2


def test_a_waiting_leg_nobody_knows_is_adopted_with_its_old_place() -> None:
    desk = Desk()
    desk.tell(arrived(2, 0), queued(2, 3))
    stranger = LegSeen(
        leg_id=caller_leg(1),
        role=LegRole.WAITING,
        call_id=call_id(1),
        queue_id=FAULT,
        queued_at=at(1),
        number="6000",
    )
    known = LegSeen(leg_id=caller_leg(2), role=LegRole.WAITING, call_id=call_id(2))

    desk.tell(seen(9, stranger, known))
    desk.ready(ALICE, seconds=10)

    assert [f.call_id for f in desk.said(CallAdopted)] == [call_id(1)]
    assert [f.call_id for f in desk.said(OfferStarted)] == [call_id(1)]


def test_a_caller_whom_the_switch_keeps_after_the_talk_is_hung_up() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    agents_leg = desk.talk(1, 3)
    desk.tell(hung_up(agents_leg, 9))

    assert desk.engine.next_deadline == at(11)
    assert desk.tick(11).decisions == (
        EndCall(call_id=call_id(1), leg_id=caller_leg(1)),
    )


def test_a_caller_who_is_let_go_after_the_talk_is_left_alone() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    agents_leg = desk.talk(1, 3)
    desk.tell(hung_up(agents_leg, 9), hung_up(caller_leg(1), 9.02))

    assert desk.tick(11).decisions == ()
