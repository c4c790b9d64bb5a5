"""The demo's crowd: the same from the same seed, and of every sort."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from services.phone.hotline import AgentSeen, CallSeen
from services.phone.sipp_log import SippCall
from services.runtime.demo.board import Moment, in_a_line, queues_now
from services.runtime.demo.both_sides import Row, device_rows, talk_rows
from services.runtime.demo.plan import Kind, agents, callers

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
STAFF = tuple(str(1001 + n) for n in range(30))


def _device(by: str | None = None, **at_s: float) -> SippCall:
    at = {name: NOON + timedelta(seconds=s) for name, s in at_s.items()}
    return SippCall(sip_call_id="d", at=at, hung_up_by=by)


def test_the_same_seed_gives_the_same_crowd_and_another_gives_another() -> None:
    assert callers(300, 7) == callers(300, 7)
    assert callers(300, 7) != callers(300, 8)
    assert agents(STAFF, 7) == agents(STAFF, 7)


def test_a_crowd_has_every_sort_and_each_caller_a_number_of_their_own() -> None:
    crowd = callers(300, 7)

    assert set(Counter(caller.kind for caller in crowd)) == set(Kind)
    assert len({caller.number for caller in crowd}) == 300
    assert all((c.key == "") == (c.kind is Kind.LEAVES_MENU) for c in crowd)


def test_every_agent_has_one_device_and_some_refuse_or_let_it_ring() -> None:
    groups = agents(STAFF, 7)

    assert sorted(a for group in groups for a in group.agents) == sorted(STAFF)
    assert [len(group.agents) for group in groups] == [3, 3, 12, 12]
    assert {group.status for group in groups} == {200, 603}


def test_few_agents_are_all_willing() -> None:
    assert {group.status for group in agents(STAFF[:5], 7)} == {200}


def test_a_queue_tells_who_waits_and_for_how_long() -> None:
    waiting = CallSeen(
        call_id="1",
        state="queued",
        queue_id="q_fault",
        queued_at=NOON - timedelta(seconds=9),
    )
    talking = CallSeen(call_id="2", state="talking", queue_id="q_fault")
    moment = Moment(
        at=NOON,
        calls=[waiting, talking],
        agents=[AgentSeen(agent_id="1001", state="talking")],
        ended=3,
        planned=10,
    )

    [queue] = queues_now(moment, {"q_fault": "故障报修"})

    assert (queue.name, queue.waiting, queue.talking) == ("故障报修", 1, 1)
    assert queue.oldest_s == 9
    assert in_a_line(moment) == (
        "12:00:00: 3 over, 0 in the menu, 1 waiting, 1 talking"
    )


def test_talks_agree_when_number_and_length_do() -> None:
    devices = [
        _device("us", rang=0, picked_up=1, hung_up=4),
        _device("them", rang=0, picked_up=2, hung_up=3.5),
        _device(rang=0, cancelled=3),
    ]

    assert [row.agrees for row in talk_rows([3.0, 1.4], devices)] == [True, True]
    assert [row.agrees for row in talk_rows([3.0], devices)] == [False, False]
    assert [row.agrees for row in talk_rows([3.0, 4.5], devices)] == [True, False]


def offer_rows(
    offers: dict[str, int], devices: list[SippCall], left_at: float = 60
) -> list[Row]:
    """Compare, where the callers of all devices left at one instant."""
    left = {device.number: NOON + timedelta(seconds=left_at) for device in devices}
    return device_rows(offers, devices, 3.0, left_at=left, crossing_s=0.4)


def test_a_refusal_as_the_caller_leaves_may_stand_as_one_or_as_withdrawn() -> None:
    devices = [_device(rang=0, refused=0.1)]

    by_left_at = {
        left_at: [
            offer_rows({"declined": declined}, devices, left_at)[1].agrees
            for declined in (0, 1)
        ]
        for left_at in (0.3, 0.6)
    }

    assert by_left_at == {0.3: [True, True], 0.6: [False, True]}


def test_offers_are_held_against_what_devices_did() -> None:
    devices = [
        _device("us", rang=0, picked_up=1, hung_up=4),
        _device(rang=0, refused=0.1),
        _device(rang=0, cancelled=3.0),
        _device(rang=0, cancelled=0.7),
    ]

    rows = offer_rows({"answered": 1, "declined": 1, "timed_out": 1}, devices)

    assert [(row.name, row.expected) for row in rows] == [
        ("answers", 1),
        ("refusals", 1),
        ("no-answers", 1),
    ]
    assert all(row.agrees for row in rows)


def test_signals_that_crossed_may_stand_either_way() -> None:
    devices = [
        _device("us", rang=0, picked_up=1, hung_up=4),
        _device("them", rang=0, picked_up=1, hung_up=1.2),
        _device(rang=0, cancelled=2.6),
    ]

    for answered, timed_out in ((1, 0), (2, 1)):
        told = {"answered": answered, "timed_out": timed_out}
        assert all(row.agrees for row in offer_rows(told, devices))
    none = offer_rows({"answered": 0, "timed_out": 2}, devices)
    assert [row.agrees for row in none] == [False, True, False]
    assert none[0].told == "1 to 2"


def test_a_row_that_differs_says_so() -> None:
    assert not Row(name="calls", found=299, expected=300).agrees
    assert Row(name="s", found=10.2, expected=10, tolerance=0.3).agrees
