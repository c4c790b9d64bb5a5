"""Whose time each moment of a call is, for twelve kinds of calls."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest

from acd.core.segments import SegmentKind, segments_of
from acd.vocabulary.control_facts import HoldAsked, TakeBackAsked
from acd.vocabulary.ids import LegId
from acd.vocabulary.leg_facts import LegJoined, LegParted
from acd.vocabulary.offer_facts import CallClosed
from tests.acd.test_transfers import ask, parted, talking, transferred
from tests.support.builders import (
    ALICE,
    BILL,
    BOB,
    CAROL,
    FAULT,
    Desk,
    at,
    call_id,
    caller_leg,
    hung_up,
    queued,
)

Row = tuple[str, str | None, str | None, float, float]
"""Kind, agent, queue, and from when to when, in seconds."""

F, B = str(FAULT), str(BILL)
BEGINS: list[Row] = [
    ("flow", None, None, 0, 1),
    ("ring", ALICE, F, 1, 3),
]


def hold(desk: Desk, leg: LegId, seconds: float) -> None:
    desk.tell(HoldAsked(at=at(seconds), call_id=call_id(1), agent_id=ALICE))
    parted(desk, caller_leg(1), seconds)
    parted(desk, leg, seconds)


def back(desk: Desk, leg: LegId, seconds: float) -> None:
    desk.tell(TakeBackAsked(at=at(seconds), call_id=call_id(1), agent_id=ALICE))
    for one in (caller_leg(1), leg):
        desk.tell(LegJoined(at=at(seconds), leg_id=one, bridge_id="bridge-2"))


def nobody_moves() -> tuple[Desk, list[Row]]:
    desk, leg = talking()
    desk.tell(hung_up(caller_leg(1), 23.004), hung_up(leg, 23.1))
    return desk, [*BEGINS, ("talk", ALICE, F, 3, 23.004)]


def agent_hangs_up() -> tuple[Desk, list[Row]]:
    desk, leg = talking()
    desk.tell(hung_up(leg, 20), hung_up(caller_leg(1), 20.25))
    rows: list[Row] = [("talk", ALICE, F, 3, 20), ("leave", None, F, 20, 20.25)]
    return desk, [*BEGINS, *rows]


def held_and_taken_back() -> tuple[Desk, list[Row]]:
    desk, leg = talking()
    hold(desk, leg, 10)
    back(desk, leg, 17.5)
    desk.tell(hung_up(caller_leg(1), 20))
    return desk, [
        *BEGINS,
        ("talk", ALICE, F, 3, 10),
        ("hold", ALICE, F, 10, 17.5),
        ("talk", ALICE, F, 17.5, 20),
    ]


def caller_leaves_on_hold() -> tuple[Desk, list[Row]]:
    desk, leg = talking()
    hold(desk, leg, 10)
    desk.tell(hung_up(caller_leg(1), 12))
    return desk, [*BEGINS, ("talk", ALICE, F, 3, 10), ("hold", ALICE, F, 10, 12)]


def to_a_queue() -> tuple[Desk, list[Row]]:
    desk, leg = talking(CAROL)
    ask(desk, 30, to_queue=BILL)
    transferred(desk, BILL, 30.2)
    desk.tell(hung_up(leg, 30.3))
    second = desk.talk(1, 35)
    desk.tell(hung_up(caller_leg(1), 50), hung_up(second, 50))
    return desk, [
        *BEGINS,
        ("talk", ALICE, F, 3, 30.2),
        ("ring", CAROL, B, 30.2, 35),
        ("talk", CAROL, B, 35, 50),
    ]


def to_a_queue_where_nobody_is() -> tuple[Desk, list[Row]]:
    desk, leg = talking()
    ask(desk, 30, to_queue=BILL)
    transferred(desk, BILL, 30)
    desk.tell(hung_up(leg, 30), hung_up(caller_leg(1), 60))
    rows: list[Row] = [("talk", ALICE, F, 3, 30), ("queue", None, B, 30, 60)]
    return desk, [*BEGINS, *rows]


def agents_leg_ends_first() -> tuple[Desk, list[Row]]:
    desk, leg = talking(CAROL)
    ask(desk, 30, to_queue=BILL)
    parted(desk, caller_leg(1), 30.1)
    desk.tell(hung_up(leg, 30.2), queued(1, 30.5, BILL))
    second = desk.talk(1, 33)
    desk.tell(hung_up(second, 40), hung_up(caller_leg(1), 40))
    return desk, [
        *BEGINS,
        ("talk", ALICE, F, 3, 30.2),
        ("leave", None, F, 30.2, 30.5),
        ("ring", CAROL, B, 30.5, 33),
        ("talk", CAROL, B, 33, 40),
    ]


def to_an_agent() -> tuple[Desk, list[Row]]:
    desk, leg = talking(CAROL)
    ask(desk, 30, to_agent=CAROL)
    transferred(desk, FAULT, 30)
    desk.tell(hung_up(leg, 30))
    second = desk.talk(1, 36)
    desk.tell(hung_up(caller_leg(1), 50), hung_up(second, 50))
    return desk, [
        *BEGINS,
        ("talk", ALICE, F, 3, 30),
        ("ring", CAROL, F, 30, 36),
        ("talk", CAROL, F, 36, 50),
    ]


def to_an_agent_who_lets_it_ring() -> tuple[Desk, list[Row]]:
    desk, leg = talking(BOB, CAROL)
    ask(desk, 30, to_agent=CAROL)
    transferred(desk, FAULT, 30)
    desk.tell(hung_up(leg, 30))
    desk.tick(45)
    second = desk.talk(1, 47)
    desk.tell(hung_up(caller_leg(1), 50), hung_up(second, 50))
    return desk, [
        *BEGINS,
        ("talk", ALICE, F, 3, 30),
        ("ring", CAROL, F, 30, 45),
        ("ring", BOB, F, 45, 47),
        ("talk", BOB, F, 47, 50),
    ]


def from_hold() -> tuple[Desk, list[Row]]:
    desk, leg = talking(CAROL)
    hold(desk, leg, 10)
    ask(desk, 30, to_queue=BILL)
    desk.tell(queued(1, 30, BILL), hung_up(leg, 30.1))
    second = desk.talk(1, 34)
    desk.tell(hung_up(caller_leg(1), 40), hung_up(second, 40))
    return desk, [
        *BEGINS,
        ("talk", ALICE, F, 3, 10),
        ("hold", ALICE, F, 10, 30),
        ("ring", CAROL, B, 30, 34),
        ("talk", CAROL, B, 34, 40),
    ]


def agent_is_gone_in_hold() -> tuple[Desk, list[Row]]:
    desk, leg = talking(BOB)
    hold(desk, leg, 10)
    desk.tell(hung_up(leg, 20), queued(1, 20.1))
    second = desk.talk(1, 25)
    desk.tell(hung_up(caller_leg(1), 40), hung_up(second, 40))
    return desk, [
        *BEGINS,
        ("talk", ALICE, F, 3, 10),
        ("hold", ALICE, F, 10, 20),
        ("leave", None, F, 20, 20.1),
        ("ring", BOB, F, 20.1, 25),
        ("talk", BOB, F, 25, 40),
    ]


def twice() -> tuple[Desk, list[Row]]:
    desk, leg = talking(CAROL)
    ask(desk, 30, to_queue=BILL)
    transferred(desk, BILL, 30)
    desk.tell(hung_up(leg, 30))
    second = desk.talk(1, 35)
    desk.ready(BOB, seconds=36)
    ask(desk, 40, to_queue=FAULT, agent=CAROL)
    desk.tell(
        LegParted(at=at(40), leg_id=caller_leg(1), bridge_id="bridge-1"),
        queued(1, 40, FAULT),
        hung_up(second, 40),
    )
    third = desk.talk(1, 41)
    desk.tell(hung_up(caller_leg(1), 50), hung_up(third, 50))
    return desk, [
        *BEGINS,
        ("talk", ALICE, F, 3, 30),
        ("ring", CAROL, B, 30, 35),
        ("talk", CAROL, B, 35, 40),
        ("ring", BOB, F, 40, 41),
        ("talk", BOB, F, 41, 50),
    ]


KINDS = (
    nobody_moves,
    agent_hangs_up,
    held_and_taken_back,
    caller_leaves_on_hold,
    to_a_queue,
    to_a_queue_where_nobody_is,
    agents_leg_ends_first,
    to_an_agent,
    to_an_agent_who_lets_it_ring,
    from_hold,
    agent_is_gone_in_hold,
    twice,
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda it: it.__name__)
def test_time_goes_to_the_agent_whose_leg_talks_with_the_caller(
    kind: Callable[[], tuple[Desk, list[Row]]],
) -> None:
    desk, expected = kind()

    found = [it for it in segments_of(desk.facts) if it.kind is not SegmentKind.WRAP_UP]

    assert [
        (it.kind.value, it.agent_id, it.queue_id, it.started_at, it.ended_at)
        for it in found
    ] == [
        (name, agent, queue, at(began), at(ended))
        for name, agent, queue, began, ended in expected
    ]
    [closed] = desk.said(CallClosed)
    whole = sum((it.ended_at - it.started_at for it in found), timedelta())
    assert whole == closed.at - at(0), "end to end, to the last microsecond"
    for one, next_ in pairwise(found):
        assert one.ended_at == next_.started_at
    assert all((it.agent_id is None) is (it.leg_id is None) for it in found)


def test_wrap_up_is_the_agents_own_time() -> None:
    desk, leg = talking()
    desk.tell(hung_up(caller_leg(1), 20), hung_up(leg, 20))
    desk.tick(50)

    found = [it for it in segments_of(desk.facts) if it.kind is SegmentKind.WRAP_UP]

    assert [(it.agent_id, it.started_at, it.ended_at) for it in found] == [
        (ALICE, at(20), at(50))
    ]


def test_wrap_up_is_of_the_queue_that_was_talked_for_whichever_the_caller_is_in() -> (
    None
):
    desk, leg = talking(CAROL)
    ask(desk, 30, to_queue=BILL)
    transferred(desk, BILL, 30)
    desk.tell(hung_up(leg, 30))
    desk.tick(70)

    found = [it for it in segments_of(desk.facts) if it.kind is SegmentKind.WRAP_UP]

    assert [(it.agent_id, it.queue_id) for it in found] == [(ALICE, FAULT)]


def test_what_goes_on_has_no_segment_yet() -> None:
    desk, _leg = talking()

    assert [it.kind.value for it in segments_of(desk.facts)] == ["flow", "ring"]
