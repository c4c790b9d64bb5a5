"""Runs a command's work until it is done or a signal asks it to stop."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

_Done = TypeVar("_Done")


class Stopped(Exception):
    """A signal asked for the end, and the work has put its things away."""

    def __init__(self, signal_number: signal.Signals) -> None:
        self.signal_number = signal_number
        super().__init__(f"stopped by {signal_number.name}")

    @property
    def exit_code(self) -> int:
        """What a shell expects of a program that a signal ended."""
        return 128 + self.signal_number


def run_until_stopped(work: Coroutine[Any, Any, _Done]) -> _Done:
    """Run the work; at SIGINT or SIGTERM cancel it and let it put its things away.

    Raises:
        Stopped: A signal came; the work's own ``finally`` blocks have run.
    """
    return asyncio.run(_watched(work))


async def _watched(work: Coroutine[Any, Any, _Done]) -> _Done:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    asked: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        # A second signal would cancel the putting away; the first is enough.
        if not asked:
            task.cancel()
        asked.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if asked:
            raise Stopped(asked[0]) from None
        raise
