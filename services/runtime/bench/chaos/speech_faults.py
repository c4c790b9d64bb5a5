"""Recognisers that are silent, late, broken or dead, while callers speak to them."""

import asyncio
import itertools
import os
import shlex
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from services.phone.sipp import CallerPlan, DevicePlan, Load, SippRun
from services.phone.sipp_log import SippCall
from services.runtime.bench.chaos import beside, broken_recogniser
from services.runtime.bench.chaos.beside import Placed
from services.runtime.bench.chaos.broken_recogniser import (
    DIES,
    GARBAGE,
    HOW,
    LATE,
    SILENT,
    WELL,
    WORD,
)
from services.runtime.bench.chaos.fault import Found, Measurement, Room
from services.runtime.bench.chaos.scoring import none_lost
from services.runtime.bench.chaos.sound import Heard, sound_probes
from services.runtime.bench.chaos.sound_probe import SPEAKS_FOR_S
from services.runtime.bench.figures import Figure
from services.runtime.bench.floor_plan import QUEUE, FloorPlan
from services.runtime.bench.ordinary import FIRST_NUMBER, numbered
from services.runtime.bench.problems import BenchFailed
from services.runtime.bench.stand import Stand, open_stand
from services.runtime.bench.trail import Connection, connected, until_closed
from services.runtime.progress import say

_AGENTS = 80
_SPEAKING = "6002"
"""The number whose callers are listened to."""
_SPEAK_PER_S = 0.5
_STAYS_MS = 40_000
"""Longer than any call here lasts: the agents' devices hang up."""
_FOR_S, _SHORT_S = 60.0, 16.0
_SETTLE_S = 60.0
_READY_S, _LOOK_S = 120.0, 0.2
_WAIT_S = 3
"""So long the menu waits for its caller, who may be quiet then."""
_ENOUGH = 30
_FAULTS = (SILENT, GARBAGE, LATE, DIES)
_HEARD = """
    SELECT c.caller_number AS number, count(*) AS times
    FROM facts f JOIN calls c USING (call_id)
    WHERE f.kind = $2 AND c.caller_number = ANY($1) GROUP BY 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListeningFloor(FloorPlan):
    """The floor of a bench, with a number whose callers say what they want."""

    def walks(self) -> dict[str, Mapping[str, object]]:
        """Return the flows."""
        return FloorPlan.walks(self) | {
            "listens": {
                "ask": {
                    "menu": {"zh": "停电请按1。"},
                    "keys": {"1": "told"},
                    "words": {"1": {"zh": [WORD]}},
                    "timeout_s": _WAIT_S,
                    "tries": 2,
                    "on_timeout": {"zh": "没有收到您的按键。"},
                    "give_up": "desk",
                },
                "told": {
                    "say": {"zh": "正在转接。"},
                    "goto": "desk",
                },
                "desk": {"queue": QUEUE},
            }
        }

    def floor(self) -> dict[str, Any]:
        """Return what the floor's file says."""
        told = FloorPlan.floor(self)
        told["numbers"][_SPEAKING] = {"name": "listens", "flow": "listens"}
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spoken:
    """What came of callers who spoke."""

    callers: Sequence[SippCall]
    served: frozenset[str]
    """Numbers that an agent's device took."""
    heard: int
    """How many were understood at least once, or heard as nothing."""
    broke: int
    """For how many the recogniser broke."""
    silences_s: Sequence[float]
    """The longest of each caller until an agent took the call, without the time that a
    step waits for its caller, and that of the caller's own words."""

    @property
    def unserved(self) -> list[SippCall]:
        """Who was not answered, or came to no agent."""
        return beside.unserved(self.callers, self.served)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phase:
    """A while with recognisers as they were then."""

    name: str
    spoken: _Spoken
    others: Placed


@dataclass(slots=True)
class _Rehearsal:
    """One instance, its agents' devices, and numbers that nobody has called from."""

    stand: Stand
    devices: SippRun
    records: Connection
    how: Path
    _groups: "itertools.count[int]"

    async def phase(self, name: str, for_s: float) -> _Phase:
        """Have callers speak for a while, and see what came of them."""
        say(f"recognisers {name}: {for_s:g} s …")
        self.how.write_text(name, encoding="utf-8")
        spoken, others = await asyncio.gather(
            self._speaking(for_s),
            beside.placed(self.stand, self.devices, for_s, first=self._first()),
        )
        return _Phase(name=name, spoken=spoken, others=others)

    def _first(self) -> int:
        return FIRST_NUMBER + next(self._groups) * 10**5

    async def _speaking(self, for_s: float) -> _Spoken:
        count = max(2, round(for_s * _SPEAK_PER_S))
        callers = numbered(count, self._first())
        async with sound_probes(speaking=count) as probe:
            ports = probe.ports["speaking"]
            outcome = await self.stand.callers(
                CallerPlan(
                    number=_SPEAKING,
                    callers=callers,
                    hang_up_after_ms=(_STAYS_MS,),
                    media_ports=tuple(ports),
                ),
                Load(
                    calls=count,
                    per_s=_SPEAK_PER_S,
                    timeout_s=for_s + _STAYS_MS / 1000 + 30,
                ),
            )
            await probe.close()
        answered = [it.sip_call_id for it in outcome.calls if it.status == 200]
        await until_closed(self.records, answered, within_s=_SETTLE_S)
        ears = {number: port for (number, _), port in zip(callers, ports, strict=True)}
        return await self._seen(outcome.calls, ears, probe.heard)

    async def _seen(
        self,
        calls: Sequence[SippCall],
        ears: Mapping[str, int],
        heard: Sequence[Heard],
    ) -> _Spoken:
        by_port = {one.port: one for one in heard}
        taken = beside.picked_up(self.devices)

        def silence_s(call: SippCall, since: datetime, until: datetime) -> float:
            return _silence_s(by_port.get(ears[call.number]), since, until)

        words = await self.records.fetch(_HEARD, [*ears], "words_heard")
        broke = await self.records.fetch(_HEARD, [*ears], "hearing_failed")
        return _Spoken(
            callers=calls,
            served=frozenset(taken) & frozenset(ears),
            heard=len(words),
            broke=len(broke),
            silences_s=beside.silences_s(calls, taken, silence_s),
        )


def _silence_s(heard: Heard | None, since: datetime, until: datetime) -> float:
    """Return the longest time in which nothing was heard that should have been."""
    if heard is None:
        return (until - since).total_seconds()
    # A step waits for its caller, and a caller who speaks waits for nobody.
    return max(0.0, heard.longest_hush_s(since, until) - _WAIT_S - SPEAKS_FOR_S)


@asynccontextmanager
async def _rehearsal(room: Room) -> AsyncIterator[_Rehearsal]:
    with tempfile.TemporaryDirectory(prefix="tieline-recogniser-") as name:
        folder = Path(name)
        how, python = folder / "how", folder / "python"
        how.write_text(WELL, encoding="utf-8")
        # In the place of the Python that a recogniser is started by: -I and the real
        # worker are left out.
        program = Path(str(broken_recogniser.__file__))
        command = shlex.join((sys.executable, "-I", str(program)))
        python.write_text(
            f'#!/bin/sh\nshift 2\n{HOW}={shlex.quote(str(how))} exec {command} "$@"\n',
            encoding="utf-8",
        )
        python.chmod(0o700)
        variables = {
            "TIELINE_SPEECH__ZH": "whisper",
            "TIELINE_SPEECH__EN": "off",
            "TIELINE_SPEECH__PYTHON": str(python),
            "TIELINE_SPEECH__STREAMS": str(max(4, os.cpu_count() or 1)),
        }
        async with (
            open_stand(
                ListeningFloor(agents=_AGENTS),
                base_port=room.base_port,
                variables=variables,
            ) as stand,
            stand.devices(DevicePlan(ring_ms=200, talk_ms=beside.TALK_MS)) as devices,
            connected(stand.instance.database) as records,
        ):
            await _until_heard(stand.instance.data / "log" / "engine.log")
            yield _Rehearsal(stand, devices, records, how, itertools.count(1))


async def _until_heard(log: Path) -> None:
    """Wait until a recogniser is there: before it callers go by keys.

    Raises:
        BenchFailed: None is ready in time.
    """
    for _ in range(round(_READY_S / _LOOK_S)):
        if "recogniser_ready" in await asyncio.to_thread(log.read_text, "utf-8"):
            return
        await asyncio.sleep(_LOOK_S)
    raise BenchFailed(
        "starting the bench's recogniser",
        found=f"none was ready in {_READY_S:g} s",
        would_do=f"read {log} for recogniser_ended",
    )


async def _broken(room: Room) -> Found:
    for_s = _SHORT_S if room.is_short else _FOR_S
    async with _rehearsal(room) as rehearsal:
        control = await rehearsal.phase(WELL, for_s)
        phases = [await rehearsal.phase(name, for_s) for name in _FAULTS]
    figures = [*_well(control)]
    for phase in phases:
        figures += _figures(phase, control)
    lost = [len(phase.spoken.unserved) / _SPEAK_PER_S for phase in phases]
    return Found(figures=figures, unserved_s=max(lost))


def _well(control: _Phase) -> Iterator[Figure]:
    """Yield that callers were heard while nothing was wrong."""
    spoken, n = control.spoken, len(control.spoken.callers)
    yield none_lost("well: callers not heard", n - spoken.heard, n, enough=_ENOUGH)
    unserved = len(spoken.unserved)
    yield none_lost("well: callers not by an agent", unserved, n, enough=_ENOUGH)
    # Told without a floor: what the others' silences are held against.
    yield Figure(
        name="well: longest silence",
        value=max(spoken.silences_s, default=0.0),
        unit="s",
        n=len(spoken.silences_s),
    )


def _figures(phase: _Phase, control: _Phase) -> Iterator[Figure]:
    spoken, n = phase.spoken, len(phase.spoken.callers)
    others = sum(call.status != 200 for call in phase.others.callers)
    for name, count, of in (
        (
            "callers not by an agent",
            len(spoken.unserved),
            n,
        ),
        ("other calls not answered", others, len(phase.others.callers)),
    ):
        yield none_lost(f"{phase.name}: {name}", count, of, enough=_ENOUGH)
    yield beside.longest_silence(
        phase.name, spoken.silences_s, broke_for=spoken.broke, heard=spoken.heard
    )
    yield from beside.slower(
        phase.name, phase.others.set_up_ms, control.others.set_up_ms
    )


SPEECH_BROKEN = Measurement(
    fault_id="F-14", title="recognisers silent, late, broken or dead", run=_broken
)
