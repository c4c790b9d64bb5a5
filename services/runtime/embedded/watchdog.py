"""The watchdog as a process of its own; one that has stalled is killed here.

Whoever starts it looks after it: it guards the engine, and nobody else guards it.
"""

import asyncio
from dataclasses import dataclass

from services.runtime.embedded.child import Child
from services.runtime.embedded.our_own import OurOwn, asker, is_alive

START_LIMIT_S = 60.0
STOP_LIMIT_S = 5.0
MODULE = "services.runtime.watchdog"
NAME = "watchdog"
LOOK_EVERY_S = 2.0
_MISSES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchdogPlace(OurOwn):
    """What the watchdog is started with."""

    name: str = NAME
    module: str = MODULE
    stop_s: float = STOP_LIMIT_S
    """It has nothing to lose."""
    door: str
    """Where it answers, as in http://127.0.0.1:16005."""

    @property
    def health(self) -> str:
        """What answers 200 as long as it turns."""
        return f"{self.door}/health"


_guards: set[asyncio.Task[None]] = set()


async def start(place: WatchdogPlace) -> Child:
    """Start it, return when it answers, and from then on kill it when it stalls.

    Raises:
        NotStarted: It ended, or did not answer.
        PartRefuses: It ended for what an operator must mend; it says what.
    """
    child = await place.launched()
    await place.answering(child, place.health, limit_s=START_LIMIT_S)
    guard = asyncio.create_task(_guard(child, place.health), name="watchdog-guard")
    _guards.add(guard)
    guard.add_done_callback(_guards.discard)
    return child


async def _guard(child: Child, health: str) -> None:
    missed = 0
    async with asker() as asking:
        while child.exit_code is None:
            await asyncio.sleep(LOOK_EVERY_S)
            missed = 0 if await is_alive(asking, health) else missed + 1
            if missed >= _MISSES and child.exit_code is None:
                # The supervisor takes in its death, and starts another.
                await child.stop()
