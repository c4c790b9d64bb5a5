"""Works the estimates of agents out anew each night, in a process of its own."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from itertools import count
from pathlib import Path

import structlog

from services.runtime.asked_aside import running_aside

log = structlog.get_logger()

_NICER = 19
_LIMIT_S = 2 * 3600.0
_LOOK_EVERY_S = 600.0
_NEEDED = ("PATH", "LANG", "LC_ALL", "TZ", "HOME")
"""What the command takes from our environment; where the records are stands in the
data folder."""


class Nightly:
    """Each night at a stated time: what only the records tell, as who calls again."""

    def __init__(
        self,
        at: time,
        rebuild: Callable[[], Awaitable[str]],
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Do nothing yet.

        Args:
            at: When, by the clock on the wall here.
            rebuild: Does it, and returns why it could not; "" if it is done.
            now: The time, aware.
            sleep: Lets seconds pass.
        """
        self._at = at
        self._rebuild = rebuild
        self._now = now
        self._sleep = sleep

    async def run(self) -> None:
        """Work until cancelled; a night that fails is told, and the next one comes."""
        while True:
            due = next_night(self._now(), self._at)
            # In pieces: a clock that is set meanwhile moves the night with it.
            while (left_s := (due - self._now()).total_seconds()) > 0:
                await self._sleep(min(left_s, _LOOK_EVERY_S))
            try:
                why = await asyncio.wait_for(self._rebuild(), _LIMIT_S)
            except TimeoutError:
                why = f"it took longer than {_LIMIT_S:.0f} s"
            if why:
                log.warning("estimates_not_rebuilt", why=why)
            else:
                log.info("estimates_rebuilt")


def next_night(now: datetime, at: time) -> datetime:
    """Return when a time of day comes next, by the clock on the wall here.

    Args:
        now: Aware.
        at: Without a zone. Where the clocks are put forward over it, an hour before.
    """
    today = now.astimezone().date()
    nights = (datetime.combine(today + timedelta(days=n), at) for n in count())
    # Later than now, by the instant: where the clocks are put forward over it, it comes
    # an hour before by the wall, and would come again and again.
    return next(due for night in nights if (due := night.astimezone()) > now)


async def rebuild_aside(data: Path) -> str:
    """Run ``tieline estimates rebuild`` where calls do not feel it.

    Args:
        data: Data folder of the running instance.

    Returns:
        Why it did not; "" if the engine has taken what it worked out.
    """
    kept = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    async with running_aside(
        *("nice", "-n", str(_NICER), sys.executable, "-P"),
        *("-m", "services.runtime.cli", "estimates", "rebuild", "--data", str(data)),
        environment=kept,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    ) as process:
        _, told = await process.communicate()
        words = told.decode(errors="replace").strip()
        return (words or f"exit code {process.returncode}") * bool(process.returncode)
