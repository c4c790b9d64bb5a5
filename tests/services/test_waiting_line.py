"""What the flow of a waiting caller is told of its line, and whether it may leave."""

from datetime import datetime

import pytest

from acd.vocabulary.flow_facts import LeaveAsked
from acd.vocabulary.ids import LegId
from acd.vocabulary.leg_facts import LegAnswered
from acd.vocabulary.states import CallState
from ivr.sounds import Language
from ivr.turns import LeaveLine
from ivr.walk import Phase, Walk
from services.runtime import waiting_line
from services.runtime.waiting_line import WaitingLine
from tests.support.builders import (
    ALICE,
    BILL,
    BOB,
    CAROL,
    Desk,
    arrived,
    at,
    call_id,
    queued,
)

LEAVE = LeaveLine(step="fault", key="1")


def a_line(desk: Desk, now: datetime = at(10)) -> WaitingLine:  # noqa: B008 - a value
    async def ask(asked: LeaveAsked) -> None:
        desk.tell(asked)

    return WaitingLine(desk.engine.floor, ask=ask, now=lambda: now)


def a_walk(n: int) -> Walk:
    return Walk(
        call_id=call_id(n),
        flow="main",
        step="fault",
        line="fault",
        language=Language.ZH,
        phase=Phase.WAITING,
    )


def test_the_place_counts_who_waits_before_in_the_same_line() -> None:
    desk = Desk()
    for n, queue_id in enumerate((BILL, BILL, BILL)):
        desk.tell(arrived(n, n), queued(n, n, queue_id))
    desk.tell(arrived(7, 7), queued(7, 7))
    line = a_line(desk)

    places = [line.values(call_id(n))["wait.place"] for n in (0, 1, 2, 7)]

    assert places == [1, 2, 3, 1]
    assert dict(line.values(call_id(99))) == {}


def test_how_long_it_takes_is_known_where_somebody_is_at_work() -> None:
    desk = Desk()
    for n in range(3):
        desk.tell(arrived(n, n), queued(n, n, BILL))
    line = a_line(desk)
    alone = line.values(call_id(2))["wait.minutes"]
    desk.ready(CAROL)

    minutes = [line.values(call_id(n))["wait.minutes"] for n in (1, 2)]

    assert alone is None
    assert all(isinstance(it, int) and it >= 1 for it in minutes)
    assert minutes == sorted(minutes)  # type: ignore[type-var]


async def test_who_waits_may_leave_and_keeps_the_place() -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), queued(1, 1))
    line = a_line(desk)

    assert await line.leave(call_id(1), LEAVE, a_walk(1))
    assert line.place(call_id(1), "q_fault") == at(1).timestamp()
    assert line.place(call_id(1), "q_bill") is None


async def test_who_is_being_joined_may_not_leave() -> None:
    desk = Desk()
    desk.ready(ALICE, BOB)
    desk.tell(arrived(1, 0), queued(1, 1))
    offer_id = desk.engine.floor.call(call_id(1)).offer_id
    desk.tell(LegAnswered(at=at(3), leg_id=LegId(offer_id or "")))

    assert not await a_line(desk).leave(call_id(1), LEAVE, a_walk(1))
    assert desk.engine.floor.call(call_id(1)).state is CallState.CONNECTING


async def test_a_key_before_the_engine_knows_of_the_wait_does_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting_line, "_TOLD_WITHIN_S", 0.1)
    desk = Desk()
    desk.tell(arrived(1, 0))

    assert not await a_line(desk).leave(call_id(1), LEAVE, a_walk(1))
    assert not await a_line(desk).leave(call_id(2), LEAVE, a_walk(2))
