"""How long a call waits for what we do: to the agent's phone, to the other's voice."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from services.phone.sipp import CallerPlan, DevicePlan, Load, SippOutcome
from services.phone.sipp_log import SippCall
from services.runtime.bench.clocks import ClockOffset, offset
from services.runtime.bench.figures import Figure, latency
from services.runtime.bench.floor_plan import DIRECT
from services.runtime.bench.ordinary import numbered
from services.runtime.bench.stand import Stand
from services.runtime.bench.trail import (
    CallTrail,
    RecordWatch,
    connected,
    trails,
    until_closed,
)

_TALK_MS = 2000
_RING_MS = 200
_SETTLE_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """One call as three saw it: the caller, the device that rang, the records."""

    caller: SippCall
    device: SippCall
    trail: CallTrail


async def measure(stand: Stand, *, calls: int, per_s: float) -> list[Figure]:
    """Place calls while agents are free, and measure what each waited for."""
    clock = await offset(stand.instance, stand.agents[0])
    plan = CallerPlan(
        number=DIRECT, callers=numbered(calls), hang_up_after_ms=(_TALK_MS,)
    )
    async with (
        connected(stand.instance.database) as looking,
        connected(stand.instance.database) as reading,
    ):
        watch = RecordWatch(looking)
        watching = asyncio.create_task(watch.run())
        async with stand.devices(DevicePlan(ring_ms=_RING_MS)) as devices:
            load = Load(calls=calls, per_s=per_s, timeout_s=calls / per_s + 30)
            callers = await stand.callers(plan, load)
            ids = [call.sip_call_id for call in callers.calls]
            await until_closed(reading, ids, within_s=_SETTLE_S)
        await asyncio.sleep(0.1)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        pairs = list(_pairs(callers, devices.outcome, await trails(reading)))
    return list(_figures(pairs, watch, clock, placed=calls))


def _pairs(
    callers: SippOutcome, devices: SippOutcome, known: list[CallTrail]
) -> Iterator[_Pair]:
    by_number: dict[str, SippCall] = {}
    for device in devices.calls:
        by_number.setdefault(device.number, device)
    by_dialog = {trail.sip_call_id: trail for trail in known}
    for caller in callers.calls:
        rung, trail = by_number.get(caller.number), by_dialog.get(caller.sip_call_id)
        if rung is not None and trail is not None and "call_connected" in trail.at:
            yield _Pair(caller=caller, device=rung, trail=trail)


def _figures(
    pairs: list[_Pair], watch: RecordWatch, clock: ClockOffset, *, placed: int
) -> Iterator[Figure]:
    ahead_ms = clock.surely_ms
    told = {
        "clock_offset_ms": [round(clock.least_ms, 2), round(clock.most_ms, 2)],
        "clock_corrected_ms": round(ahead_ms, 2),
    }
    yield Figure(
        name="latency_calls_connected",
        value=len(pairs) / placed,
        unit="share",
        n=placed,
        floor=1.0,
        is_more_better=True,
    )
    yield from latency(
        "queued_to_invite",
        [
            _ms(pair.trail.at["call_queued"], pair.device.at["rang"]) + ahead_ms
            for pair in pairs
        ],
        p50_floor=30,
        p99_floor=250,
        more=told,
    )
    yield from latency(
        "answer_to_bridged",
        [
            _ms(pair.device.at["picked_up"], pair.trail.at["call_connected"]) - ahead_ms
            for pair in pairs
        ],
        p50_floor=10,
        p99_floor=60,
        more=told,
    )
    yield from latency(
        "invite_to_invite",
        [_ms(pair.caller.at["dialled"], pair.device.at["rang"]) for pair in pairs],
    )
    yield from latency(
        "hang_up_to_record",
        [
            _ms(pair.caller.at["hung_up"], watch.seen_at[pair.caller.sip_call_id])
            for pair in pairs
        ],
        p99_floor=1000,
    )


def _ms(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds() * 1000
