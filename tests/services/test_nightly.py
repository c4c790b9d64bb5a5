"""The estimates worked out anew each night."""

import asyncio
import time as clock
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.runtime.nightly import Nightly, next_night, rebuild_aside


@contextmanager
def living_in(zone: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as changed:
        changed.setenv("TZ", zone)
        clock.tzset()
        yield
    clock.tzset()


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-22T18:00:00Z", "2026-11-22T19:30:00Z"),  # 02:00 there: the same night
        ("2026-11-22T19:30:00Z", "2026-11-23T19:30:00Z"),  # at that moment: the next
        ("2026-11-22T23:00:00Z", "2026-11-23T19:30:00Z"),
    ],
)
def test_the_night_is_that_of_the_wall_clock(
    now: str, due: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with living_in("Asia/Shanghai", monkeypatch):
        found = next_night(datetime.fromisoformat(now), time(3, 30))

    assert found == datetime.fromisoformat(due)


def test_a_night_that_the_clocks_jump_over_still_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with living_in("Europe/Berlin", monkeypatch):
        found = next_night(datetime(2026, 3, 28, 20, tzinfo=UTC), time(2, 30))
        after = next_night(found, time(2, 30))

    assert found == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert after == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


async def test_each_night_is_worked_once_and_a_failed_one_is_told() -> None:
    passing = Passing(datetime(2026, 11, 22, 12, tzinfo=UTC))
    nights: list[datetime] = []

    async def rebuild() -> str:
        nights.append(passing.now)
        if len(nights) == 3:
            raise asyncio.CancelledError
        return "no database" if len(nights) == 1 else ""

    with capture_logs() as told, pytest.raises(asyncio.CancelledError):
        await Nightly(
            time(3, 30), rebuild, now=lambda: passing.now, sleep=passing.sleep
        ).run()

    assert [(later - one).days for one, later in pairwise(nights)] == [1, 1]
    assert [it.get("why") for it in told] == ["no database", None]


async def test_without_an_instance_the_command_says_so(tmp_path: Path) -> None:
    assert "no instance runs here" in await rebuild_aside(tmp_path)


class Passing:
    def __init__(self, now: datetime) -> None:
        self.now = now

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
