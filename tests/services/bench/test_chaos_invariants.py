"""What the lab counts of a round, by logs that are right and logs that are not."""

from dataclasses import replace
from datetime import datetime

import pytest

from services.runtime.bench.chaos.evidence import Evidence
from services.runtime.bench.chaos.invariants import counts, oddities
from tests.services.bench.chaos_builders import (
    CALM,
    at,
    caller,
    device,
    evidence,
    heard,
    record,
    seen,
)


def found(told: Evidence) -> dict[str, int]:
    """Return what is not 0, by name."""
    return {count.name: count.found for count in counts(told) if count.found}


def test_a_round_in_which_all_is_well_counts_nothing() -> None:
    told = evidence(
        {"talking": [caller("1")], "waiting": [caller("2")], "new": []},
        devices=(device("1", rang=0.2, picked_up=0.5, hung_up=30.0, done=30.0),),
        agents_before={"1001": "ready"},
        agents_after={"1001": "ready"},
        health=(seen(9, is_red=False), seen(12, is_red=True)),
    )

    assert found(told) == {}
    assert {count.invariant for count in counts(told)} == {
        f"I-{n}" for n in range(1, 11)
    }


def test_a_talk_that_the_switch_ended_is_lost() -> None:
    by_switch = caller("1", "them", dialled=0, answered=0.1, hung_up=12)
    by_caller = caller("2", "us", dialled=0, answered=0.1, hung_up=12)
    after_the_window = caller("3", "them", dialled=0, answered=0.1, hung_up=25)
    never_answered = caller("4", None, dialled=0)

    told = evidence(
        {
            "talking": [by_switch, by_caller, after_the_window],
            "probe": [never_answered],
        },
        [
            record("1", ended_at=at(12)),
            record("2", ended_at=at(12)),
            record("3", ended_at=at(25)),
        ],
    )

    assert found(told) == {"talks lost": 2}


def test_who_waits_must_stay_and_must_not_hear_nothing_for_long() -> None:
    gone = caller("1", "them", dialled=0, answered=0.1, hung_up=12)
    silent, short = caller("2"), caller("3")
    in_flow = caller("4", "them", dialled=0, answered=0.1, hung_up=12)

    told = evidence(
        {"waiting": [gone, silent, short], "in_flow": [in_flow]},
        [
            record("1", ended_at=at(12)),
            record("2"),
            record("3"),
            record("4", ended_at=at(12)),
        ],
        ports={"2": 42, "3": 43},
        heard=(
            heard(42, (10, 14), sort="listening"),
            heard(43, (10, 12), sort="listening"),
        ),
    )

    assert found(told) == {
        "waiting callers lost": 1,
        "waiting callers in silence": 1,
        "callers in flows lost": 1,
    }


def test_a_sound_that_never_came_back_is_a_silence_until_the_end() -> None:
    told = evidence(
        {"waiting": [caller("2")]},
        ports={"2": 42},
        heard=(heard(42, sort="listening", until=11.0),),
    )

    assert found(told) == {"waiting callers in silence": 1}


def test_order_counts_over_more_than_a_second_and_not_within_one() -> None:
    waited = [
        caller("1", dialled=0, answered=1.0, hung_up=30),
        caller("2", dialled=0, answered=2.01, hung_up=30),
        caller("3", dialled=0, answered=3.1, hung_up=30),
    ]
    served = (
        device("3", "dev-1", rang=21, done=22),
        device("2", "dev-2", rang=22, done=23),
        device("1", "dev-3", rang=23, done=24),
    )
    right = [record(str(n), answered_at=at(0.1)) for n in (1, 2, 3)]

    told = evidence({"waiting": waited}, right, devices=served)

    # 3 before 1 and before 2; 2 before 1 may be within a second of the switch's.
    assert found(told) == {"served out of order": 2}


@pytest.mark.parametrize(
    ("opened_at", "rang", "expected"),
    [
        (None, 21.06, {"served out of order": 1}),
        (at(5), 22.0, {}),
        (at(5), 22.06, {"served out of order": 1}),
    ],
)
def test_in_the_open_queue_order_is_kept_to_the_second_in_which_callers_look(
    opened_at: datetime | None, rang: float, expected: dict[str, int]
) -> None:
    waited = [
        caller("1", dialled=0, answered=1.0, hung_up=30),
        caller("2", dialled=0, answered=3.0, hung_up=30),
    ]
    served = (
        device("2", "dev-1", rang=21, done=24),
        device("1", "dev-2", rang=rang, done=24),
    )
    values = {"answered_at": at(0.1), "opened_at": opened_at}
    right = [record(str(n), **values) for n in (1, 2)]

    told = evidence({"waiting": waited}, right, devices=served)

    assert found(told) == expected


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"number": "1", "name": "dev-2", "rang": 5.3}, {"callers offered twice": 1}),
        ({"number": "2", "name": "dev-1", "rang": 6.0}, {"agents offered two": 1}),
        ({"number": "2", "name": "dev-1", "rang": 9.95}, {}),
        ({"number": "1", "name": "dev-2", "rang": 9.95}, {}),
    ],
)
def test_no_agent_has_two_calls_and_no_call_two_agents(
    second: dict[str, object], expected: dict[str, int]
) -> None:
    number, name, rang = second["number"], second["name"], second["rang"]
    assert isinstance(rang, float)
    first = device("1", "dev-1", rang=5.0, picked_up=5.6, hung_up=10.0, done=10.0)
    other = device(str(number), str(name), rang=rang, picked_up=rang + 0.3, done=20.0)

    told = evidence({"talking": [caller("1"), caller("2")]}, devices=(first, other))

    assert found(told) == expected


def test_a_phone_that_learns_late_of_its_callers_end_was_not_offered_two() -> None:
    left = caller("1", "us", dialled=0, answered=0.1, hung_up=9.0)
    late = device("1", "dev-1", rang=0.2, picked_up=0.5, hung_up=10.0, done=10.0)
    following = device("2", "dev-1", rang=9.2, picked_up=9.5, done=20.0)

    told = evidence(
        {"talking": [left, caller("2")]},
        [record("1", ended_at=at(9.0)), record("2")],
        devices=(late, following),
    )

    assert found(told) == {}


def test_each_answered_call_has_one_closed_record() -> None:
    told = evidence(
        {"talking": [caller(n) for n in "1234"], "new": []},
        [
            record("1"),
            record("2"),
            record("2"),
            record("3", state="queued", ended_at=None, close_reason=None),
            record("9"),
        ],
    )

    assert found(told) == {
        "records missing": 1,
        "records extra": 2,
        "records left open": 1,
    }


def test_a_call_that_was_not_answered_needs_no_record() -> None:
    told = evidence({"in_flow": []}, [])
    refused = caller("1", None, dialled=0)

    assert found(replace(told, callers={"new": (refused,)})) == {
        "new calls not served": 1
    }


def test_lengths_are_held_against_sipp_and_an_estimate_is_given_more_room() -> None:
    told = evidence(
        {"talking": [caller(n) for n in "12345"]},
        [
            record("1", ended_at=at(30.9)),
            record("2", ended_at=at(31.5)),
            record("3", ended_at=at(44), is_estimated=True),
            record("4", ended_at=at(46), is_estimated=True),
            record("5", answered_at=at(-1)),
        ],
    )

    assert found(told) == {"lengths wrong": 2, "lengths negative": 1}


def test_calls_that_the_fault_ended_are_as_long_as_until_it() -> None:
    told = evidence(
        {"talking": [caller("1"), caller("2")]},
        [
            record("1", ended_at=at(9.8), is_estimated=True),
            record("2", ended_at=at(27), is_estimated=True),
        ],
        ends_calls=True,
    )

    assert found(told) == {"lengths wrong": 1}


def test_agents_must_be_as_before_and_nobody_talks_to_a_ghost() -> None:
    told = evidence(
        {"talking": []},
        agents_before={"1": "ready", "2": "ready", "3": "ready"},
        agents_after={"1": "ready", "2": "talking"},
    )

    assert found(told) == {"agents changed": 2, "ghost agents": 1}


def test_what_is_left_when_all_is_over_counts() -> None:
    grown = replace(CALM, channels=2, descriptors=45, rss_kb=200_000, threads=9)

    told = evidence({"talking": []}, after=grown)

    assert found(told) == {
        "channels left": 2,
        "descriptors grown": 15,
        "memory grown, kB": 48_800,
    }


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ((seen(9, is_red=True), seen(12, is_red=False)), {"faults not seen": 1}),
        ((seen(21, is_red=True),), {"faults not seen": 1}),
        ((seen(19, is_red=True),), {}),
        ((), {}),
    ],
)
def test_a_fault_must_be_seen_in_time(
    looks: tuple[object, ...], expected: dict[str, int]
) -> None:
    assert found(evidence({"talking": []}, health=looks)) == expected


def test_a_new_call_is_served_when_it_hears_something_in_time() -> None:
    in_time = caller("1", dialled=0.5, answered=0.6, hung_up=4)
    too_late = caller("2", dialled=-3, answered=0.6, hung_up=4)
    silent = caller("3", dialled=0.5, answered=0.6, hung_up=4)

    told = evidence(
        {"new": [in_time, too_late, silent]},
        [record(n, ended_at=at(4), answered_at=at(0.6)) for n in "123"],
        ports={"1": 41, "2": 42, "3": 43},
        heard=(heard(41, sort="listening"), heard(42, sort="listening")),
    )

    assert found(told) == {"new calls not served": 2}


def test_a_phone_whose_switch_died_is_free_for_the_next_call() -> None:
    dead = device("1", "dev-1", rang=0.2, picked_up=0.5)
    following = device("2", "dev-1", rang=14.0, picked_up=14.3, done=20.0)

    told = evidence(
        {"talking": [caller("1")], "new": []},
        [record("1", ended_at=at(10))],
        devices=(dead, following),
        ends_calls=True,
    )

    assert found(told) == {}


def test_what_is_odd_is_told_in_words_with_its_times() -> None:
    told = evidence(
        {"talking": [caller("1")]},
        [record("1", ended_at=at(44))],
        devices=(device("1", "dev-1", rang=0.2), device("1", "dev-2", rang=0.3)),
    )

    lines = list(oddities(told))

    assert len(lines) == 2
    assert "ended +34.00" in lines[0]
    assert "hung_up +20.00" in lines[0]
    assert "dev-1" in lines[1]
    assert "dev-2" in lines[1]
