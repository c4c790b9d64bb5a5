"""Asterisk killed: its calls are over, and everything else must come back."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace

from services.runtime.bench.chaos import invariants, processes
from services.runtime.bench.chaos.evidence import Evidence
from services.runtime.bench.chaos.fault import Fault, Limit
from services.runtime.bench.chaos.repairs import new_pid, until_ready
from services.runtime.bench.chaos.scene import Scene

_LISTEN_S = 4.0
_SECOND_S = 1.0
_CALLS_OVER = frozenset({"I-1", "I-2", "I-3"})


async def switch_killed(scene: Scene) -> Mapping[str, float]:
    """Kill Asterisk; when it is up again, the phones register."""
    began_s = time.monotonic()
    await _killed(scene)
    up_s = time.monotonic() - began_s
    await _phones_back(scene)
    return {"asterisk_up_s": up_s}


async def switch_killed_twice(scene: Scene) -> Mapping[str, float]:
    """Kill Asterisk again as soon as it is up: ids of the same second come twice."""
    began_s = time.monotonic()
    await _killed(scene)
    await _killed(scene)
    up_s = time.monotonic() - began_s
    await _phones_back(scene)
    return {"asterisk_up_s": up_s}


async def _killed(scene: Scene) -> None:
    old = processes.pids(scene.stand.instance)["asterisk"]
    processes.kill(old)
    await new_pid(scene, "asterisk", old)


async def _phones_back(scene: Scene) -> None:
    await until_ready(scene)
    await scene.phones.unplug()
    await scene.phones.plug_in()
    await asyncio.sleep(_LISTEN_S)


def first_served(evidence: Evidence) -> Mapping[str, float]:
    """Measure from Asterisk's return to the first sound that a new caller heard."""
    up_s = evidence.marks["asterisk_up_s"]
    served_s = [
        (call.at["dialled"] - evidence.window.injected_at).total_seconds() + after_s
        for call in evidence.of("new")
        if (after_s := invariants.sound_after_s(evidence, call)) is not None
    ]
    after_up_s = [s - up_s for s in served_s if s > _SECOND_S]
    return {"first_call_served_s": max(0.0, min(after_up_s))} if after_up_s else {}


SWITCH_KILLED = Fault(
    fault_id="F-07",
    title="Asterisk killed",
    strike=switch_killed,
    limits={"first_call_served_s": Limit(floor=10, goal=3)},
    exempt=_CALLS_OVER | {"I-10"},
    derive=first_served,
    ends_calls=True,
    safe_states=frozenset({"not_ready", "signed_out"}),
    unserved_from=frozenset({"new"}),
    note="its calls end with it; the phones register when it is up",
)
SWITCH_KILLED_TWICE = replace(
    SWITCH_KILLED,
    fault_id="F-08",
    title="Asterisk killed twice within seconds",
    strike=switch_killed_twice,
    note="the clock is not set back; ids of the same second are seen where they come",
)
