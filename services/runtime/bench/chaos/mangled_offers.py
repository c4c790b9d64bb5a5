"""Two thousand offers over a link that loses, doubles and swaps what it carries."""

import asyncio
from collections import Counter
from datetime import UTC, datetime

from services.phone.hotline import Hotline, open_hotline
from services.phone.sipp import DevicePlan
from services.runtime.bench.chaos import invariants, witnesses
from services.runtime.bench.chaos.ami_proxy import AmiProxy
from services.runtime.bench.chaos.evidence import Evidence, Window
from services.runtime.bench.chaos.fault import Found, Measurement, Room
from services.runtime.bench.chaos.mangling import Mangling
from services.runtime.bench.chaos.proxied import proxied_stand
from services.runtime.bench.chaos.scoring import none_lost
from services.runtime.bench.figures import Figure
from services.runtime.bench.floor_plan import FloorPlan
from services.runtime.bench.ordinary import ordinary_calls
from services.runtime.bench.stand import Stand

_OFFERS, _SHORT_OFFERS = 2000, 100
_PER_S = 5.0
_TALK_MS = 1500
_AGENTS = 60
"""More than the calls need: an agent whose call's end is lost is away until a look."""
_BAD = Mangling(drop=0.05, double=0.05, swap=0.05)
_REPAIRED_FLOOR_S, _REPAIRED_GOAL_S = 15.0, 5.0
_SETTLE_S = 60.0
_BUSY = frozenset({"reserved", "talking", "wrap_up"})


async def _offered(room: Room) -> Found:
    plan = FloorPlan(agents=_AGENTS)
    async with proxied_stand(plan, base_port=room.base_port) as (stand, proxy):
        return await _over(stand, proxy, _SHORT_OFFERS if room.is_short else _OFFERS)


async def _over(stand: Stand, proxy: AmiProxy, calls: int) -> Found:
    began_at = datetime.now(UTC)
    idle = dict.fromkeys(stand.agents, "ready")
    async with (
        stand.devices(DevicePlan()) as devices,
        open_hotline(stand.instance.http, token=stand.instance.token) as hotline,
    ):
        proxy.mangle(_BAD)
        callers = await ordinary_calls(
            stand, per_s=_PER_S, for_s=calls / _PER_S, talk_ms=_TALK_MS
        )
        proxy.mangle()
        loop = asyncio.get_running_loop()
        healed_s = loop.time()
        agents = await _without_calls(hotline)
        healed_s = loop.time() - healed_s
        answered = {call.number for call in callers if call.status == 200}
        records = await witnesses.records(
            stand.instance.database, answered, since=began_at, within_s=_SETTLE_S
        )
    now = datetime.now(UTC)
    evidence = Evidence(
        window=Window(
            began_at=began_at, injected_at=began_at, repaired_at=now, ended_at=now
        ),
        callers={"talking": callers},
        devices=devices.calls,
        records=records,
        agents_before=idle,
        agents_after=agents,
    )
    return Found(figures=_figures(evidence, healed_s, proxy))


async def _without_calls(hotline: Hotline) -> dict[str, str]:
    """Return each agent's state, once nobody has a call, or the time is over."""
    loop = asyncio.get_running_loop()
    limit_s = loop.time() + _SETTLE_S
    while True:
        found = await witnesses.agents(hotline)
        if not _BUSY & set(found.values()) or loop.time() > limit_s:
            return found
        await asyncio.sleep(0.2)


def _figures(
    evidence: Evidence, healed_s: float, proxy: AmiProxy
) -> tuple[Figure, ...]:
    counted = (
        *invariants.no_double_offer(evidence),
        *invariants.one_record_each(evidence),
        *invariants.durations_are_sane(evidence),
        *invariants.agents_are_as_before(evidence),
    )
    repaired = Figure(
        name="no agent with a lost call after",
        value=healed_s,
        unit="s",
        n=1,
        floor=_REPAIRED_FLOOR_S,
        goal=_REPAIRED_GOAL_S,
        more={
            fate: proxy.counts[fate]
            for fate in ("passed", "dropped", "doubled", "swapped")
        }
        | {"agents_at_last": dict(Counter(evidence.agents_after.values()))},
    )
    return (
        *(
            none_lost(
                f"{count.invariant} {count.name}",
                count.found,
                count.of,
                enough=_OFFERS if count.invariant == "I-4" else 100,
            )
            for count in counted
            if count.invariant != "I-7" or count.name == "ghost agents"
        ),
        repaired,
    )


MANGLED_OFFERS = Measurement(
    fault_id="F-04-offers",
    title="offers over a link that loses, doubles and swaps",
    run=_offered,
)
