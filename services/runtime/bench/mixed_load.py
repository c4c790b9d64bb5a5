"""``tieline bench load``: a crowd as crowds are, every call counted twice."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from services.phone.hotline import Hotline, open_hotline
from services.phone.sipp import CallerPlan, DevicePlan, Load, SippOutcome, SippRun
from services.runtime.bench.channels import live_channels
from services.runtime.bench.figures import machine
from services.runtime.bench.floor_plan import DIRECT, FloorPlan
from services.runtime.bench.ordinary import numbered
from services.runtime.bench.stand import Stand, open_stand
from services.runtime.bench.tally import compare, seen
from services.runtime.bench.trail import Connection, connected, trails, until_closed
from services.runtime.progress import say

_RING_S = 3.0
_TALK_MS = 1500
_SETTLE_S = 30.0
_COME_BACK_EVERY_S = 0.25
# From the queue's entry on. Who waits for 9 s is served and hung up on by the agent;
# 3 s ends in the middle of talks; the rest is mostly too short for being served.
_PATIENCE_MS = (9000, 9000, 9000, 3000, 9000, 120, 9000, 900, 9000, 2000)
_LETS_IT_RING = DevicePlan(ring_ms=60_000)
_REFUSES = DevicePlan(ring_ms=100, status=603)

# Each must be 0 when all calls are over.
_LEFT_OVER = {
    "legs without a call": """
        SELECT count(*) FROM legs LEFT JOIN calls USING (call_id)
        WHERE calls.call_id IS NULL""",
    "legs that did not end": "SELECT count(*) FROM legs WHERE ended_at IS NULL",
    "calls not closed": "SELECT count(*) FROM calls WHERE state <> 'closed'",
    "offers without an outcome": "SELECT count(*) FROM offers WHERE outcome IS NULL",
    "talks without an end": """
        SELECT count(*) FROM conversations WHERE ended_at IS NULL""",
    "facts refused": "SELECT count(*) FROM facts WHERE origin = 'refused'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedLoad:
    """How many calls, how fast, on how many agents."""

    calls: int = 300
    per_s: float = 10.0
    agents: int = 30
    is_mixed: bool = True
    """With callers who give up, agents who let it ring, and agents who refuse."""
    is_recorded: bool = False


async def run(load: MixedLoad) -> dict[str, object]:
    """Place the calls, and hold what SIPp saw against the records."""
    say(f"starting an instance with {load.agents} agents …")
    plan = FloorPlan(agents=load.agents, ring_s=_RING_S)
    async with open_stand(plan, is_recorded=load.is_recorded) as stand:
        say(f"{load.calls} calls at {load.per_s:g} calls/s …")
        callers, devices = await _placed(stand, load)
        async with connected(stand.instance.database) as records:
            # Closed late or never is found below, call by call.
            ids = [call.sip_call_id for call in callers.calls]
            await until_closed(records, ids, within_s=_SETTLE_S)
            await asyncio.sleep(1)
            left_over = await _left_over(stand, records)
            tally = compare(
                seen(
                    callers.calls,
                    [call for one in devices for call in one.calls],
                    ring_s=_RING_S,
                ),
                await trails(records),
            )
            offers = await offer_outcomes(records)
        said = await asyncio.to_thread(
            engine_said, stand.instance.data / "log" / "engine.log"
        )
    counts = [*tally.counts, *left_over]
    problems = [*tally.problems]
    problems += [
        f"{row['name']}: must be {row['expected']}, found {row['found']}"
        for row in counts
        if row["found"] != row["expected"]
    ]
    if callers.errors:
        problems.append(f"SIPp: {callers.errors[:400]}")
    return {
        "bench": "load",
        "calls": load.calls,
        "per_s": load.per_s,
        "agents": load.agents,
        "is_mixed": load.is_mixed,
        "machine": machine(),
        "counts": counts,
        "offers": offers,
        "devices": _device_counts(devices),
        "engine_said": said,
        "crossings": list(tally.crossings),
        "problems": problems,
    }


async def _placed(
    stand: Stand, load: MixedLoad
) -> tuple[SippOutcome, list[SippOutcome]]:
    odd = max(1, load.agents // 6) if load.is_mixed else 0
    # Not when impatient callers leave: SIPp looks at its clock every 200 ms.
    answering = DevicePlan(ring_ms=310, talk_ms=_TALK_MS)
    sorts = (
        (answering, stand.agents[2 * odd :]),
        (_LETS_IT_RING, stand.agents[:odd]),
        (_REFUSES, stand.agents[odd : 2 * odd]),
    )
    patience_ms = _PATIENCE_MS if load.is_mixed else (9000,)
    plan = CallerPlan(
        number=DIRECT, callers=numbered(load.calls), hang_up_after_ms=patience_ms
    )
    async with AsyncExitStack() as stack:
        runs: list[SippRun] = [
            await stack.enter_async_context(stand.devices(sort, agents))
            for sort, agents in sorts
            if agents
        ]
        await stack.enter_async_context(coming_back(stand))
        limit_s = load.calls / load.per_s + 60
        callers = await stand.callers(
            plan, Load(calls=load.calls, per_s=load.per_s, timeout_s=limit_s)
        )
    return callers, [run.outcome for run in runs]


@asynccontextmanager
async def coming_back(stand: Stand) -> AsyncIterator[None]:
    """Have agents who were made not ready come back, as people do."""
    async with open_hotline(stand.instance.http, token=stand.instance.token) as hotline:
        task = asyncio.create_task(_come_back(hotline))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _come_back(hotline: Hotline) -> None:
    while True:
        for agent in await hotline.agents():
            if agent.state == "not_ready":
                await hotline.ready(agent.agent_id)
        await asyncio.sleep(_COME_BACK_EVERY_S)


async def _left_over(stand: Stand, records: Connection) -> list[dict[str, object]]:
    counts: list[dict[str, object]] = [
        {"name": name, "found": await records.fetchval(query), "expected": 0}
        for name, query in _LEFT_OVER.items()
    ]
    async with open_hotline(stand.instance.http, token=stand.instance.token) as hotline:
        busy = [
            agent.agent_id
            for agent in await hotline.agents()
            if agent.state not in ("ready", "not_ready")
        ]
    channels = await live_channels(stand.instance)
    counts.append({"name": "agents still busy", "found": len(busy), "expected": 0})
    counts.append({"name": "channels alive", "found": channels, "expected": 0})
    return counts


def engine_said(log: Path) -> dict[str, int]:
    """Return how often the engine said what, in its warnings and errors."""
    said = Counter[str]()
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict) and told.get("level") in ("warning", "error"):
            said[f"{told['level']}: {told.get('event')}"] += 1
    return dict(said)


async def offer_outcomes(records: Connection) -> dict[str, int]:
    """Return how many offers ended in which way."""
    query = "SELECT outcome, count(*) FROM offers GROUP BY outcome ORDER BY outcome"
    return {str(row[0]): row[1] for row in await records.fetch(query)}


def _device_counts(devices: Sequence[SippOutcome]) -> dict[str, int]:
    """Return how often devices rang, picked up, refused and were cancelled."""
    calls = [call for one in devices for call in one.calls]
    events = ("rang", "picked_up", "refused", "cancelled")
    return {event: sum(event in call.at for call in calls) for event in events}
