"""PostgreSQL away, hung, and locked, under ordinary calls at 5 a second."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from services.phone.sipp import DevicePlan, SippRun
from services.runtime.bench.chaos import beside, processes, witnesses
from services.runtime.bench.chaos.beside import PER_S, Placed, slower
from services.runtime.bench.chaos.evidence import HealthSeen
from services.runtime.bench.chaos.fault import Found, Measurement, Room
from services.runtime.bench.chaos.scoring import none_lost
from services.runtime.bench.figures import Figure
from services.runtime.bench.floor_plan import FloorPlan
from services.runtime.bench.ordinary import FIRST_NUMBER
from services.runtime.bench.stand import Stand, open_stand
from services.runtime.bench.trail import connected
from services.runtime.progress import say

_AGENTS = 40
_CONTROL_S, _SHORT_CONTROL_S = 120.0, 20.0
_DRAIN_LIMIT_S = 240.0
_DRAIN_FLOOR_S, _DRAIN_GOAL_S = 120.0, 30.0
_RED_FLOOR_S = 10.0
_ENOUGH = 1000

Away = Callable[[Stand], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """One way to be without a database, and for how long."""

    name: str
    away: Away
    for_s: float
    short_s: float
    is_told: bool = True
    """Whether the system must say that the database does not answer."""


@asynccontextmanager
async def stopped(stand: Stand) -> AsyncIterator[None]:
    """Kill PostgreSQL and keep its supervisor from starting it."""
    found = processes.pids(stand.instance)
    with processes.frozen(found["supervisor"]):
        for pid in processes.family(found["postgresql"]):
            processes.kill(pid)
        yield


@asynccontextmanager
async def hung(stand: Stand) -> AsyncIterator[None]:
    """Let all of PostgreSQL's processes stand still."""
    found = processes.pids(stand.instance)
    with processes.frozen(*processes.family(found["postgresql"])):
        yield


@asynccontextmanager
async def locked(stand: Stand) -> AsyncIterator[None]:
    """Hold locks on the tables of record that let nobody read or write."""
    async with (
        connected(stand.instance.database) as connection,
        connection.transaction(),
    ):
        await connection.execute(
            "LOCK TABLE calls, facts, legs, offers IN ACCESS EXCLUSIVE MODE"
        )
        yield


async def _measured(room: Room, ways: Sequence[_Way]) -> Found:
    figures: list[Figure] = []
    unserved_s = 0.0
    plan = FloorPlan(agents=_AGENTS)
    async with (
        open_stand(plan, base_port=room.base_port) as stand,
        stand.devices(DevicePlan(ring_ms=200)) as devices,
    ):
        for_s = _SHORT_CONTROL_S if room.is_short else _CONTROL_S
        control = await beside.placed(stand, devices, for_s, first=FIRST_NUMBER)
        for nth, way in enumerate(ways, 1):
            found = await _without(stand, devices, way, nth, is_short=room.is_short)
            figures += _figures(way, found, control)
            failed = sum(call.status != 200 for call in found.placed.callers)
            unserved_s = max(unserved_s, failed / PER_S)
    return Found(figures=figures, unserved_s=unserved_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Without:
    placed: Placed
    seen_s: float | None
    drained_s: float
    missing: int
    extra: int


async def _without(
    stand: Stand, devices: SippRun, way: _Way, nth: int, *, is_short: bool
) -> _Without:
    for_s = way.short_s if is_short else way.for_s
    say(f"database {way.name} for {for_s:g} s at {PER_S:g} calls/s …")
    since = datetime.now(UTC)
    first = FIRST_NUMBER + nth * 10**6
    async with witnesses.health_watched(stand.instance) as health, way.away(stand):
        away_at = datetime.now(UTC)
        placed = await beside.placed(stand, devices, for_s, first=first)
    await _until_back(stand)
    back_s = time.monotonic()
    numbers = {call.number for call in placed.callers if call.status == 200}
    records = await witnesses.records(
        stand.instance.database, numbers, since=since, within_s=_DRAIN_LIMIT_S
    )
    found = [record.number for record in records if record.number in numbers]
    return _Without(
        placed=placed,
        seen_s=_seen_s(health.seen, away_at),
        drained_s=time.monotonic() - back_s,
        missing=len(numbers - set(found)),
        extra=len(found) - len(set(found)),
    )


def _seen_s(looks: Sequence[HealthSeen], away_at: datetime) -> float | None:
    """Return after how long the system said that it is the database; None if never."""
    named = [look.at for look in looks if look.is_red and "database" in look.cause]
    return (min(named) - away_at).total_seconds() if named else None


async def _until_back(stand: Stand) -> None:
    limit_s = time.monotonic() + _DRAIN_LIMIT_S
    while time.monotonic() < limit_s:
        with suppress(OSError, asyncpg.PostgresError, TimeoutError):
            async with asyncio.timeout(2), connected(stand.instance.database):
                return
        await asyncio.sleep(0.2)


def _figures(way: _Way, found: _Without, control: Placed) -> Iterator[Figure]:
    callers = found.placed.callers
    unanswered = sum(call.status != 200 for call in callers)
    for name, count in (
        ("calls not answered", unanswered),
        ("records missing", found.missing),
        ("records extra", found.extra),
    ):
        yield none_lost(f"{way.name}: {name}", count, len(callers), enough=_ENOUGH)
    yield Figure(
        name=f"{way.name}: drained",
        value=found.drained_s,
        unit="s",
        n=1,
        floor=_DRAIN_FLOOR_S,
        goal=_DRAIN_GOAL_S,
    )
    if found.seen_s is not None or way.is_told:
        yield Figure(
            name=f"{way.name}: seen as red after",
            value=2 * _RED_FLOOR_S if found.seen_s is None else found.seen_s,
            unit="s",
            n=1,
            floor=_RED_FLOOR_S if way.is_told else None,
        )
    yield from slower(way.name, found.placed.set_up_ms, control.set_up_ms)


async def _away(room: Room) -> Found:
    ways = (
        _Way(name="stopped", away=stopped, for_s=600, short_s=20),
        _Way(name="hung", away=hung, for_s=120, short_s=15),
    )
    return await _measured(room, ways)


async def _slow(room: Room) -> Found:
    way = _Way(name="locked", away=locked, for_s=60, short_s=15, is_told=False)
    return await _measured(room, (way,))


DATABASE_AWAY = Measurement(fault_id="F-09", title="PostgreSQL away", run=_away)
DATABASE_LOCKED = Measurement(
    fault_id="F-10", title="PostgreSQL's tables locked", run=_slow
)
