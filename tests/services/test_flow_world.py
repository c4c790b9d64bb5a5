"""What flows know of the world around a call."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ivr.hours import load_hours_from
from ivr.values import Values
from services.floor.floor import Floor
from services.runtime.flags import FLAGS, Flags
from services.runtime.flow_world import FlowWorld, Repeats
from tests.support.builders import ALICE, FAULT, Desk, a_floor, arrived, at, queued

HOURS = """\
holidays: [2026-11-02]
calendars:
  office: {week: {mon-sun: [08:00-18:00]}, holidays: closed}
"""


def floor() -> Floor:
    hours = load_hours_from(HOURS, file=Path("hours.yaml"))
    return Floor(numbers={}, policy=a_floor(), flows={}, hours=hours)


def world(tmp_path: Path, desk: Desk, *, seconds: float = 0) -> Values:
    around = FlowWorld(desk.engine.floor, flags=Flags(tmp_path))
    return around.at(at(seconds), floor())


def test_the_clock_is_the_centres(tmp_path: Path) -> None:
    known = world(tmp_path, Desk())

    # 8 o'clock in the tests is 16 o'clock in Shanghai, on a Sunday.
    assert (known["now.hour"], known["now.minute"], known["now.weekday"]) == (16, 0, 7)
    assert known["hours.office"] is True
    assert known["holiday"] is False


def test_a_queue_is_told_as_it_is_now(tmp_path: Path) -> None:
    desk = Desk()
    desk.tell(arrived(1, 0), queued(1, 1), arrived(2, 2), queued(2, 3))

    known = world(tmp_path, desk, seconds=61)

    assert known["queue.q_fault.waiting"] == 2
    assert known["queue.q_fault.longest_s"] == 60
    assert known["queue.q_fault.ready"] == 0
    assert known["queue.q_bill.waiting"] == 0
    assert known["queue.q_bill.longest_s"] == 0


def test_who_is_ready_for_a_queue_is_counted(tmp_path: Path) -> None:
    desk = Desk()
    desk.ready(ALICE)

    known = world(tmp_path, desk)

    assert known[f"queue.{FAULT}.ready"] == 1
    assert known["queue.q_bill.ready"] == 0
    assert known["queue.q_gone.ready"] == 0


def test_what_is_not_there_is_missing(tmp_path: Path) -> None:
    known = world(tmp_path, Desk())

    assert known.get("account.balance") is None
    assert known.get("queue.q_fault.mood") is None
    assert list(known) == []


def test_a_flag_is_up_as_soon_as_its_file_says_so(tmp_path: Path) -> None:
    known = world(tmp_path, Desk())
    assert known["storm"] is False

    (tmp_path / FLAGS).write_text(json.dumps({"storm": True, "x": 1}))

    assert known["storm"] is True
    assert known["flag.x"] is False
    (tmp_path / FLAGS).unlink()
    assert known["storm"] is False


def test_a_file_of_flags_that_is_none_puts_none_up(tmp_path: Path) -> None:
    (tmp_path / FLAGS).write_text("[")

    assert world(tmp_path, Desk())["storm"] is False


def test_calls_of_one_number_are_counted_for_two_hours() -> None:
    repeats, now = Repeats(), datetime(2026, 11, 1, tzinfo=UTC)

    counts = [repeats.of("138", now + timedelta(minutes=m)) for m in (0, 10, 119, 131)]

    assert counts == [0, 1, 2, 1]
    assert repeats.of("139", now) == 0


def test_callers_without_a_number_repeat_nothing() -> None:
    repeats, now = Repeats(), datetime(2026, 11, 1, tzinfo=UTC)

    assert [repeats.of("unknown", now) for _ in range(3)] == [0, 0, 0]
