"""The watchdog as a process of its own; one that has stalled is killed here.

Whoever starts it looks after it: it guards the engine, and nobody else guards it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from services.runtime.embedded.child import Child
from services.runtime.embedded.errors import NotStarted, PartRefuses
from services.runtime.privileges import confined
from services.runtime.settings import CHECKOUT
from services.runtime.trust import NOBODY

START_LIMIT_S = 60.0
STOP_LIMIT_S = 5.0
MODULE = "services.runtime.watchdog"
REFUSED = "tieline-watchdog: "
"""Begins, in the watchdog's log, the sentence by which it refused to run."""
LOOK_EVERY_S = 2.0
_LOOK_S = 2.0
_MISSES = 3
_OPERATORS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchdogPlace:
    """What the watchdog is started with."""

    data: Path
    door: str
    """Where it answers, as in http://127.0.0.1:16005."""
    variables: Mapping[str, str]
    """What it is told over its inherited environment, by the names of the variables:
    settings as they were found, secrets, its role's address of the database."""

    @property
    def log(self) -> Path:
        """The watchdog's words."""
        return self.data / "log" / "watchdog.log"


_guards: set[asyncio.Task[None]] = set()


async def start(place: WatchdogPlace) -> Child:
    """Start it, return when it answers, and from then on kill it when it stalls.

    Raises:
        NotStarted: It ended, or did not answer.
        PartRefuses: It ended for what an operator must mend; it says what.
    """
    argv = (sys.executable, "-P", "-m", MODULE, "--data", str(place.data))
    paths = {"PYTHONPATH": str(CHECKOUT), "PYTHONSAFEPATH": "1"}
    child = await Child.start(
        "watchdog",
        confined(argv, None),
        log=place.log,
        environment=os.environ | paths | dict(place.variables),
    )
    try:
        await child.until(
            _answers(place.door),
            limit_s=START_LIMIT_S,
            asked=f"{place.door}/health answers 200",
        )
    except NotStarted as ended:
        await stop(child)
        if ended.ended_with == _OPERATORS:
            said = place.log.read_text(encoding="utf-8", errors="replace")
            sentence = said.rpartition(REFUSED)[2].strip()
            raise PartRefuses("watchdog", sentence, log=place.log) from None
        raise
    except BaseException:
        await stop(child)
        raise
    guard = asyncio.create_task(_guard(child, place.door), name="watchdog-guard")
    _guards.add(guard)
    guard.add_done_callback(_guards.discard)
    return child


async def stop(child: Child) -> None:
    """Stop the watchdog: it has nothing to lose."""
    await child.stop((signal.SIGTERM, STOP_LIMIT_S))


async def _guard(child: Child, door: str) -> None:
    missed = 0
    while child.exit_code is None:
        await asyncio.sleep(LOOK_EVERY_S)
        missed = 0 if await _is_alive(door) else missed + 1
        if missed >= _MISSES and child.exit_code is None:
            # The supervisor takes in its death, and starts another.
            await child.stop()


async def _answers(door: str) -> None:
    while not await _is_alive(door):  # noqa: ASYNC110 - a foreign process tells nobody
        await asyncio.sleep(0.1)


async def _is_alive(door: str) -> bool:
    try:
        # Nothing of the machine's proxies stands between us and loopback.
        async with httpx.AsyncClient(
            trust_env=False, timeout=_LOOK_S, verify=NOBODY
        ) as client:
            return (await client.get(f"{door}/health")).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
