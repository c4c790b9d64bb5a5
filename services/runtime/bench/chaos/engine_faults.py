"""The engine killed, hung, starved, stopped in order; its watchdog killed."""

import asyncio
import resource
import signal
import time
from collections.abc import Mapping
from contextlib import suppress

from services.runtime.bench.chaos import processes
from services.runtime.bench.chaos.fault import Fault, LeftOut, Limit
from services.runtime.bench.chaos.repairs import new_pid, until, until_ready
from services.runtime.bench.chaos.scene import Scene
from services.runtime.bench.problems import BenchFailed
from services.runtime.upgrading import ask_for_new_engine

_HELD_DOWN_S = 4.0
"""The supervisor stands still for so long, or there would be no time to dial in."""
_HUNG_S = 30.0
_STARVED_S = 8.0
_SPARE_DESCRIPTORS = 3


async def engine_killed(scene: Scene) -> Mapping[str, float]:
    """Kill the engine, keep it away for some seconds, wait until all is adopted."""
    told = scene.stand.instance
    pids = processes.pids(told)
    began_s = time.monotonic()
    with processes.frozen(pids["supervisor"]):
        processes.kill(pids["engine"])
        await asyncio.sleep(_HELD_DOWN_S)
    return await _adopted(scene, pids["engine"], began_s, since_s=time.monotonic())


async def engine_hung(scene: Scene) -> Mapping[str, float]:
    """Let the engine stand still; who does not kill it lets it go on after 30 s."""
    old = processes.pids(scene.stand.instance)["engine"]
    began_s = time.monotonic()
    processes.kill(old, signal.SIGSTOP)
    with suppress(BenchFailed):
        await until(lambda: _gone(old), "the engine killed", _HUNG_S)
    stood_s = time.monotonic() - began_s
    if processes.age_s(old):
        processes.kill(old, signal.SIGCONT)
        await until(scene.is_adopted, "all calls known")
        return {"stood_still_s": stood_s}
    since_s = began_s + stood_s
    found = await _adopted(scene, old, began_s, since_s=since_s)
    return {"stood_still_s": stood_s, **found}


async def engine_stopped(scene: Scene) -> Mapping[str, float]:
    """Have the engine started anew by its supervisor, as an upgrade does."""
    pids = processes.pids(scene.stand.instance)
    old = pids["engine"]
    began_s = time.monotonic()
    ask_for_new_engine(pids)
    await until(lambda: _gone(old), "the engine ended")
    gone_s = time.monotonic()
    await until_ready(scene)
    without_s = time.monotonic() - gone_s
    found = await _adopted(scene, old, began_s, since_s=gone_s)
    return {"without_engine_s": without_s, **found}


async def engine_starved(scene: Scene) -> Mapping[str, float]:
    """Leave the engine without a descriptor to spare for some seconds."""
    told = scene.stand.instance
    engine = processes.pids(told)["engine"]
    now = (await processes.footprint(told)).descriptors
    _, hard = before = resource.prlimit(engine, resource.RLIMIT_NOFILE)
    resource.prlimit(engine, resource.RLIMIT_NOFILE, (now + _SPARE_DESCRIPTORS, hard))
    try:
        await asyncio.sleep(_STARVED_S)
    finally:
        if processes.age_s(engine):
            resource.prlimit(engine, resource.RLIMIT_NOFILE, before)
    await until_ready(scene)
    await until(scene.is_adopted, "all calls known")
    same = processes.pid_of(told, "engine") == engine
    return {"engine_restarts_times": 0.0 if same else 1.0}


async def watchdog_killed(scene: Scene) -> Mapping[str, float]:
    """Kill the watchdog; the engine goes on, and another one comes."""
    told = scene.stand.instance
    old = processes.pids(told).get("watchdog")
    if old is None:
        raise LeftOut("no watchdog runs beside this instance")
    began_s = time.monotonic()
    processes.kill(old)
    await new_pid(scene, "watchdog", old)
    return {"watchdog_back_s": time.monotonic() - began_s}


async def nothing(_scene: Scene) -> Mapping[str, float]:
    """Let the time of a fault pass without one: the control run."""
    await asyncio.sleep(_HELD_DOWN_S + 3)
    return {}


async def _gone(pid: int) -> bool:
    return not processes.age_s(pid)


async def _adopted(
    scene: Scene, old: int, began_s: float, *, since_s: float
) -> dict[str, float]:
    """Wait until all is adopted.

    Returns:
        How long after nothing kept the next engine from starting (``since_s``), and
        after the fault. The next one may have been loaded long before, as a spare.
    """
    await until(scene.is_adopted, "all calls adopted")
    adopted_s = time.monotonic()
    await new_pid(scene, "engine", old)
    return {"adopted_s": adopted_s - since_s, "away_s": adopted_s - began_s}


_ADOPTED = Limit(floor=5, goal=2)

ENGINE_KILLED = Fault(
    fault_id="F-05",
    title="engine killed",
    strike=engine_killed,
    rounds=10,
    limits={"adopted_s": _ADOPTED},
    enough_talking=1000,
    enough_waiting=600,
)
ENGINE_HUNG = Fault(
    fault_id="F-06",
    title="engine hung",
    strike=engine_hung,
    limits={"stood_still_s": Limit(floor=8), "adopted_s": _ADOPTED},
    # A caller whose flow was being walked hears nothing until the engine is killed.
    sound_within_s=10,
    sound_goal_s=6,
)
WATCHDOG_KILLED = Fault(
    fault_id="F-21",
    title="watchdog killed",
    strike=watchdog_killed,
    note="the parts end with their supervisor; systemd's restart of it is not run here",
)
ENGINE_STARVED = Fault(
    fault_id="F-22",
    title="no descriptor to spare",
    strike=engine_starved,
    note="by RLIMIT_NOFILE; a limit of memory ends in a kill, which is F-05",
)
ENGINE_STOPPED = Fault(
    fault_id="F-23",
    title="engine renewed, as by an upgrade",
    strike=engine_stopped,
    limits={"without_engine_s": Limit(floor=3), "adopted_s": _ADOPTED},
)
CONTROL = Fault(fault_id="control", title="no fault", strike=nothing)
