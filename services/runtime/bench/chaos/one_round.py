"""One round: a scene, a fault in it, all witnesses heard, and everything put away."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from services.runtime.bench.chaos import witnesses
from services.runtime.bench.chaos.ami_proxy import AmiProxy
from services.runtime.bench.chaos.evidence import Evidence, Footprint, Group, Window
from services.runtime.bench.chaos.fault import Fault, Strike
from services.runtime.bench.chaos.processes import footprint
from services.runtime.bench.chaos.scene import Scene, SceneSize, scene_on
from services.runtime.bench.mixed_load import engine_said
from services.runtime.bench.stand import Stand

_CALM_S = 1.0
_WATCH_S = 3.0
_RECORDS_LIMIT_S = 60.0
_AGENTS_LIMIT_S = 20.0
_EMPTY_LOOKS = 6
_GROUPS: tuple[Group, ...] = ("probe", "talking", "waiting", "in_flow", "new")


async def one_round(
    stand: Stand,
    size: SceneSize,
    fault: Fault,
    *,
    number: int,
    proxy: AmiProxy | None = None,
) -> Evidence:
    """Build the scene, strike, watch, let go, and hear every witness.

    Raises:
        BenchFailed: The scene did not come to stand, or a part did not come back.
    """
    since = datetime.now(UTC)
    before = await footprint(stand.instance)
    async with scene_on(stand, size, number=number) as scene:
        scene.proxy = proxy
        async with witnesses.health_watched(stand.instance) as health:
            window, marks = await _struck(scene, fault.strike)
            await scene.let_go()
            heard = await _heard(scene, window, since)
        evidence = replace(
            heard,
            before=before,
            after=await _emptied(stand),
            health=tuple(health.seen),
            marks={**marks, "probe_late_ms": scene.sound.late_ms},
            sound_within_s=fault.sound_within_s,
            safe_states=fault.safe_states,
            ends_calls=fault.ends_calls,
        )
    # What is known only when all have been heard.
    return replace(evidence, marks={**evidence.marks, **fault.derive(evidence)})


async def _heard(scene: Scene, window: Window, since: datetime) -> Evidence:
    """Ask records, agents, phones and ears, when all callers have left."""
    stand = scene.stand
    answered = {
        call.number
        for group in _GROUPS
        for call in scene.calls(group)
        if call.status == 200
    }
    records = await witnesses.records(
        stand.instance.database, answered, since=since, within_s=_RECORDS_LIMIT_S
    )
    # As each agent is without calls.
    idle = dict.fromkeys(scene.size.floor.agent_ids, "ready")
    agents = await witnesses.agents_as(scene.hotline, idle, within_s=_AGENTS_LIMIT_S)
    await scene.sound.close()
    said = await asyncio.to_thread(
        engine_said, stand.instance.data / "log" / "engine.log"
    )
    return Evidence(
        window=window,
        callers={group: scene.calls(group) for group in _GROUPS},
        devices=scene.phones.calls(),
        records=records,
        ports=dict(scene.ports),
        heard=scene.sound.heard,
        agents_before=idle,
        agents_after=agents,
        engine_said=said,
    )


async def _emptied(stand: Stand) -> Footprint:
    """Return what is held when all is over, the watchdog's own call too."""
    found = await footprint(stand.instance)
    for _ in range(_EMPTY_LOOKS):
        if found.channels == 0:
            break
        await asyncio.sleep(1)
        found = await footprint(stand.instance)
    return found


async def _struck(scene: Scene, strike: Strike) -> tuple[Window, dict[str, float]]:
    began_at = datetime.now(UTC)
    await asyncio.sleep(_CALM_S)
    async with scene.new_calls():
        injected_at = datetime.now(UTC)
        marks = dict(await strike(scene))
        repaired_at = datetime.now(UTC)
        await asyncio.sleep(_WATCH_S)
        ended_at = datetime.now(UTC)
    window = Window(
        began_at=began_at,
        injected_at=injected_at,
        repaired_at=repaired_at,
        ended_at=ended_at,
    )
    return window, marks
