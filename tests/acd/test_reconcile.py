"""What is seen in the switch puts right what the engine missed."""

from datetime import timedelta

import pytest

from acd.core.watch import Watch
from acd.vocabulary.decisions import BridgeCall, DismissAgent, StopRinging
from acd.vocabulary.ids import CallId, LegId, OfferId
from acd.vocabulary.leg_facts import (
    CallQueued,
    LegAnswered,
    LegChecked,
    LegEnded,
    LegEnding,
    LegParted,
    LegRole,
    LegSeen,
    SwitchLost,
)
from acd.vocabulary.offer_facts import (
    CallClosed,
    CallConnected,
    CloseReason,
    ConversationEnded,
    OfferAnswered,
    Party,
)
from tests.support.builders import (
    ALICE,
    BOB,
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


def waiting(n: int, *, since: float, bridge: str | None = None) -> LegSeen:
    return LegSeen(
        leg_id=caller_leg(n),
        role=LegRole.WAITING,
        call_id=call_id(n),
        queue_id=FAULT,
        queued_at=at(since),
        number="6000",
        is_up=True,
        bridge_id=bridge,
    )


def offered(leg: LegId, *, is_up: bool, bridge: str | None = None) -> LegSeen:
    return LegSeen(
        leg_id=leg,
        role=LegRole.OFFER,
        call_id=CallId(""),
        offer_id=OfferId(leg),
        is_up=is_up,
        bridge_id=bridge,
    )


def checked(leg: LegSeen, seconds: float, *, taken: float | None = None) -> LegChecked:
    taken_at = at(seconds - 0.01 if taken is None else taken)
    return LegChecked(at=at(seconds), taken_at=taken_at, leg=leg)


def lost(leg: LegId, seconds: float, *, alive: float) -> LegEnded:
    return LegEnded(
        at=at(seconds), leg_id=leg, ending=LegEnding.LOST, alive_at=at(alive)
    )


def test_a_hang_up_that_nobody_heard_closes_the_record_at_the_last_proof_of_life() -> (
    None
):
    desk = Desk()
    desk.tell(arrived(1, 0), queued(1, 1), lost(caller_leg(1), 9, alive=6))

    [closed] = desk.said(CallClosed)
    assert (closed.reason, closed.is_estimated) == (CloseReason.LOST, True)
    assert (closed.at, closed.ended_by) == (at(6), Party.SYSTEM)


def test_a_proof_of_life_before_the_last_news_of_a_call_proves_nothing() -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), queued(1, 7), lost(caller_leg(1), 9, alive=6))

    assert desk.said(CallClosed)[0].at == at(7)


def test_a_conversation_whose_hang_up_is_lost_ends_with_its_record() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    desk.talk(1, 3)

    desk.tell(lost(caller_leg(1), 9, alive=6))

    [ended], [closed] = desk.said(ConversationEnded), desk.said(CallClosed)
    assert (ended.at, ended.ended_by) == (at(6), Party.SYSTEM)
    assert (closed.at, closed.reason) == (at(6), CloseReason.LOST)
    # Her work after the call is counted from when she is known to be free.
    assert desk.engine.floor.agents[ALICE].since == at(9)
    assert desk.state_of(ALICE) == ("wrap_up", "")


def test_a_call_whose_conversation_was_seen_to_end_is_completed_though_its_end_is_not() -> (  # noqa: E501 - a sentence
    None
):
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.talk(1, 3)
    desk.tell(LegParted(at=at(5), leg_id=leg, bridge_id="bridge-1"))

    desk.tell(lost(caller_leg(1), 9, alive=6))

    [closed] = desk.said(CallClosed)
    assert (closed.reason, closed.ended_by) == (CloseReason.COMPLETED, Party.AGENT)
    assert closed.is_estimated


def test_a_call_whose_queueing_nobody_heard_takes_the_place_that_was_its_own() -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), arrived(2, 0), queued(2, 3))

    desk.tell(checked(waiting(1, since=2), 6))
    desk.ready(ALICE, seconds=7)

    late = desk.said(CallQueued)[-1]
    assert (late.call_id, late.at) == (call_id(1), at(2))
    assert desk.engine.floor.calls[call_id(1)].offer_id is not None


def test_a_time_of_queueing_in_the_future_is_not_believed() -> None:
    desk = Desk()

    desk.tell(arrived(1, 0), checked(waiting(1, since=3600), 6))

    assert desk.said(CallQueued)[-1].at == at(6)


def test_an_answer_that_nobody_heard_is_found_and_the_parties_are_joined() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.offered_leg(1)

    outcome = desk.tell(checked(offered(leg, is_up=True), 6))

    assert len(desk.said(OfferAnswered)) == 1
    assert [type(d) for d in outcome.decisions] == [BridgeCall]


def test_a_joining_that_nobody_heard_is_a_conversation_once_found() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.offered_leg(1)
    desk.tell(LegAnswered(at=at(2), leg_id=leg))

    desk.tell(
        checked(waiting(1, since=1, bridge="b"), 4.5),
        checked(offered(leg, is_up=True, bridge="b"), 4.5, taken=4.51),
    )

    assert len(desk.said(CallConnected)) == 1
    assert desk.state_of(ALICE) == ("talking", "")


def test_a_parting_that_nobody_heard_ends_the_conversation() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    desk.talk(1, 3)

    desk.tell(checked(waiting(1, since=1), 6))

    assert len(desk.said(ConversationEnded)) == 1
    assert desk.state_of(ALICE) == ("wrap_up", "")


def test_what_was_learnt_after_the_asking_began_stands() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    desk.talk(1, 3)

    outcome = desk.tell(checked(waiting(1, since=1), 6, taken=2.9))

    assert outcome.facts == ()
    assert desk.state_of(ALICE) == ("talking", "")


def test_a_snapshot_too_tells_that_a_pair_was_parted_meanwhile() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.talk(1, 3)

    desk.tell(SwitchLost(at=at(4)))
    desk.tell(seen(6, waiting(1, since=1), offered(leg, is_up=True)))

    assert len(desk.said(ConversationEnded)) == 1


@pytest.mark.parametrize(
    ("is_up", "sent_away"), [(False, StopRinging), (True, DismissAgent)]
)
def test_a_leg_of_nobodys_offer_is_sent_away(is_up: bool, sent_away: type) -> None:
    desk = Desk()

    outcome = desk.tell(checked(offered(LegId("stray"), is_up=is_up), 6))

    assert [type(d) for d in outcome.decisions] == [sent_away]


def test_a_leg_that_was_lost_and_rings_late_is_sent_away() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.offered_leg(1)
    desk.tell(SwitchLost(at=at(2)), seen(3, waiting(1, since=1)))

    ringing = offered(leg, is_up=False)

    assert watch_of(desk).is_odd(ringing, at(5))
    outcome = desk.tell(checked(ringing, 5))
    assert [type(d) for d in outcome.decisions] == [StopRinging]


def test_an_offer_that_is_being_joined_is_left_alone() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.offered_leg(1)
    desk.tell(LegAnswered(at=at(2), leg_id=leg))

    outcome = desk.tell(checked(offered(leg, is_up=True), 3))

    assert outcome.decisions == ()


def test_a_device_that_rings_on_after_its_offer_is_told_to_stop_again() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.offered_leg(1)
    desk.tick(16)

    outcome = desk.tell(checked(offered(leg, is_up=False), 30))

    assert [type(d) for d in outcome.decisions] == [StopRinging]


def test_a_restart_ends_calls_at_the_last_proof_that_the_switch_lived() -> None:
    desk = Desk()
    desk.ready(ALICE, BOB)
    desk.tell(arrived(1, 0), queued(1, 1), arrived(2, 1), queued(2, 2))
    desk.talk(1, 3)

    desk.tell(SwitchLost(at=at(10), alive_at=at(7)), seen(20, boot_id="b2"))

    closed = desk.said(CallClosed)
    assert {f.reason for f in closed} == {CloseReason.SWITCH_RESTARTED}
    assert {f.at for f in closed} == {at(7)}
    assert all(f.is_estimated for f in closed)
    # Who talked has the work of the call still to do; who was rung is free.
    assert [desk.state_of(ALICE)[0], desk.state_of(BOB)[0]] == ["wrap_up", "ready"]
    assert desk.engine.floor.offers == {}


def test_a_leg_of_the_same_id_after_a_restart_is_another_one() -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), queued(1, 1))
    again = LegSeen(
        leg_id=caller_leg(1),
        role=LegRole.WAITING,
        call_id=call_id(2),
        queue_id=FAULT,
        queued_at=at(8),
    )

    desk.tell(SwitchLost(at=at(5)), seen(9, again, boot_id="b2"))

    [closed] = desk.said(CallClosed)
    assert closed.call_id == call_id(1)
    assert set(desk.engine.floor.calls) == {call_id(2)}


# What the engine believes of each leg, when a round asks.


def watch_of(desk: Desk) -> Watch:
    return Watch(desk.engine.floor)


def test_a_leg_is_missed_once_it_must_be_there() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.offered_leg(1)
    watch = watch_of(desk)

    assert watch.missing({caller_leg(1), leg}, at(9)) == []
    assert watch.missing({}, at(0)) == []
    assert watch.missing({}, at(2)) == [caller_leg(1)]
    assert watch.missing({}, at(9)) == [caller_leg(1), leg]


def test_what_is_as_it_is_believed_is_not_odd() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1), arrived(2, 0), queued(2, 1))
    leg = desk.talk(1, 3)
    watch = watch_of(desk)

    for one in (
        waiting(1, since=1, bridge="bridge-1"),
        offered(leg, is_up=True, bridge="bridge-1"),
        waiting(2, since=1),
        LegSeen(leg_id=LegId("x"), role=LegRole.FLOW, call_id=CallId("")),
    ):
        assert not watch.is_odd(one, at(9))


def test_what_is_not_as_it_is_believed_is_odd() -> None:
    desk = Desk()
    desk.ready(ALICE, BOB)
    desk.tell(arrived(1, 0), queued(1, 1), arrived(2, 0))
    desk.tell(arrived(3, 0), queued(3, 1))
    leg, ringing = desk.talk(1, 3), desk.offered_leg(3)
    watch = watch_of(desk)

    for one in (
        waiting(1, since=1),
        offered(leg, is_up=True),
        waiting(2, since=1),
        waiting(4, since=1),
        offered(ringing, is_up=True),
        offered(LegId("stray"), is_up=False),
    ):
        assert watch.is_odd(one, at(9)), one


def test_news_of_a_call_after_the_asking_excuses_what_is_odd() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    desk.talk(1, 3)

    assert not watch_of(desk).is_odd(waiting(1, since=1), at(2))


def test_a_leg_whose_end_is_known_is_not_odd() -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), queued(1, 1), hung_up(caller_leg(1), 3))

    assert not watch_of(desk).is_odd(waiting(1, since=1), at(2))


def test_the_leg_of_an_offer_that_is_over_may_live_a_little_longer() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.offered_leg(1)
    desk.tick(16)
    ended = at(16) + timedelta(seconds=1)

    assert not watch_of(desk).is_odd(offered(leg, is_up=True), ended)
    assert watch_of(desk).is_odd(offered(leg, is_up=False), at(30))
