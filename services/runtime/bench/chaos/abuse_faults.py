"""Who misbehaves at the two doors that stand open: FastAGI and SIP."""

from services.runtime.bench.chaos import agi_abuse, sip_torture
from services.runtime.bench.chaos.agi_abuse import Abuse
from services.runtime.bench.chaos.fault import Found, Measurement, Room
from services.runtime.bench.chaos.sip_torture import Torture
from services.runtime.bench.floor_plan import FloorPlan
from services.runtime.bench.stand import open_stand

_SHORT_ABUSE = Abuse(each=20, idle=300)
_SHORT_MUTATIONS = 1_000


async def _abused(room: Room) -> Found:
    abuse = _SHORT_ABUSE if room.is_short else Abuse()
    async with open_stand(FloorPlan(agents=3), base_port=room.base_port) as stand:
        seen = await agi_abuse.run(stand.instance, abuse)
    return Found(figures=tuple(seen.figures()))


async def _tortured(room: Room) -> Found:
    torture = Torture(mutations=_SHORT_MUTATIONS) if room.is_short else Torture()
    seen = await sip_torture.run(torture, base_port=room.base_port)
    return Found(figures=tuple(seen.figures()))


AGI_ABUSE = Measurement(
    fault_id="S-04", title="FastAGI clients that misbehave", run=_abused
)
SIP_TORTURE = Measurement(
    fault_id="S-05", title="malformed SIP amid conversations", run=_tortured
)
