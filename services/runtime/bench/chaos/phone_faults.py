"""Agents' phones that refuse, keep still, are gone, or pick up and say nothing."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import datetime

from services.phone.sipp import CallerPlan, DevicePlan, Load
from services.phone.sipp_log import SippCall
from services.runtime.bench.chaos.fault import Found, Measurement, Room
from services.runtime.bench.chaos.scoring import none_lost
from services.runtime.bench.figures import Figure, percentile
from services.runtime.bench.floor_plan import DIRECT, FloorPlan
from services.runtime.bench.ordinary import numbered
from services.runtime.bench.stand import Stand, open_stand
from services.runtime.bench.trail import connected

_RING_S = 3.0
_WELL = 6
_SORTS = {
    "lets it ring": DevicePlan(ring_ms=60_000),
    "unavailable, 480": DevicePlan(status=480),
    "no codec, 488": DevicePlan(status=488),
    "declines, 603": DevicePlan(status=603),
}
_EACH = 2
_NEXT_FLOOR_S = 2.0
_TALK_MS = 60_000
_STAYS_S = 25.0

_NEXT = """
    SELECT a.ended_at, min(b.started_at) AS next_at
    FROM offers a JOIN offers b ON b.call_id = a.call_id AND b.started_at >= a.ended_at
    WHERE a.outcome <> 'answered' GROUP BY a.offer_id, a.ended_at
"""


async def _odd_phones(room: Room) -> Found:
    """Call agents of whom more than half have a phone that does not work.

    Two more of them have no phone at all: nothing of theirs is registered.
    """
    agents = _WELL + _EACH * (len(_SORTS) + 1)
    plan = FloorPlan(agents=agents, ring_s=_RING_S)
    async with (
        open_stand(plan, base_port=room.base_port) as stand,
        AsyncExitStack() as stack,
    ):
        odd = iter(stand.agents)
        for sort in _SORTS.values():
            who = [next(odd) for _ in range(_EACH)]
            await stack.enter_async_context(stand.devices(sort, who))
        for _ in range(_EACH):
            next(odd)
        well = tuple(odd)
        devices = await stack.enter_async_context(stand.devices(DevicePlan(), well))
        callers = await _called(stand, calls=_WELL)
        served = devices.calls
        again = await _offered_again(stand)
    return Found(
        figures=tuple(_figures(callers, served, again)),
        note="by SIP; a browser's phone is added by the issue that brings one",
    )


async def _called(stand: Stand, *, calls: int) -> Sequence[SippCall]:
    plan = CallerPlan(
        number=DIRECT, callers=numbered(calls), hang_up_after_ms=(_TALK_MS,)
    )
    load = Load(calls=calls, per_s=2, timeout_s=_STAYS_S)
    return (await stand.callers(plan, load)).calls


async def _offered_again(stand: Stand) -> list[float]:
    await asyncio.sleep(2)
    async with connected(stand.instance.database) as connection:
        rows = await connection.fetch(_NEXT)
    return [(row["next_at"] - row["ended_at"]).total_seconds() for row in rows]


def _figures(
    callers: Sequence[SippCall], served: Sequence[SippCall], again_s: Sequence[float]
) -> Iterator[Figure]:
    picked: dict[str, datetime] = {}
    for call in served:
        if "picked_up" in call.at:
            picked.setdefault(call.number, call.at["picked_up"])
    waits = [
        (picked[call.number] - call.at["answered"]).total_seconds()
        for call in callers
        if call.number in picked and "answered" in call.at
    ]
    yield none_lost(
        "callers not served", len(callers) - len(waits), len(callers), enough=_WELL
    )
    if waits:
        yield Figure(
            name="served at last after",
            value=max(waits),
            unit="s",
            n=len(waits),
            more={"p50": round(percentile(waits, 50), 2)},
        )
    if again_s:
        yield Figure(
            name="next offer after one that failed",
            value=max(again_s),
            unit="s",
            n=len(again_s),
            floor=_NEXT_FLOOR_S,
        )


ODD_PHONES = Measurement(
    fault_id="F-13", title="agents' phones that do not work", run=_odd_phones
)
