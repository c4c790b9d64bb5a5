"""The wall clock of the engine jumps, while it runs and between two of its lives."""

import asyncio
import glob
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from services.phone.hotline import open_hotline
from services.phone.sipp import DevicePlan
from services.phone.sipp_log import SippCall
from services.runtime.bench.chaos import processes, witnesses
from services.runtime.bench.chaos.evidence import CallOnRecord
from services.runtime.bench.chaos.fault import Found, LeftOut, Measurement, Room
from services.runtime.bench.chaos.scoring import none_lost
from services.runtime.bench.figures import Figure
from services.runtime.bench.floor_plan import FloorPlan
from services.runtime.bench.ordinary import FIRST_NUMBER, ordinary_calls
from services.runtime.bench.stand import Stand, open_stand, sign_in
from services.runtime.parts import asterisk
from services.runtime.progress import say
from services.runtime.settings import read_settings

LIBRARY = "FAKETIME_LIBRARY"
"""Names libfaketime where it does not lie where Debian puts it."""
_USUAL = "/usr/lib/*/faketime/libfaketime.so.1"
_JUMPS = ("+3600s", "-3600s", "+5184000s", "+0s")
"""An hour there, an hour back of the right time, sixty days, and right again."""
_PER_S = 4.0
_FOR_S, _SHORT_FOR_S = 20.0, 8.0
_TALK_MS = 2000
_AGENTS = 20
_SETTLE_S = 30.0
_WRONG_S = 2.0
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Jumps:
    stand: Stand
    clock: Path
    for_s: float
    callers: list[SippCall] = field(default_factory=list)

    async def to(self, offset: str) -> None:
        """Set the clock, then have calls."""
        say(f"the engine's clock at {offset} …")
        self.clock.write_text(offset, encoding="ascii")
        await asyncio.sleep(1)
        self.callers += await ordinary_calls(
            self.stand,
            per_s=_PER_S,
            for_s=self.for_s,
            talk_ms=_TALK_MS,
            first=FIRST_NUMBER + 10_000 * len(self.callers),
        )

    async def new_life(self) -> None:
        """Kill the engine, so that the next one starts with the clock as it is now."""
        old = processes.pids(self.stand.instance)["engine"]
        processes.kill(old)
        for _ in range(600):
            await asyncio.sleep(0.1)
            if processes.pid_of(self.stand.instance, "engine") not in (None, old):
                break
        async with open_hotline(
            self.stand.instance.http, token=self.stand.instance.token
        ) as hotline:
            await sign_in(hotline, self.stand.agents)


async def _jumped(room: Room) -> Found:
    library = _library()
    settings = read_settings()
    program = asterisk.obtain(settings.asterisk, settings.parts).program
    if len(program.argv) > 1:
        raise LeftOut(
            "libfaketime cannot be loaded into an Asterisk that runs by its own loader;"
            " one of the machine's own would do"
        )
    with tempfile.TemporaryDirectory(prefix="tieline-clock-") as folder:
        return await _jumped_by(library, Path(folder) / "offset", room)


async def _jumped_by(library: str, clock: Path, room: Room) -> Found:
    await asyncio.to_thread(clock.write_text, "+0s", encoding="ascii")
    variables = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        # Ours are by the monotonic clock, which no jump moves.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    for_s = _SHORT_FOR_S if room.is_short else _FOR_S
    plan = FloorPlan(agents=_AGENTS)
    async with (
        open_stand(plan, base_port=room.base_port, variables=variables) as stand,
        stand.devices(DevicePlan()),
    ):
        jumps = _Jumps(stand, clock, for_s)
        for offset in _JUMPS:
            await jumps.to(offset)
            await jumps.new_life()
        await jumps.to("+0s")
        answered = {call.number for call in jumps.callers if call.status == 200}
        records = await witnesses.records(
            stand.instance.database, answered, since=_LONG_AGO, within_s=_SETTLE_S
        )
    return Found(
        figures=tuple(_figures(jumps.callers, records)),
        note="the engine's clock alone; Asterisk's own is not moved",
    )


def _library() -> str:
    named = os.environ.get(LIBRARY, "")
    found = [named] if named else sorted(glob.glob(_USUAL))  # noqa: PTH207 - a pattern
    if not found or not Path(found[0]).exists():
        raise LeftOut("libfaketime is not there; apt-get install libfaketime")
    return found[0]


def _figures(
    callers: Sequence[SippCall], records: Sequence[CallOnRecord]
) -> Iterator[Figure]:
    by_number = {record.number: record for record in records}
    n = len(callers)
    unserved = sum(not call.went_well for call in callers)
    yield none_lost("calls not served", unserved, n, enough=100)
    missing = sum(
        call.status == 200 and call.number not in by_number for call in callers
    )
    yield none_lost("records missing", missing, n, enough=100)
    pairs = [
        (call, by_number[call.number]) for call in callers if call.number in by_number
    ]
    wrong = sum(_is_wrong(call, record) for call, record in pairs)
    yield none_lost("lengths wrong or negative", wrong, len(pairs), enough=100)


def _is_wrong(call: SippCall, record: CallOnRecord) -> bool:
    """Tell whether a record's length, by its own instants, is not the caller's."""
    if record.arrived_at is None or record.ended_at is None:
        return True
    if "hung_up" not in call.at:
        return False
    said_s = (record.ended_at - record.arrived_at).total_seconds()
    was_s = (call.at["hung_up"] - call.at["dialled"]).total_seconds()
    return abs(said_s - was_s) > _WRONG_S


CLOCK_JUMPED = Measurement(
    fault_id="F-18", title="the engine's clock jumps", run=_jumped
)
