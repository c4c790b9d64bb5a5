"""The manager's link cut, half open, slow to read, and losing what it carries."""

import asyncio
import signal
from collections.abc import Mapping

from services.runtime.bench.chaos import processes
from services.runtime.bench.chaos.ami_proxy import AmiProxy
from services.runtime.bench.chaos.fault import Fault, LeftOut, Limit
from services.runtime.bench.chaos.mangling import Mangling
from services.runtime.bench.chaos.repairs import until, until_ready, until_red
from services.runtime.bench.chaos.scene import Scene

_RESETS, _SHORT_RESETS = 20, 5
_BETWEEN_S, _SHORT_BETWEEN_S = 6.0, 1.5
_STALL_S, _SHORT_STALL_S = 60.0, 12.0
_BLOCKED_S = 3.0
_MANGLED_S, _SHORT_MANGLED_S = 60.0, 15.0
_BAD = Mangling(drop=0.05, double=0.05, swap=0.05)


async def link_reset(scene: Scene) -> Mapping[str, float]:
    """Reset the link again and again; each time wait until it is ready."""
    proxy = _proxy(scene)
    longest_s = 0.0
    for _ in range(_SHORT_RESETS if scene.is_short else _RESETS):
        before = proxy.counts["links"]
        proxy.reset()

        async def is_linked(before: int = before) -> bool:
            return proxy.counts["links"] > before

        linked_s = await until(is_linked, "a new link")
        longest_s = max(longest_s, linked_s + await until_ready(scene, "switch"))
        await asyncio.sleep(_SHORT_BETWEEN_S if scene.is_short else _BETWEEN_S)
    await until(scene.is_adopted, "all calls known")
    return {"ready_again_s": longest_s}


async def link_half_open(scene: Scene) -> Mapping[str, float]:
    """Let the link carry nothing, but stay open; new ones too."""
    proxy = _proxy(scene)
    proxy.stall()
    try:
        detected_s = await until_red(scene, "switch", _STALL_S)
        held_s = _SHORT_STALL_S if scene.is_short else _STALL_S
        await asyncio.sleep(max(0.0, held_s - detected_s))
    finally:
        proxy.resume()
    again_s = await until_ready(scene, "switch")
    await until(scene.is_adopted, "all calls known")
    return {"detected_s": detected_s, "ready_again_s": again_s}


async def reader_blocked(scene: Scene) -> Mapping[str, float]:
    """Let the engine read nothing for a while that no watchdog minds."""
    engine = processes.pids(scene.stand.instance)["engine"]
    processes.kill(engine, signal.SIGSTOP)
    try:
        await asyncio.sleep(_BLOCKED_S)
    finally:
        processes.kill(engine, signal.SIGCONT)
    again_s = await until(scene.is_adopted, "all calls known")
    return {"caught_up_s": again_s}


async def link_mangled(scene: Scene) -> Mapping[str, float]:
    """Lose, double and swap a twentieth of all events each, under the whole scene."""
    proxy = _proxy(scene)
    proxy.mangle(_BAD)
    try:
        await asyncio.sleep(_SHORT_MANGLED_S if scene.is_short else _MANGLED_S)
    finally:
        proxy.mangle()
    repaired_s = await until(scene.is_adopted, "all calls known")
    mangled = ("dropped", "doubled", "swapped")
    return {
        "repaired_s": repaired_s,
        **{f"{fate}_times": float(proxy.counts[fate]) for fate in mangled},
    }


def _proxy(scene: Scene) -> AmiProxy:
    if scene.proxy is None:
        raise LeftOut("the engine does not reach Asterisk by way of the proxy")
    return scene.proxy


LINK_RESET = Fault(
    fault_id="F-01",
    title="manager's link reset, again and again",
    strike=link_reset,
    limits={"ready_again_s": Limit(floor=3, goal=1)},
    has_proxy=True,
    # What is over before anybody can look is not told as an alarm.
    exempt=frozenset({"I-9"}),
)
LINK_HALF_OPEN = Fault(
    fault_id="F-02",
    title="manager's link half open",
    strike=link_half_open,
    limits={
        "detected_s": Limit(floor=6, goal=4),
        "ready_again_s": Limit(floor=3, goal=1),
    },
    has_proxy=True,
)
READER_BLOCKED = Fault(
    fault_id="F-03",
    title="engine reads nothing for 3 s",
    strike=reader_blocked,
    # A caller who dials just then waits for the engine, or for the way round it.
    sound_within_s=6,
    exempt=frozenset({"I-9"}),
)
LINK_MANGLED = Fault(
    fault_id="F-04",
    title="a twentieth of all events lost, doubled, swapped",
    strike=link_mangled,
    limits={"repaired_s": Limit(floor=15, goal=5)},
    has_proxy=True,
    exempt=frozenset({"I-9"}),
)
