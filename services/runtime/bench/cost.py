"""What a call costs in CPU: ours, beside Asterisk's own ways to reach an agent."""

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from services.phone.sipp import CallerPlan, DevicePlan, Load, SippOutcome, SippRun
from services.runtime.bench import cpu, peers
from services.runtime.bench.figures import Figure
from services.runtime.bench.floor_plan import DIRECT
from services.runtime.bench.free_ports import APART, free_base
from services.runtime.bench.ordinary import numbered
from services.runtime.bench.peers import Peer, PeerPlan, open_peer
from services.runtime.bench.stand import Stand
from services.runtime.bench.trail import connected, until_closed
from services.runtime.parts import asterisk as asterisk_part
from services.runtime.privileges import service_user
from services.runtime.progress import say
from services.runtime.settings import read_settings

_TALK_MS = 2000
_RING_MS = 200
_SETTLE_S = 3.0
_OURS = ("engine", "supervisor")
_DEVICES = DevicePlan(ring_ms=_RING_MS)


class _Callers(Protocol):
    async def callers(self, plan: CallerPlan, load: Load) -> SippOutcome:
        """Place calls and wait for their end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """What one round of one way came to."""

    way: str
    seen_through: int
    """Calls that SIPp's callers came to the end of."""
    answered: int
    """Calls that a device answered."""
    ms_by_part: Mapping[str, float]
    """CPU a call."""

    @property
    def served(self) -> int:
        return min(self.seen_through, self.answered)

    @property
    def ours_ms(self) -> float:
        return sum(self.ms_by_part.get(part, 0.0) for part in _OURS)

    @property
    def switch_ms(self) -> float:
        return self.ms_by_part["asterisk"]


async def measure(
    stand: Stand, *, calls: int, per_s: float, rounds: int
) -> list[Figure]:
    """Place the same load in three ways, round by round in turn."""
    settings = read_settings()
    plan = PeerPlan(
        part=asterisk_part.obtain(settings.asterisk, settings.parts),
        user=service_user(settings.user),
        base_port=free_base(int(stand.instance.sip.rpartition(":")[2]) + APART),
        agents=stand.agents,
        folder=stand.folder,
        program=stand.program,
    )
    found: list[_Round] = []
    async with open_peer(plan, _DEVICES) as peer, stand.devices(_DEVICES) as devices:
        load = Load(calls=calls, per_s=per_s, timeout_s=calls / per_s + 30)
        for turn in range(rounds):
            found.append(await _ours(stand, devices, load, turn))
            for way, number in (("dial", peers.DIAL), ("queue", peers.QUEUE)):
                found.append(await _theirs(peer, way, number, load))
            for one in found[-3:]:
                parts = {part: round(ms, 2) for part, ms in one.ms_by_part.items()}
                say(f"cost, round {turn + 1}: {one.way}, CPU ms a call {parts}")
    return list(_figures(found, calls))


async def _ours(stand: Stand, devices: SippRun, load: Load, turn: int) -> _Round:
    async def settled(outcome: SippOutcome) -> None:
        async with connected(stand.instance.database) as records:
            ids = [call.sip_call_id for call in outcome.calls]
            await until_closed(records, ids, within_s=60)

    plan = _plan(DIRECT, load, first=13_700_000_000 + turn * load.calls)
    pids = stand.instance.pids
    return await _round(
        "ours", stand, devices, plan=plan, load=load, pids=pids, settled=settled
    )


async def _theirs(peer: Peer, way: str, number: str, load: Load) -> _Round:
    async def settled(_outcome: SippOutcome) -> None:
        return

    plan = _plan(number, load, first=13_600_000_000)
    pids = {"asterisk": peer.pid}
    return await _round(
        way, peer, peer.devices, plan=plan, load=load, pids=pids, settled=settled
    )


def _plan(number: str, load: Load, *, first: int) -> CallerPlan:
    callers = numbered(load.calls, first)
    return CallerPlan(number=number, callers=callers, hang_up_after_ms=(_TALK_MS,))


async def _round(
    way: str,
    at: _Callers,
    devices: SippRun,
    *,
    plan: CallerPlan,
    load: Load,
    pids: Mapping[str, int],
    settled: Callable[[SippOutcome], Awaitable[None]],
) -> _Round:
    answered_before = _answered(devices)
    before_s = cpu.spent_s(pids)
    outcome = await at.callers(plan, load)
    # The same time for all: what is still to be written and torn down counts.
    await asyncio.sleep(_SETTLE_S)
    after_s = cpu.spent_s(pids)
    await settled(outcome)
    answered = _answered(devices) - answered_before
    return _Round(
        way=way,
        seen_through=outcome.successful,
        answered=answered,
        ms_by_part={
            part: (after_s[part] - before_s[part]) * 1000 / load.calls for part in pids
        },
    )


def _answered(devices: SippRun) -> int:
    return sum("answered" in call.at for call in devices.calls)


def _figures(found: list[_Round], calls: int) -> Iterator[Figure]:
    ours = [one for one in found if one.way == "ours"]
    dial = [one for one in found if one.way == "dial"]
    queue = [one for one in found if one.way == "queue"]
    n = calls * len(ours)
    for way, rounds in (("ours", ours), ("dial", dial), ("queue", queue)):
        yield Figure(
            name=f"served_{way}",
            value=sum(one.served for one in rounds) / n,
            unit="share",
            n=n,
            floor=1.0 if way == "ours" else None,
            is_more_better=True,
            more={
                "seen_through": [one.seen_through for one in rounds],
                "answered": [one.answered for one in rounds],
            },
        )
    yield _cost("cost_ours", [one.ours_ms for one in ours], n, floor=6.0, goal=3.0)
    for part in sorted({part for one in ours for part in one.ms_by_part}):
        spent = [one.ms_by_part[part] for one in ours]
        yield _cost(f"cost_ours_{part}", spent, n)
    totals = [one.ours_ms + one.switch_ms for one in ours]
    yield _cost("cost_ours_total", totals, n)
    yield _cost("cost_dial_asterisk", [one.switch_ms for one in dial], n)
    yield _cost("cost_queue_asterisk", [one.switch_ms for one in queue], n)
    ratios = [total / one.switch_ms for total, one in zip(totals, queue, strict=True)]
    yield Figure(
        name="cost_total_to_queue",
        value=statistics.median(ratios),
        unit="times",
        n=n,
        floor=1.5,
        goal=1.1,
        more={"rounds": [round(ratio, 3) for ratio in ratios]},
    )


def _cost(
    name: str,
    spent_ms: list[float],
    n: int,
    *,
    floor: float | None = None,
    goal: float | None = None,
) -> Figure:
    return Figure(
        name=name,
        value=statistics.median(spent_ms),
        unit="ms CPU a call",
        n=n,
        floor=floor,
        goal=goal,
        more={"rounds": [round(ms, 3) for ms in spent_ms]},
    )
