"""The agents' phones of a scene: registered, ringing, and registered once more."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from services.phone.sipp import DevicePlan, SippRun
from services.phone.sipp_log import SippCall
from services.runtime.bench.chaos.chaos_floor import ChaosFloor
from services.runtime.bench.stand import Stand

_RING_MS = 300


@dataclass(slots=True)
class Phones:
    """Those of the probes, whose sound is listened to, and those of all others."""

    stand: Stand
    floor: ChaosFloor
    probe_port: int
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _runs: list[SippRun] = field(default_factory=list)

    def calls(self) -> tuple[SippCall, ...]:
        """Return what all phones saw so far, those that were put away too."""
        return tuple(call for run in self._runs for call in run.calls)

    async def plug_in(self) -> None:
        """Register all phones and have them ring."""
        await self._some(
            self.floor.probe_agents,
            DevicePlan(ring_ms=_RING_MS, echoes=False, media_port=self.probe_port),
        )
        await self._some(self.floor.line_agents, DevicePlan(ring_ms=_RING_MS))

    async def _some(self, agents: Sequence[str], plan: DevicePlan) -> None:
        if agents:
            run = await self._stack.enter_async_context(
                self.stand.devices(plan, agents)
            )
            self._runs.append(run)

    async def unplug(self) -> None:
        """Put all phones away; what they saw stays."""
        await self._stack.aclose()


@asynccontextmanager
async def open_phones(
    stand: Stand, floor: ChaosFloor, probe_port: int
) -> AsyncIterator[Phones]:
    """Have phones for all agents of a floor until the block ends."""
    phones = Phones(stand, floor, probe_port)
    try:
        await phones.plug_in()
        yield phones
    finally:
        await phones.unplug()
