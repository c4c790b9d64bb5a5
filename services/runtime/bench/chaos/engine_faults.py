"""The engine killed, hung, and shut off from what it needs."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from services.runtime.bench.chaos import processes
from services.runtime.bench.chaos.fault import Fault, Limit
from services.runtime.bench.chaos.scene import Scene
from services.runtime.bench.problems import BenchFailed

BACK_LIMIT_S = 60.0
_HELD_DOWN_S = 4.0
"""The supervisor stands still for so long, or there would be no time to dial in."""
_LOOK_EVERY_S = 0.1


async def engine_killed(scene: Scene) -> Mapping[str, float]:
    """Kill the engine, keep it away for some seconds, wait until all is adopted."""
    told = scene.stand.instance
    pids = processes.pids(told)
    began_s = time.monotonic()
    with processes.frozen(pids["supervisor"]):
        processes.kill(pids["engine"])
        await asyncio.sleep(_HELD_DOWN_S)
    await until(scene.is_adopted, "all calls adopted")
    adopted_s = time.monotonic()
    engine = await new_pid(scene, "engine", pids["engine"])
    since_start_s = processes.age_s(engine) - (time.monotonic() - adopted_s)
    return {"adopted_s": since_start_s, "away_s": adopted_s - began_s}


async def nothing(_scene: Scene) -> Mapping[str, float]:
    """Let the time of a fault pass without one: the control run."""
    await asyncio.sleep(_HELD_DOWN_S + 3)
    return {}


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


ENGINE_KILLED = Fault(
    fault_id="F-05",
    title="engine killed",
    strike=engine_killed,
    rounds=10,
    short_rounds=2,
    limits={"adopted_s": Limit(floor=5, goal=2)},
    enough_talking=1000,
    enough_waiting=600,
)
CONTROL = Fault(fault_id="control", title="no fault", strike=nothing)
