"""Everything killed at a random moment, and started again on what is on the disk."""

import asyncio
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from services.phone.hotline import open_hotline
from services.phone.sipp import CallerPlan, DevicePlan, Load
from services.phone.sipp_log import SippCall
from services.runtime import instance
from services.runtime.bench.chaos import processes, witnesses
from services.runtime.bench.chaos.evidence import CallOnRecord
from services.runtime.bench.chaos.fault import Found, Measurement, Room
from services.runtime.bench.chaos.scoring import none_lost
from services.runtime.bench.figures import Figure
from services.runtime.bench.floor_plan import DIRECT, FloorPlan
from services.runtime.bench.free_ports import free_base
from services.runtime.bench.ordinary import FIRST_NUMBER, numbered
from services.runtime.bench.stand import Stand, running_up, sign_in
from services.runtime.instance import Instance
from services.runtime.progress import say
from services.store.journal import Journal

_ROUNDS, _SHORT_ROUNDS = 20, 3
_AGENTS = 20
_PER_S = 5.0
_TALK_MS = 1500
_CUT_AFTER_S = (3.0, 9.0)
_SEED = 22
_RECORDS_LIMIT_S = 60.0


@dataclass(slots=True, kw_only=True)
class _Cuts:
    """What all rounds came to so far."""

    folder: Path
    base_port: int
    callers: list[SippCall] = field(default_factory=list)
    damaged: int = 0
    """Entries of the journal that could not be believed, but for a torn last one."""
    unclean: int = 0
    """Rounds after which it did not come up, or a call of before was left open."""


async def _cut(room: Room) -> Found:
    rounds = _SHORT_ROUNDS if room.is_short else _ROUNDS
    pick = random.Random(_SEED)  # noqa: S311 - the same moments again, no secret
    with tempfile.TemporaryDirectory(
        prefix="tieline-bench-", ignore_cleanup_errors=True
    ) as name:
        cuts = _Cuts(folder=Path(name), base_port=room.base_port or free_base())
        floor = FloorPlan(agents=_AGENTS)
        options, data = _options(cuts, floor), cuts.folder / "data"
        since = datetime.now(UTC)
        for nth in range(rounds):
            say(f"power cut {nth + 1} of {rounds} …")
            async with running_up(
                options, _variables(cuts), log=cuts.folder / "up.log"
            ) as ready_after_s:
                stand = Stand.on(
                    data,
                    cuts.folder / f"round-{nth}",
                    floor.agent_ids,
                    ready_after_s=ready_after_s,
                )
                await _none_left_open(cuts, stand.instance, since)
                await _talk_until_cut(cuts, stand, nth, pick.uniform(*_CUT_AFTER_S))
            cuts.damaged += await _damaged(data / "journal")
        async with running_up(options, _variables(cuts), log=cuts.folder / "up.log"):
            found = instance.find(data)
            records = await _none_left_open(cuts, found, since)
    return Found(figures=tuple(_figures(cuts, records, rounds)))


def _options(cuts: _Cuts, plan: FloorPlan) -> tuple[str, ...]:
    floor, _ = plan.write(cuts.folder)
    data = ("--data", str(cuts.folder / "data"), "--floor", str(floor))
    return (*data, "--base-port", str(cuts.base_port))


def _variables(cuts: _Cuts) -> dict[str, str]:
    flows = cuts.folder / "dialplans" / "flows"
    return {"TIELINE_FLOWS": str(flows), "TIELINE_RECORDINGS__IS_ON": "false"}


async def _talk_until_cut(
    cuts: _Cuts, stand: Stand, nth: int, cut_after_s: float
) -> None:
    calls = round(cut_after_s * _PER_S)
    plan = CallerPlan(
        number=DIRECT,
        callers=numbered(calls, FIRST_NUMBER + nth * 10_000),
        hang_up_after_ms=(_TALK_MS,),
    )
    load = Load(calls=calls, per_s=_PER_S, timeout_s=60)
    async with (
        open_hotline(stand.instance.http, token=stand.instance.token) as hotline,
        stand.devices(DevicePlan()),
    ):
        await sign_in(hotline, stand.agents)
        async with stand.calling(plan, load) as run:
            await asyncio.sleep(cut_after_s)
            # The supervisor first: nobody is left who could put anything in order.
            supervisor = processes.pids(stand.instance)["supervisor"]
            family = processes.family(supervisor)
            for pid in family:
                processes.kill(pid)
            await processes.until_dead(*family)
            cuts.callers += run.calls


async def _none_left_open(
    cuts: _Cuts, found: Instance, since: datetime
) -> Sequence[CallOnRecord]:
    answered = {call.number for call in cuts.callers if call.status == 200}
    records = await witnesses.records(
        found.database, answered, since=since, within_s=_RECORDS_LIMIT_S
    )
    is_open = any(record.state != "closed" for record in records)
    known = {record.number for record in records}
    if is_open or not answered <= known:
        cuts.unclean += 1
    return records


async def _damaged(folder: Path) -> int:
    """Return how many entries are not whole; the torn end of a cut is dropped."""
    damage: list[Exception] = []
    journal = Journal(folder)
    try:
        for _ in journal.read(1, on_damage=damage.append):
            pass
    finally:
        await journal.close()
    return len(damage)


def _figures(
    cuts: _Cuts, records: Sequence[CallOnRecord], rounds: int
) -> Iterator[Figure]:
    answered = {call.number for call in cuts.callers if call.status == 200}
    numbers = [record.number for record in records]
    yield none_lost("cuts not clean", cuts.unclean, rounds, enough=20)
    yield none_lost("damaged entries believed", cuts.damaged, rounds, enough=20)
    yield none_lost(
        "records missing", len(answered - set(numbers)), len(answered), enough=100
    )
    yield none_lost(
        "records extra", len(numbers) - len(set(numbers)), len(answered), enough=100
    )


POWER_CUT = Measurement(fault_id="F-25", title="everything killed at once", run=_cut)
