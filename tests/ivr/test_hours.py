"""When offices are open."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.hours import NO_HOURS, Hours, HoursRefused, load_hours_from

FILE = Path("hours.yaml")
TEXT = """\
zone: Asia/Shanghai
holidays: [2026-10-01]
worked: [2026-10-10]
calendars:
  office:
    week: {mon-fri: [08:30-12:00, 14:00-17:30], sat: [09:00-12:00]}
    holidays: closed
  line:
    week: {mon-sun: [00:00-24:00]}
    holidays: as_usual
  duty:
    week: {mon-fri: [08:00-18:00]}
    holidays: [10:00-12:00]
"""


def hours() -> Hours:
    return load_hours_from(TEXT, file=FILE)


def clock(day: int, hour: int, minute: int = 0) -> datetime:
    """Return an instant by the centre's clocks, which are 8 hours ahead."""
    at = datetime(2026, 10, day, hour, minute, tzinfo=UTC)
    return datetime.fromtimestamp(at.timestamp() - 8 * 3600, tz=UTC)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (clock(9, 8, 29), False),
        (clock(9, 8, 30), True),
        (clock(9, 12, 0), False),
        (clock(9, 17, 29), True),
        (clock(17, 11), True),
        (clock(17, 14), False),
        (clock(18, 11), False),
        (clock(10, 15), True),
        (clock(1, 11), False),
    ],
)
def test_an_office_is_open_in_its_hours(at: datetime, is_open: bool) -> None:
    assert hours().is_open("office", at) is is_open


def test_what_holds_on_a_holiday_is_said_by_each_calendar() -> None:
    assert hours().is_holiday(clock(1, 11))
    assert hours().is_open("line", clock(1, 3))
    assert hours().is_open("duty", clock(1, 11))
    assert not hours().is_open("duty", clock(1, 15))


def test_the_last_minute_of_a_day_is_in_it() -> None:
    assert hours().is_open("line", clock(9, 23, 59))


def test_a_calendar_that_is_none_is_closed() -> None:
    assert hours().is_open("office", clock(9, 9)) is not hours().is_open(
        "x", at=clock(9, 9)
    )
    assert not NO_HOURS.is_open("office", clock(9, 9))


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "    holidays: closed\n",
            "",
            "hours.yaml:5: calendars → office → holidays: is required, got nothing",
        ),
        (
            "holidays: closed",
            "holidays: sometimes",
            "hours.yaml:7: calendars → office → holidays: should be 'closed' or "
            "'as_usual', got 'sometimes'",
        ),
        (
            "08:30-12:00",
            "8:30",
            "hours.yaml:6: calendars → office → week → mon-fri → 0: should be hours as "
            "in `08:30-17:30`, got '8:30'",
        ),
        (
            "08:30-12:00",
            "12:00-08:30",
            "hours.yaml:6: calendars → office → week → mon-fri → 0: should be hours as "
            "in `08:30-17:30`, got '12:00-08:30'",
        ),
        (
            "mon-fri: [08:30",
            "mon-frei: [08:30",
            "hours.yaml:6: calendars → office → week → mon-frei: should be a day or "
            "days in a row, as in `mon-fri` or `sat`, got 'mon-frei'",
        ),
        (
            "Asia/Shanghai",
            "Asia/Shanghi",
            "hours.yaml:1: zone: should be a zone of the world's, as in "
            "`Asia/Shanghai`, got 'Asia/Shanghi'",
        ),
        (
            "worked:",
            "wrked:",
            "hours.yaml:3: wrked: is not an option here; did you mean 'worked'?",
        ),
    ],
)
def test_what_is_wrong_with_hours_is_said_where_it_stands(
    right: str, wrong: str, message: str
) -> None:
    assert right in TEXT

    with pytest.raises(HoursRefused) as caught:
        load_hours_from(TEXT.replace(right, wrong, 1), file=FILE)

    assert str(caught.value) == message
