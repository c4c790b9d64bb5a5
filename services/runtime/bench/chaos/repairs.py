"""Waits for a repair: until something holds, or a part runs again."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from services.runtime.bench.chaos import processes, witnesses
from services.runtime.bench.chaos.scene import Scene
from services.runtime.bench.problems import BenchFailed

BACK_LIMIT_S = 60.0
_LOOK_EVERY_S = 0.1


async def until(
    holds: Callable[[], Awaitable[bool]], what: str, limit_s: float = BACK_LIMIT_S
) -> float:
    """Wait until it holds; return for how long.

    Raises:
        BenchFailed: It does not, in the time there is.
    """
    began_s = time.monotonic()
    while not await holds():
        if time.monotonic() > began_s + limit_s:
            raise BenchFailed(
                "waiting for the repair",
                found=f"not {what} after {limit_s:g} s",
                would_do="the logs of the instance say more",
            )
        await asyncio.sleep(_LOOK_EVERY_S)
    return time.monotonic() - began_s


async def new_pid(scene: Scene, part: str, old: int) -> int:
    """Return the process of a part once it is another than before.

    Raises:
        BenchFailed: None comes.
    """

    async def is_back() -> bool:
        return processes.pid_of(scene.stand.instance, part) not in (None, old)

    await until(is_back, f"{part} running again")
    return processes.pids(scene.stand.instance)[part]


async def until_ready(
    scene: Scene, part: str = "", limit_s: float = BACK_LIMIT_S
) -> float:
    """Wait until a part, or all of them, say they do their work; return for how long.

    Raises:
        BenchFailed: It does not, in the time there is.
    """
    http = scene.stand.instance.http

    async def is_ready() -> bool:
        found = await witnesses.ready_parts(http)
        return bool(found) and (found.get(part, False) if part else all(found.values()))

    return await until(is_ready, f"{part or 'all'} ready", limit_s)


async def until_red(scene: Scene, part: str, limit_s: float = BACK_LIMIT_S) -> float:
    """Wait until a part says that it does not do its work; return for how long.

    Raises:
        BenchFailed: It never does.
    """
    http = scene.stand.instance.http

    async def is_red() -> bool:
        return (await witnesses.ready_parts(http)).get(part) is False

    return await until(is_red, f"{part} told as out of order", limit_s)
