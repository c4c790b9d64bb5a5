"""A waiting caller leaves the line by a key, and comes back: who goes before whom."""

import pytest

from acd.vocabulary.flow_facts import LeaveAsked
from acd.vocabulary.ids import LegId
from acd.vocabulary.leg_facts import CallQueued, LegAnswered
from acd.vocabulary.offer_facts import (
    CallClosed,
    CallLeftLine,
    CloseReason,
    OfferWithdrawn,
    Party,
)
from acd.vocabulary.states import AgentState, CallState
from tests.support.builders import (
    ALICE,
    BILL,
    Desk,
    arrived,
    at,
    call_id,
    caller_leg,
    hung_up,
    kinds,
    queued,
)


def asks(n: int, second: float) -> LeaveAsked:
    return LeaveAsked(
        at=at(second), call_id=call_id(n), flow="main", step="fault", key="1"
    )


def test_who_waits_leaves_the_line_and_is_offered_to_nobody() -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), queued(1, 1))

    outcome = desk.tell(asks(1, 5))
    desk.ready(ALICE)

    assert kinds(outcome.facts) == ["LeaveAsked", "CallLeftLine"]
    left = outcome.facts[-1]
    assert isinstance(left, CallLeftLine)
    assert left.queued_at == at(1)
    assert desk.engine.floor.call(call_id(1)).state is CallState.IN_FLOW
    assert desk.engine.floor.agent(ALICE).state is AgentState.READY


def test_while_a_device_rings_the_caller_goes_first_and_nobody_is_to_blame() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    offer_id = desk.engine.floor.call(call_id(1)).offer_id

    outcome = desk.tell(asks(1, 5))

    withdrawn = next(it for it in outcome.facts if isinstance(it, OfferWithdrawn))
    assert (withdrawn.offer_id, withdrawn.by) == (offer_id, Party.CALLER)
    assert [type(it).__name__ for it in outcome.decisions][:1] == ["StopRinging"]
    assert desk.engine.floor.agent(ALICE).state is AgentState.READY
    assert desk.engine.floor.call(call_id(1)).state is CallState.IN_FLOW


def test_once_the_agent_has_answered_the_key_is_too_late() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    offer_id = desk.engine.floor.call(call_id(1)).offer_id
    assert offer_id is not None
    desk.tell(LegAnswered(at=at(3), leg_id=LegId(offer_id)))

    outcome = desk.tell(asks(1, 3))

    assert outcome.facts == ()
    assert desk.engine.floor.call(call_id(1)).state is CallState.CONNECTING


def test_who_comes_back_to_the_queue_has_the_place_of_before() -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), queued(1, 1), arrived(2, 2), queued(2, 3), asks(1, 5))

    back = desk.tell(queued(1, 9)).facts[0]
    desk.ready(ALICE)

    assert isinstance(back, CallQueued)
    assert (back.at, back.since) == (at(9), at(1))
    assert desk.engine.floor.call(call_id(1)).state is CallState.OFFERED
    assert desk.engine.floor.call(call_id(2)).state is CallState.QUEUED


def test_another_queue_knows_nothing_of_the_place() -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), queued(1, 1), asks(1, 5))

    there = desk.tell(queued(1, 9, BILL)).facts[0]

    assert isinstance(there, CallQueued)
    assert there.since is None


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_key_of_who_does_not_wait_changes_nothing(is_gone: bool) -> None:
    desk = Desk()
    desk.tell(arrived(1, 0))
    if is_gone:
        desk.tell(hung_up(caller_leg(1), 2))

    assert desk.tell(asks(1, 5)).facts == ()


def test_who_leaves_the_line_and_hangs_up_left_in_the_flow() -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), queued(1, 1), asks(1, 5))

    closed = desk.tell(hung_up(caller_leg(1), 8)).facts[-1]

    assert isinstance(closed, CallClosed)
    assert closed.reason is CloseReason.ABANDONED_IN_FLOW
