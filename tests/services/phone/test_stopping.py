"""A command that a signal ends."""

import asyncio
import os
import signal

import pytest

from services.phone.stopping import Stopped, run_until_stopped


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_work_after_it_has_put_its_things_away(
    number: signal.Signals,
) -> None:
    put_away: list[str] = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.sleep(30)
        finally:
            # Putting away takes a while, and a second signal does not cut it short.
            os.kill(os.getpid(), number)
            await asyncio.sleep(0.05)
            put_away.append("phone")

    with pytest.raises(Stopped) as stopped:
        run_until_stopped(work())

    assert put_away == ["phone"]
    assert stopped.value.exit_code == 128 + number


def test_work_that_ends_by_itself_gives_its_result() -> None:
    async def work() -> str:
        return "done"

    assert run_until_stopped(work()) == "done"
