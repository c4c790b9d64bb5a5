"""Ordinary calls for long: nothing of the engine's or Asterisk's may grow."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from services.phone.sipp import DevicePlan
from services.phone.sipp_log import SippCall
from services.runtime.bench.chaos import processes, witnesses
from services.runtime.bench.chaos.evidence import Footprint
from services.runtime.bench.chaos.fault import Found, Measurement, Room
from services.runtime.bench.chaos.scoring import none_lost
from services.runtime.bench.figures import Figure
from services.runtime.bench.floor_plan import FloorPlan
from services.runtime.bench.ordinary import ordinary_calls
from services.runtime.bench.stand import Stand, open_stand
from services.runtime.progress import say

_RATES_PER_S = (1.0, 3.0, 5.0, 3.0)
"""In turn, a minute each."""
_FIRST_NUMBER = 13_000_000_000
_TALK_MS = 3000
_AGENTS = 40
_LOOK_EVERY_S = 5.0
_SETTLE_S = 60.0
_MINUTE_S = 60.0
_HOUR_S = 3600.0
_WARM_SHARE = 1 / 3
"""What grows at first, caches and pools, is not what grows for ever."""
_ENOUGH_LOOKS = 200
_RSS_FLOOR_PERCENT_H = 1.0
_ENOUGH_CALLS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was held at one moment."""

    at_s: float
    held: Footprint


async def _soaked(room: Room) -> Found:
    since = datetime.now(UTC)
    async with (
        open_stand(FloorPlan(agents=_AGENTS), base_port=room.base_port) as stand,
        stand.devices(DevicePlan()),
        _looking(stand) as looks,
    ):
        callers: list[SippCall] = []
        for minute in range(room.minutes):
            rate_per_s = _RATES_PER_S[minute % len(_RATES_PER_S)]
            say(f"minute {minute + 1} of {room.minutes}: {rate_per_s:g} calls/s …")
            callers += await ordinary_calls(
                stand,
                per_s=rate_per_s,
                for_s=_MINUTE_S,
                talk_ms=_TALK_MS,
                first=_FIRST_NUMBER + len(callers),
            )
        answered = {call.number for call in callers if call.status == 200}
        records = await witnesses.records(
            stand.instance.database, answered, since=since, within_s=_SETTLE_S
        )
        left = await processes.footprint(stand.instance)
    known = {record.number for record in records if record.state == "closed"}
    placed = len(callers)
    refused = placed - len(answered)
    return Found(
        figures=(
            none_lost(
                "calls not answered", refused, len(callers), enough=_ENOUGH_CALLS
            ),
            none_lost(
                "records missing",
                len(answered - known),
                len(answered),
                enough=_ENOUGH_CALLS,
            ),
            none_lost("channels left", left.channels, len(callers), enough=1),
            *slopes(looks),
        )
    )


@asynccontextmanager
async def _looking(stand: Stand) -> AsyncIterator[list[Look]]:
    looks: list[Look] = []

    async def look_on() -> None:
        began_s = time.monotonic()
        while True:
            held = await processes.footprint(stand.instance)
            looks.append(Look(at_s=time.monotonic() - began_s, held=held))
            await asyncio.sleep(_LOOK_EVERY_S)

    task = asyncio.create_task(look_on())
    try:
        yield looks
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def slopes(looks: Sequence[Look]) -> Iterator[Figure]:
    """Yield how fast memory, descriptors and threads grow once it is warm."""
    warm = looks[int(len(looks) * _WARM_SHARE) :]
    if len(warm) < 2:
        return
    at_h = [look.at_s / _HOUR_S for look in warm]
    rss = [float(look.held.rss_kb) for look in warm]
    slope_kb_h = statistics.linear_regression(at_h, rss).slope
    yield Figure(
        name="engine's memory grows",
        value=100 * slope_kb_h / statistics.fmean(rss),
        unit="%/h",
        n=len(warm),
        floor=_RSS_FLOOR_PERCENT_H,
        enough=_ENOUGH_LOOKS,
        more={"first_mb": round(rss[0] / 1024, 1), "last_mb": round(rss[-1] / 1024, 1)},
    )
    for name, held in (
        ("descriptors", [look.held.descriptors for look in warm]),
        ("threads", [look.held.threads for look in warm]),
    ):
        half = len(held) // 2
        # By medians: each call has descriptors of its own while it lives.
        more = statistics.median(held[half:]) - statistics.median(held[:half])
        yield Figure(
            name=f"engine's {name} grow",
            value=max(0.0, more),
            unit="times",
            n=len(held),
            floor=5,
            goal=0,
            enough=_ENOUGH_LOOKS,
        )


SOAK = Measurement(fault_id="soak", title="ordinary calls for long", run=_soaked)
