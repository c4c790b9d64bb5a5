"""Everything killed at a random moment, and started again on what is on the disk."""

import asyncio
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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
_HEARD_WITHIN = timedelta(milliseconds=250)
"""The switch answers by itself; the engine hears of it, and writes it down, later."""


@dataclass(slots=True, kw_only=True)
class _Cuts:
    """What all rounds came to so far."""

    folder: Path
    base_port: int
    answered: set[str] = field(default_factory=set)
    """Who was answered, by number; all of them are to be on record."""
    at_the_cut: set[str] = field(default_factory=set)
    """Who was answered in the moment of a cut; some of them nobody heard of."""
    missing: set[str] = field(default_factory=set)
    """Of the answered, who was not on record after their cut."""
    damaged: int = 0
    """Entries of the journal that could not be believed, but for a torn last one."""
    unclean: int = 0
    """Rounds after which a call of theirs was left open, or was not on record."""

    def take_in(self, callers: Sequence[SippCall], cut_at: datetime) -> None:
        """Take in who was answered before a cut."""
        for call in callers:
            if call.status == 200:
                was_heard = call.at["answered"] < cut_at - _HEARD_WITHIN
                (self.answered if was_heard else self.at_the_cut).add(call.number)


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
            cut_at = datetime.now(UTC)
            for pid in family:
                processes.kill(pid)
            await processes.until_dead(*family)
            cuts.take_in(run.calls, cut_at)


async def _none_left_open(
    cuts: _Cuts, found: Instance, since: datetime
) -> Sequence[CallOnRecord]:
    to_come = cuts.answered - cuts.missing
    records = await witnesses.records(
        found.database, to_come, since=since, within_s=_RECORDS_LIMIT_S
    )
    is_open = any(record.state != "closed" for record in records)
    missing = cuts.answered - {record.number for record in records}
    if is_open or missing > cuts.missing:
        cuts.unclean += 1
    cuts.missing = missing
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
    answered, at_the_cut = cuts.answered, cuts.at_the_cut
    numbers = [record.number for record in records]
    yield none_lost("cuts not clean", cuts.unclean, rounds, enough=20)
    yield none_lost("damaged entries believed", cuts.damaged, rounds, enough=20)
    yield none_lost(
        "records missing", len(answered - set(numbers)), len(answered), enough=100
    )
    yield Figure(
        name="answered at a cut, unheard of",
        value=len(at_the_cut - set(numbers)),
        unit="times",
        n=len(at_the_cut),
    )
    yield none_lost(
        "records extra", len(numbers) - len(set(numbers)), len(answered), enough=100
    )


POWER_CUT = Measurement(fault_id="F-25", title="everything killed at once", run=_cut)
