"""The utility slow, absent, failing or talking nonsense, while flows ask it."""

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.phone.sipp import CallerPlan, DevicePlan, Load, SippRun
from services.phone.sipp_log import SippCall
from services.runtime.bench.chaos import beside
from services.runtime.bench.chaos.asking_floor import LIMITS_S, QUICK, AskingFloor
from services.runtime.bench.chaos.beside import Placed
from services.runtime.bench.chaos.fault import Found, Measurement, Room
from services.runtime.bench.chaos.scoring import none_lost
from services.runtime.bench.chaos.sound import Heard, sound_probes
from services.runtime.bench.figures import ENOUGH_FOR_P99, Figure, percentile
from services.runtime.bench.ordinary import FIRST_NUMBER, numbered
from services.runtime.bench.problems import BenchFailed
from services.runtime.bench.stand import Stand, open_stand
from services.runtime.bench.trail import Connection, connected, until_closed
from services.runtime.progress import say
from services.runtime.settings import CHECKOUT

_AGENTS = 80
_ASK_PER_S = 1.5
"""Callers of each of the two."""
_STAYS_MS = 25_000
"""Longer than any call here lasts: the agents' devices hang up."""
_FOR_S, _SHORT_S = 24.0, 12.0
_CONTROL_S, _SHORT_CONTROL_S = 60.0, 22.0
_SETTLE_S = 60.0
_MENDED_LIMIT_S = 40.0
_ADDED_FLOOR_S = 2.0
_BEFORE_S = 4.0
_MENDED_FLOOR_S = 15.0
"""The breaker rests for 10 s; then the next caller is asked for."""
_ENOUGH = 30

_TROUBLES: Mapping[str, tuple[str, ...]] = {
    "slow": ("--delay", "30"),
    "absent": ("--absent",),
    "erring": ("--errors", "100%"),
    "garbage": ("--garbage",),
    "huge": ("--huge",),
    "dripping": ("--drip",),
}
"""What is wrong, and what ``tieline utility break`` is told."""

_WALKED = """
    SELECT c.caller_number AS number,
        array_agg(s.step) FILTER (WHERE s.kind = 'step') AS steps
    FROM calls c JOIN steps s USING (call_id)
    WHERE c.caller_number = ANY($1) GROUP BY 1
"""
_TOOK = """
    SELECT c.caller_number AS number, f.body
    FROM facts f JOIN calls c USING (call_id)
    WHERE f.kind = 'looked_up' AND c.caller_number = ANY($1)
"""
_KNOWN_SINCE = "SELECT min(at) FROM steps WHERE step = 'known' AND at > $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What came of callers for whom the utility was asked."""

    callers: Sequence[SippCall]
    served: frozenset[str]
    """Numbers that an agent's device took."""
    steps: Mapping[str, Sequence[str]]
    """Where each number's walk came to."""
    silences_s: Sequence[float]
    """The longest of each caller, until an agent took the call."""
    took_s: Sequence[float]
    """By how much asking within 2 s held a call up."""

    @property
    def unserved(self) -> list[SippCall]:
        """Who was not answered, or came to no agent."""
        return beside.unserved(self.callers, self.served)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phase:
    """A while with the utility as it was then."""

    name: str
    asked: _Asked
    others: Placed
    mended_s: float = 0.0
    """From the mending to the first caller whose look-up was answered."""


@dataclass(slots=True)
class _Rehearsal:
    """One instance, its agents' devices, and numbers that nobody has called from."""

    stand: Stand
    devices: SippRun
    records: Connection
    _groups: "itertools.count[int]"

    async def phase(self, name: str, for_s: float, options: Sequence[str]) -> _Phase:
        """Have callers come for a while, and see what came of them."""
        say(f"utility {name}: {for_s:g} s …")
        if options:
            await self._break(*options)
        others = self._first()
        asked, placed = await asyncio.gather(
            self._asking(for_s),
            beside.placed(self.stand, self.devices, for_s, first=others),
        )
        mended_s = await self._mended() if options else 0.0
        return _Phase(name=name, asked=asked, others=placed, mended_s=mended_s)

    def _first(self) -> int:
        return FIRST_NUMBER + next(self._groups) * 10**5

    async def _break(self, *options: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "services.runtime.cli"),
            *("utility", "break", *options, "--data", str(self.stand.instance.data)),
            env={"PYTHONPATH": str(CHECKOUT), "PYTHONSAFEPATH": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        if process.returncode != 0:
            raise BenchFailed(
                f"breaking the utility by {' '.join(options)}",
                found=said.decode(errors="replace")[-300:],
                would_do="does tieline utility work by hand?",
            )

    async def _asking(self, for_s: float) -> _Asked:
        count = max(2, round(for_s * _ASK_PER_S))
        groups = {number: numbered(count, self._first()) for number in LIMITS_S}
        async with sound_probes(talking=0, listening=2 * count, quiet=0) as probe:
            ears = {
                caller: port
                for (caller, _), port in zip(
                    itertools.chain(*groups.values()),
                    probe.ports["listening"],
                    strict=True,
                )
            }
            load = Load(
                calls=count, per_s=_ASK_PER_S, timeout_s=for_s + _STAYS_MS / 1000 + 30
            )
            outcomes = await asyncio.gather(
                *(
                    self.stand.callers(
                        CallerPlan(
                            number=number,
                            callers=callers,
                            hang_up_after_ms=(_STAYS_MS,),
                            media_ports=tuple(ears[caller] for caller, _ in callers),
                        ),
                        load,
                    )
                    for number, callers in groups.items()
                )
            )
            await probe.close()
        calls = [call for outcome in outcomes for call in outcome.calls]
        answered = [call.sip_call_id for call in calls if call.status == 200]
        await until_closed(self.records, answered, within_s=_SETTLE_S)
        return await self._seen(calls, ears, probe.heard, groups[QUICK])

    async def _seen(
        self,
        calls: Sequence[SippCall],
        ears: Mapping[str, int],
        heard: Sequence[Heard],
        quick: Sequence[tuple[str, str]],
    ) -> _Asked:
        by_port = {one.port: one for one in heard}
        taken = beside.picked_up(self.devices)

        def silence_s(call: SippCall, since: datetime, until: datetime) -> float:
            return _longest_silence_s(by_port.get(ears[call.number]), since, until)

        walked = await self.records.fetch(_WALKED, [*ears])
        took = await self.records.fetch(_TOOK, [number for number, _ in quick])
        return _Asked(
            callers=calls,
            served=frozenset(taken) & frozenset(ears),
            steps={row["number"]: row["steps"] or () for row in walked},
            silences_s=beside.silences_s(calls, taken, silence_s),
            took_s=[_took_s(row["body"]) for row in took],
        )

    async def _mended(self) -> float:
        """Mend it while callers come, and return when one of them was known.

        Some come before, so that the breaker has just been told again to rest.
        """
        calls = round(_MENDED_LIMIT_S + _BEFORE_S)
        plan = CallerPlan(
            number=QUICK,
            callers=numbered(calls, self._first()),
            hang_up_after_ms=(_STAYS_MS,),
        )
        load = Load(calls=calls, per_s=1, timeout_s=2 * _MENDED_LIMIT_S)
        async with self.stand.calling(plan, load, name="mended") as run:
            await asyncio.sleep(_BEFORE_S)
            await self._break("--mend")
            mended_at = datetime.now(UTC)
            known_at = None
            for _ in range(round(_MENDED_LIMIT_S / 0.2)):
                known_at = await self.records.fetchval(_KNOWN_SINCE, mended_at)
                if known_at is not None:
                    break
                await asyncio.sleep(0.2)
            await run.wind_down(_STAYS_MS / 1000)
        if known_at is None:
            return 2 * _MENDED_LIMIT_S
        return float((known_at - mended_at).total_seconds())


def _longest_silence_s(heard: Heard | None, since: datetime, until: datetime) -> float:
    """Return the longest time without a packet; all of it where nothing came."""
    if heard is None:
        return (until - since).total_seconds()
    first = min(heard.first_at, until)
    pauses = [(since, first), *heard.silences(first, until)]
    return max((end - begin).total_seconds() for begin, end in pauses)


def _took_s(body: str | Mapping[str, Any]) -> float:
    told = json.loads(body) if isinstance(body, str) else body
    return float(told["took_ms"]) / 1000


@asynccontextmanager
async def _rehearsal(room: Room) -> AsyncIterator[_Rehearsal]:
    async with (
        open_stand(AskingFloor(agents=_AGENTS), base_port=room.base_port) as stand,
        stand.devices(DevicePlan(ring_ms=200, talk_ms=beside.TALK_MS)) as devices,
        connected(stand.instance.database) as records,
    ):
        yield _Rehearsal(stand, devices, records, itertools.count(1))


async def _away(room: Room) -> Found:
    for_s = _SHORT_S if room.is_short else _FOR_S
    async with _rehearsal(room) as rehearsal:
        calm_s = _SHORT_CONTROL_S if room.is_short else _CONTROL_S
        control = await rehearsal.phase("well", calm_s, ())
        phases = [
            await rehearsal.phase(name, for_s, options)
            for name, options in _TROUBLES.items()
        ]
    figures = [*_well(control)]
    for phase in phases:
        figures += _figures(phase, control)
    figures += _added(phases, control)
    figures += beside.slower(
        "all of these",
        [set_up_ms for phase in phases for set_up_ms in phase.others.set_up_ms],
        control.others.set_up_ms,
    )
    lost = [len(phase.asked.unserved) / (2 * _ASK_PER_S) for phase in phases]
    return Found(figures=figures, unserved_s=max(lost))


def _elsewhere(asked: _Asked, way: str, other: str) -> list[str]:
    """Return the numbers that did not go one way, or went the other."""
    return [
        call.number
        for call in asked.callers
        if way not in asked.steps.get(call.number, ())
        or other in asked.steps.get(call.number, ())
    ]


def _well(control: _Phase) -> Iterator[Figure]:
    """Yield that those who were looked up were known while nothing was wrong."""
    asked = control.asked
    missed = len(_elsewhere(asked, "known", "broken"))
    n = len(asked.callers)
    yield none_lost("well: callers not known", missed, n, enough=_ENOUGH)


def _figures(phase: _Phase, control: _Phase) -> Iterator[Figure]:
    asked, n = phase.asked, len(phase.asked.callers)
    others = sum(call.status != 200 for call in phase.others.callers)
    for name, count, of in (
        ("callers dropped", len(asked.unserved), n),
        ("callers not by the failure's way", len(_wrong_way(asked)), n),
        ("other calls not answered", others, len(phase.others.callers)),
    ):
        yield none_lost(f"{phase.name}: {name}", count, of, enough=_ENOUGH)
    yield beside.longest_silence(phase.name, asked.silences_s)
    yield Figure(
        name=f"{phase.name}: known again after",
        value=phase.mended_s,
        unit="s",
        n=1,
        floor=_MENDED_FLOOR_S,
    )
    yield from beside.slower(
        phase.name, phase.others.set_up_ms, control.others.set_up_ms
    )


def _wrong_way(asked: _Asked) -> list[str]:
    return _elsewhere(asked, "broken", "known")


def _added(phases: Sequence[_Phase], control: _Phase) -> Iterator[Figure]:
    """Yield by how much a look-up of 2 s holds calls up, less what it takes anyhow."""
    took_s = [took for phase in phases for took in phase.asked.took_s]
    calm_s = percentile(control.asked.took_s or (0.0,), 50)
    if took_s:
        yield Figure(
            name="look-up p99 added",
            value=percentile(took_s, 99) - calm_s,
            unit="s",
            n=len(took_s),
            floor=_ADDED_FLOOR_S,
            enough=ENOUGH_FOR_P99,
            more={
                "control_p50_s": round(calm_s, 3),
                "p50_s": round(percentile(took_s, 50), 3),
                "max_s": round(max(took_s), 3),
            },
        )


UTILITY_BROKEN = Measurement(
    fault_id="F-15", title="the utility slow, absent or wrong", run=_away
)
