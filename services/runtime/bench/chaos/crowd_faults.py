"""Too many at once: a storm of callers, and all agents signing in together."""

import asyncio
import time

from services.phone.errors import PhoneError
from services.phone.hotline import open_hotline
from services.phone.sipp import DevicePlan
from services.runtime.bench.chaos import storm
from services.runtime.bench.chaos.fault import Found, Measurement, Room
from services.runtime.bench.chaos.scoring import none_lost
from services.runtime.bench.figures import Figure
from services.runtime.bench.floor_plan import FloorPlan
from services.runtime.bench.stand import open_stand

_AGENTS = 100
_SIGNED_IN_FLOOR_S = 15.0
_SHORT = storm.Storm(for_s=20, calm_s=10)


async def _storm(room: Room) -> Found:
    plan = _SHORT if room.is_short else storm.Storm()
    seen = await storm.run(plan, base_port=room.base_port)
    figures = seen.figures()
    unserved = sum(call.status != 200 for call in seen.danger)
    return Found(
        figures=figures,
        unserved_s=unserved / seen.plan.danger_per_s,
        note=f"{seen.counts()}",
    )


async def _sign_in(room: Room) -> Found:
    """Have all agents' phones register, and all sign in, as after a power cut."""
    async with (
        open_stand(FloorPlan(agents=_AGENTS), base_port=room.base_port) as stand,
        open_hotline(stand.instance.http, token=stand.instance.token) as hotline,
    ):
        for agent in stand.agents:
            await hotline.sign_out(agent)

        refused = 0

        async def one(agent: str) -> None:
            nonlocal refused
            try:
                await hotline.sign_in(agent)
                await hotline.ready(agent)
            except PhoneError:
                refused += 1

        began_s = time.monotonic()
        async with stand.devices(DevicePlan()):
            await asyncio.gather(*map(one, stand.agents))
            all_in_s = time.monotonic() - began_s
            ready = sum(agent.state == "ready" for agent in await hotline.agents())
    return Found(
        figures=(
            Figure(
                name="all ready after",
                value=all_in_s,
                unit="s",
                n=_AGENTS,
                floor=_SIGNED_IN_FLOOR_S,
            ),
            none_lost("agents not ready", _AGENTS - ready, _AGENTS, enough=_AGENTS),
            none_lost("wishes refused", refused, _AGENTS, enough=_AGENTS),
        )
    )


STORM = Measurement(fault_id="F-16", title="storm of calls", run=_storm)
SIGN_IN = Measurement(fault_id="F-17", title="all agents sign in at once", run=_sign_in)
