"""Wall time is a label: when it is set, no duration changes and nothing goes back."""

import time

import pytest

from services.runtime.clock import Clock


@pytest.mark.parametrize("jump_s", [-3600, 3600, 60 * 86400, 12 * 365 * 86400])
def test_a_wall_clock_that_jumps_moves_no_instant(
    jump_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, wall, began_s = Clock(), time.time, time.monotonic()
    before = clock.now()

    monkeypatch.setattr(time, "time", lambda: wall() + jump_s)

    passed_s = (clock.now() - before).total_seconds()
    assert 0 <= passed_s <= time.monotonic() - began_s + 0.001
