"""One small scene through three faults: the link reset, the engine killed, no rows."""

import asyncio
from collections.abc import Mapping

import pytest

from services.runtime.bench.chaos import processes
from services.runtime.bench.chaos.engine_faults import engine_killed
from services.runtime.bench.chaos.fault import Fault
from services.runtime.bench.chaos.invariants import counts, oddities
from services.runtime.bench.chaos.one_round import one_round
from services.runtime.bench.chaos.proxied import proxied_stand
from services.runtime.bench.chaos.repairs import until, until_ready
from services.runtime.bench.chaos.scene import Scene, SceneSize

# A bench looks for ports one after the other: two at once would take the same.
pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("bench")]

SMALL = SceneSize(talking=4, waiting=5, in_flow=2, probes=2, per_s=4)
FROZEN_S = 3.0
MUST_BE_NONE = {
    "talks lost",
    "waiting callers lost",
    "served out of order",
    "agents offered two",
    "callers offered twice",
    "records extra",
    "records left open",
    "lengths negative",
    "ghost agents",
    "agents changed",
    "channels left",
}
"""By the names of the invariants' counts; nothing that a busy machine could change."""


async def three_faults(scene: Scene) -> Mapping[str, float]:
    assert scene.proxy is not None
    links = scene.proxy.counts["links"]
    scene.proxy.reset()

    async def is_linked() -> bool:
        assert scene.proxy is not None
        return scene.proxy.counts["links"] > links

    await until(is_linked, "a new link")
    await until_ready(scene, "switch")
    await engine_killed(scene)
    postgres = processes.pids(scene.stand.instance)["postgresql"]
    with processes.frozen(*processes.family(postgres)):
        await asyncio.sleep(FROZEN_S)
    await until_ready(scene)
    return {}


async def test_who_talks_or_waits_is_kept_and_each_record_closed_once() -> None:
    fault = Fault(fault_id="smoke", title="three at once", strike=three_faults)
    async with proxied_stand(SMALL.floor) as (stand, proxy):
        evidence = await one_round(stand, SMALL, fault, number=1, proxy=proxy)

    told = counts(evidence)
    found = {count.name: count.found for count in told if count.name in MUST_BE_NONE}
    assert found == dict.fromkeys(MUST_BE_NONE, 0), "\n".join(oddities(evidence))
    assert {count.of for count in told if count.name == "talks lost"} == {4}
    assert {count.of for count in told if count.name == "waiting callers lost"} == {5}
