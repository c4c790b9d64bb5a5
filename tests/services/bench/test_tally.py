"""A call counted twice: SIPp's view of it held against its record."""

from datetime import UTC, datetime, timedelta

import pytest

from services.phone.sipp_log import SippCall
from services.runtime.bench.tally import Tally, compare, seen
from services.runtime.bench.trail import CallTrail

BEGIN = datetime(2026, 11, 21, 8, tzinfo=UTC)
RING_S = 3.0
NUMBER = "13800000000"


def _sipp(call_id: str, by: str | None = None, **at_s: float) -> SippCall:
    at = {name: BEGIN + timedelta(seconds=s) for name, s in at_s.items()}
    return SippCall(sip_call_id=call_id, number=NUMBER, at=at, hung_up_by=by)


def _record(reason: str, ended_by: str = "caller", **times: int) -> CallTrail:
    return CallTrail(
        call_id="c",
        sip_call_id="1@sipp",
        number=NUMBER,
        state="closed",
        close_reason=reason,
        ended_by=ended_by,
        times={"call_closed": 1} | times,
    )


def _held(caller: SippCall, devices: list[SippCall], *records: CallTrail) -> Tally:
    return compare(seen([caller], devices, ring_s=RING_S), list(records))


LEFT_AT_5 = {"answered": 0.0, "hung_up": 5.0}
PICKED_UP = _sipp("d", "them", rang=1.0, picked_up=1.2, answered=1.2, hung_up=5.01)


def test_a_call_that_both_saw_alike_is_no_problem() -> None:
    tally = _held(_sipp("1@sipp", "us", **LEFT_AT_5), [PICKED_UP], _record("completed"))

    assert tally.problems == ()
    assert tally.crossings == ()
    assert {"name": "completed", "found": 1, "expected": 1} in tally.counts


def test_a_call_without_a_record_or_with_two_is_told() -> None:
    caller = _sipp("1@sipp", "us", **LEFT_AT_5)
    record = _record("completed")

    assert "must have one record, found 0" in _held(caller, [PICKED_UP]).problems[0]
    two = _held(caller, [PICKED_UP], record, record)
    assert "must have one record, found 2" in two.problems[0]


def test_a_record_closed_twice_is_told() -> None:
    record = _record("completed", call_closed=2)

    tally = _held(_sipp("1@sipp", "us", **LEFT_AT_5), [PICKED_UP], record)

    assert "must be closed once, found closed, 2 times" in tally.problems[0]


def test_a_record_of_a_call_that_nobody_dialled_is_told() -> None:
    tally = compare([], [_record("completed")])

    assert tally.problems == ("c: is on record, and SIPp dialled no such call",)


def test_a_record_that_says_otherwise_than_sipp_saw_is_told() -> None:
    tally = _held(
        _sipp("1@sipp", "us", **LEFT_AT_5), [PICKED_UP], _record("abandoned_ringing")
    )

    assert tally.problems == (
        "call 1@sipp of 13800000000: SIPp saw it completed,"
        " the record says abandoned_ringing",
    )


def test_a_record_that_names_another_as_the_one_who_ended_it_is_told() -> None:
    record = _record("completed", ended_by="agent")

    tally = _held(_sipp("1@sipp", "us", **LEFT_AT_5), [PICKED_UP], record)

    assert "ended by caller, the record says agent" in tally.problems[0]


def test_a_caller_whom_the_switch_threw_out_of_the_queue_is_told() -> None:
    tally = _held(
        _sipp("1@sipp", "them", **LEFT_AT_5), [], _record("abandoned_in_queue")
    )

    assert "with an agent until the end" in tally.problems[0]


@pytest.mark.parametrize(
    ("device", "may_be"),
    [
        ([], {"abandoned_in_queue"}),
        ([_sipp("d", rang=4.99, cancelled=5.01)], {"abandoned_ringing"}),
        ([_sipp("d", rang=5.02, cancelled=5.03)], {"abandoned_ringing"}),
        ([_sipp("d", rang=1.0, refused=1.1)], {"abandoned_in_queue"}),
        ([_sipp("d", rang=1.0, cancelled=4.0)], {"abandoned_in_queue"}),
        (
            [_sipp("d", rang=4.9, refused=5.0)],
            {"abandoned_in_queue", "abandoned_ringing"},
        ),
        (
            [_sipp("d", rang=2.1, cancelled=5.1)],
            {"abandoned_in_queue", "abandoned_ringing"},
        ),
        ([_sipp("d", rang=4.0, picked_up=4.1)], {"completed"}),
        ([_sipp("d", rang=4.0, picked_up=4.99)], {"completed", "abandoned_ringing"}),
    ],
    ids=[
        "nobody rang",
        "rang until the caller left",
        "rang first when the caller had left",
        "refused long before",
        "rang out long before",
        "refused as the caller left",
        "rang out as the caller left",
        "picked up long before",
        "picked up as the caller left",
    ],
)
def test_what_sipp_alone_can_say_of_a_call(
    device: list[SippCall], may_be: set[str]
) -> None:
    caller = _sipp("1@sipp", "us", **LEFT_AT_5)

    (call,) = seen([caller], device, ring_s=RING_S)

    assert call.may_be == may_be


def test_a_caller_who_leaves_at_once_may_not_have_come_to_the_queue() -> None:
    caller = _sipp("1@sipp", "us", answered=0.0, hung_up=0.12)

    (call,) = seen([caller], [], ring_s=RING_S)

    assert call.may_be == {"abandoned_in_flow", "abandoned_in_queue"}


def test_a_crossing_is_told_with_its_times_and_is_no_problem_either_way() -> None:
    device = _sipp("d", rang=4.0, picked_up=4.99)
    caller = _sipp("1@sipp", "us", **LEFT_AT_5)

    for reason in ("completed", "abandoned_ringing"):
        tally = _held(caller, [device], _record(reason))

        assert tally.problems == ()
        assert f"stands as {reason}" in tally.crossings[0]
        assert "picked_up -10.0 ms" in tally.crossings[0]
