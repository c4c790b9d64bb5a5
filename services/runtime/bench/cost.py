"""What a call costs in CPU: ours, beside Asterisk's own ways to reach an agent."""

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
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
DEVICES = DevicePlan(ring_ms=_RING_MS)


class Callers(Protocol):
    """Where calls are placed: an instance, or the peer."""

    async def callers(self, plan: CallerPlan, load: Load) -> SippOutcome:
        """Place calls and wait for their end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round of one way came to."""

    way: str
    seen_through: int
    """Calls that SIPp's callers came to the end of."""
    answered: int
    """Calls that a device answered."""
    ms_by_part: Mapping[str, float]
    """CPU a call."""
    per_s: float
    """Calls a second, as they were dialled."""

    @property
    def served(self) -> int:
        """Calls that came to an agent and to their own end."""
        return min(self.seen_through, self.answered)

    @property
    def ours_ms(self) -> float:
        """CPU a call of what is ours besides Asterisk and PostgreSQL."""
        return sum(self.ms_by_part.get(part, 0.0) for part in _OURS)

    @property
    def switch_ms(self) -> float:
        """CPU a call of Asterisk."""
        return self.ms_by_part["asterisk"]

    @property
    def total_ms(self) -> float:
        """CPU a call of Asterisk and of what is ours."""
        return self.ours_ms + self.switch_ms


async def measure(
    stand: Stand, *, calls: int, per_s: float, rounds: int
) -> list[Figure]:
    """Place the same load in three ways, round by round in turn."""
    found: list[Round] = []
    async with (
        open_peer(peer_plan(stand), DEVICES) as peer,
        stand.devices(DEVICES) as devices,
    ):
        load = Load(calls=calls, per_s=per_s, timeout_s=calls / per_s + 30)
        for turn in range(rounds):
            found.append(await _ours(stand, devices, load, turn))
            for way, number in (("dial", peers.DIAL), ("queue", peers.QUEUE)):
                found.append(await _theirs(peer, way, number, load))
            for one in found[-3:]:
                parts = {part: round(ms, 2) for part, ms in one.ms_by_part.items()}
                say(f"cost, round {turn + 1}: {one.way}, CPU ms a call {parts}")
    return list(_figures(found, calls))


def peer_plan(
    stand: Stand, *, dialplan: str = "", sounds: Mapping[str, Path] | None = None
) -> PeerPlan:
    """Return the peer of a stand: the same Asterisk and agents, on other ports.

    Args:
        stand: Whose peer.
        dialplan: What it is dialled by, besides its own numbers.
        sounds: What that plays, by the name it is given.
    """
    settings = read_settings()
    return PeerPlan(
        part=asterisk_part.obtain(settings.asterisk, settings.parts),
        user=service_user(settings.user),
        base_port=free_base(int(stand.instance.sip.rpartition(":")[2]) + APART),
        agents=stand.agents,
        folder=stand.folder,
        program=stand.program,
        dialplan=dialplan,
        sounds=sounds or {},
    )


async def _ours(stand: Stand, devices: SippRun, load: Load, turn: int) -> Round:
    plan = _plan(DIRECT, load, first=13_700_000_000 + turn * load.calls)
    return await placed_with_us(stand, devices, plan=plan, load=load)


async def _theirs(peer: Peer, way: str, number: str, load: Load) -> Round:
    plan = _plan(number, load, first=13_600_000_000)
    return await placed_with_peer(peer, way, plan=plan, load=load)


async def placed_with_us(
    stand: Stand, devices: SippRun, *, plan: CallerPlan, load: Load
) -> Round:
    """Place calls to the instance, and return what they cost it."""

    async def settled(outcome: SippOutcome) -> None:
        async with connected(stand.instance.database) as records:
            # Who was refused has no record, and is missing among the served.
            ids = [call.sip_call_id for call in outcome.calls if call.status == 200]
            await until_closed(records, ids, within_s=60)

    pids = stand.instance.pids
    return await _round(
        "ours", stand, devices, plan=plan, load=load, pids=pids, settled=settled
    )


async def placed_with_peer(
    peer: Peer, way: str, *, plan: CallerPlan, load: Load
) -> Round:
    """Place calls to the peer, and return what they cost it."""

    async def settled(_outcome: SippOutcome) -> None:
        return

    pids = {"asterisk": peer.pid}
    return await _round(
        way, peer, peer.devices, plan=plan, load=load, pids=pids, settled=settled
    )


def _plan(number: str, load: Load, *, first: int) -> CallerPlan:
    callers = numbered(load.calls, first)
    return CallerPlan(number=number, callers=callers, hang_up_after_ms=(_TALK_MS,))


async def _round(
    way: str,
    at: Callers,
    devices: SippRun,
    *,
    plan: CallerPlan,
    load: Load,
    pids: Mapping[str, int],
    settled: Callable[[SippOutcome], Awaitable[None]],
) -> Round:
    answered_before = _answered(devices)
    before_s = cpu.spent_s(pids)
    outcome = await at.callers(plan, load)
    # The same time for all: what is still to be written and torn down counts.
    await asyncio.sleep(_SETTLE_S)
    after_s = cpu.spent_s(pids)
    await settled(outcome)
    answered = _answered(devices) - answered_before
    return Round(
        way=way,
        seen_through=outcome.successful,
        answered=answered,
        ms_by_part={
            part: (after_s[part] - before_s[part]) * 1000 / load.calls for part in pids
        },
        per_s=_dialled_a_second(outcome),
    )


def _dialled_a_second(outcome: SippOutcome) -> float:
    dialled = [call.at["dialled"] for call in outcome.calls]
    if len(dialled) < 2:
        return 0.0
    return (len(dialled) - 1) / (max(dialled) - min(dialled)).total_seconds()


def _answered(devices: SippRun) -> int:
    return sum("answered" in call.at for call in devices.calls)


def _figures(found: list[Round], calls: int) -> Iterator[Figure]:
    ours = [one for one in found if one.way == "ours"]
    dial = [one for one in found if one.way == "dial"]
    queue = [one for one in found if one.way == "queue"]
    n = calls * len(ours)
    for way, rounds in (("ours", ours), ("dial", dial), ("queue", queue)):
        floor = 1.0 if way == "ours" else None
        yield served(f"served_{way}", rounds, n, floor=floor)
    yield cost_figure(
        "cost_ours", [one.ours_ms for one in ours], n, floor=6.0, goal=3.0
    )
    for part in sorted({part for one in ours for part in one.ms_by_part}):
        spent = [one.ms_by_part[part] for one in ours]
        yield cost_figure(f"cost_ours_{part}", spent, n)
    yield cost_figure("cost_ours_total", [one.total_ms for one in ours], n)
    yield cost_figure("cost_dial_asterisk", [one.switch_ms for one in dial], n)
    yield cost_figure("cost_queue_asterisk", [one.switch_ms for one in queue], n)
    yield ratio("cost_total_to_queue", ours, queue, n, floor=1.5, goal=1.1)


def served(
    name: str, rounds: Sequence[Round], n: int, *, floor: float | None
) -> Figure:
    """Return the share of calls that came to an agent and to their own end."""
    return Figure(
        name=name,
        value=sum(one.served for one in rounds) / n,
        unit="share",
        n=n,
        floor=floor,
        is_more_better=True,
        more={
            "seen_through": [one.seen_through for one in rounds],
            "answered": [one.answered for one in rounds],
        },
    )


def ratio(
    name: str,
    ours: Sequence[Round],
    theirs: Sequence[Round],
    n: int,
    *,
    floor: float,
    goal: float,
) -> Figure:
    """Return what our way costs, in times of the other; round by round."""
    ratios = [
        one.total_ms / other.switch_ms for one, other in zip(ours, theirs, strict=True)
    ]
    return Figure(
        name=name,
        value=statistics.median(ratios),
        unit="times",
        n=n,
        floor=floor,
        goal=goal,
        more={"rounds": [round(one, 3) for one in ratios]},
    )


def cost_figure(
    name: str,
    spent_ms: list[float],
    n: int,
    *,
    floor: float | None = None,
    goal: float | None = None,
) -> Figure:
    """Return the median of what a call cost, of all rounds."""
    return Figure(
        name=name,
        value=statistics.median(spent_ms),
        unit="ms CPU a call",
        n=n,
        floor=floor,
        goal=goal,
        more={"rounds": [round(ms, 3) for ms in spent_ms]},
    )
