"""Disks that fill up under calls: the journal's, and that of recordings."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from services.phone.sipp import DevicePlan
from services.phone.sipp_log import SippCall
from services.runtime.bench import small_disks
from services.runtime.bench.chaos import processes, witnesses
from services.runtime.bench.chaos.fault import Found, LeftOut, Measurement, Room
from services.runtime.bench.chaos.murmur import murmuring
from services.runtime.bench.chaos.scoring import none_lost
from services.runtime.bench.figures import Figure
from services.runtime.bench.floor_plan import FloorPlan
from services.runtime.bench.ordinary import ordinary_calls
from services.runtime.bench.problems import BenchFailed
from services.runtime.bench.stand import Stand, open_stand
from services.runtime.bench.trail import connected

_PER_S = 5.0
_FOR_S, _SHORT_FOR_S = 60.0, 15.0
_TALK_MS = 2000
_AGENTS = 30
_ENOUGH = 100
_RECORDS_LIMIT_S = 90.0
_RED_LIMIT_S = 60.0
_TOLD_LIMIT_S = 30.0


def _disks(**sizes: str) -> Callable[[Path], Sequence[str]]:
    if not small_disks.CAN_BE:
        raise LeftOut("only root can give an instance small disks of its own")
    return small_disks.small_disks(sizes)


async def _enlarge(stand: Stand, name: str, size: str) -> None:
    engine = processes.pids(stand.instance)["engine"]
    place = str(stand.instance.data / name)
    process = await asyncio.create_subprocess_exec(
        *("nsenter", "-t", str(engine), "-m"),
        *("mount", "-o", f"remount,size={size}", place),
    )
    if await process.wait():
        raise BenchFailed(
            "making a disk larger",
            found=f"mount ended with {process.returncode}",
            would_do="is this machine's root allowed to mount?",
        )


async def _calls(stand: Stand, for_s: float) -> tuple[SippCall, ...]:
    async with murmuring(round(for_s * _PER_S)) as ears:
        return await ordinary_calls(
            stand, per_s=_PER_S, for_s=for_s, talk_ms=_TALK_MS, media_ports=ears
        )


async def _journal_full(room: Room) -> Found:
    for_s = _SHORT_FOR_S if room.is_short else _FOR_S
    since = datetime.now(UTC)
    within = _disks(journal="64k")
    async with (
        open_stand(
            FloorPlan(agents=_AGENTS), base_port=room.base_port, within=within
        ) as stand,
        stand.devices(DevicePlan()),
    ):
        red = asyncio.create_task(_told_red(stand, "journal"))
        callers = await _calls(stand, for_s)
        is_told = red.done() and red.result()
        red.cancel()
        await _enlarge(stand, "journal", "64m")
        answered = {call.number for call in callers if call.status == 200}
        records = await witnesses.records(
            stand.instance.database, answered, since=since, within_s=_RECORDS_LIMIT_S
        )
    known = {record.number for record in records if record.state == "closed"}
    unanswered = [call for call in callers if call.status != 200]
    figures = (
        none_lost("calls refused", len(unanswered), len(callers), enough=_ENOUGH),
        none_lost(
            "records missing", len(answered - known), len(answered), enough=_ENOUGH
        ),
        none_lost("full journal not told", int(not is_told), 1, enough=1),
    )
    return Found(
        figures=figures,
        unserved_s=len(unanswered) / _PER_S,
        note="the database's own disk is not filled; rows are refused as in F-09",
    )


async def _told_red(stand: Stand, part: str) -> bool:
    for _ in range(int(_RED_LIMIT_S * 4)):
        parts = await witnesses.ready_parts(stand.instance.http)
        if parts.get(part) is False:
            return True
        await asyncio.sleep(0.25)
    return False


async def _recordings_full(room: Room) -> Found:
    for_s = _SHORT_FOR_S if room.is_short else _FOR_S
    within = _disks(recordings="48k", **{"asterisk/spool": "400k"})
    async with (
        open_stand(
            FloorPlan(agents=_AGENTS),
            is_recorded=True,
            base_port=room.base_port,
            within=within,
        ) as stand,
        stand.devices(DevicePlan()),
    ):
        callers = await _calls(stand, for_s)
        talks, told, missing = await _told_recordings(stand)
    return Found(figures=tuple(_lost_recordings(callers, talks, told, missing)))


async def _told_recordings(stand: Stand) -> tuple[int, int, int]:
    """Return talks, rows of recordings, and how many of those tell of none."""
    async with connected(stand.instance.database) as connection:
        talks = told = 0
        for _ in range(int(_TOLD_LIMIT_S)):
            # A recording is looked at a moment after its talk.
            await asyncio.sleep(1)
            talks = await connection.fetchval("SELECT count(*) FROM conversations")
            told = await connection.fetchval("SELECT count(*) FROM recordings")
            if told >= talks:
                break
        missing = await connection.fetchval(
            "SELECT count(*) FROM recordings WHERE missing_reason IS NOT NULL"
        )
    return talks, told, missing


def _lost_recordings(
    callers: Sequence[SippCall], talks: int, told: int, missing: int
) -> Iterator[Figure]:
    hurt = sum(not call.went_well for call in callers)
    yield none_lost("calls hurt", hurt, len(callers), enough=_ENOUGH)
    yield none_lost(
        "talks of which nothing is told", talks - told, talks, enough=_ENOUGH
    )
    yield Figure(
        name="recordings told as missing", value=missing, unit="times", n=talks
    )


JOURNAL_FULL = Measurement(
    fault_id="F-11", title="the journal's disk full", run=_journal_full
)
RECORDINGS_FULL = Measurement(
    fault_id="F-12", title="the disk of recordings full", run=_recordings_full
)
