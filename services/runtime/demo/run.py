"""``tieline demo``: a crowd calls, agents answer, and both sides are counted."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from services.phone.hotline import Hotline, open_hotline
from services.phone.sipp import CallerPlan, DevicePlan, Load, SippOutcome, SippRun
from services.phone.sipp_log import SippCall
from services.phone.voices import Voice, voices
from services.runtime.bench.mixed_load import coming_back, offer_outcomes
from services.runtime.bench.stand import Stand, open_stand
from services.runtime.bench.tally import Tally, compare, seen
from services.runtime.bench.trail import connected, trails, until_closed
from services.runtime.demo import both_sides
from services.runtime.demo.board import Moment
from services.runtime.demo.both_sides import Row, Service
from services.runtime.demo.demo_floor import NUMBER, RING_S, DemoFloor
from services.runtime.demo.plan import AgentsPlanned, CallerPlanned, agents, callers
from services.runtime.progress import say

_PRESS_AFTER_S = 1.2
_AGENT_PITCH_HZ = 660.0
_LOOK_EVERY_S = 0.5
_SETTLE_S = 60.0
_CROSSING_S = 0.4
"""This process speaks for all of them too, and SIPp waits for its turn; by so much it
was late at its worst is added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """How many calls, on how many agents, how fast, and from which seed."""

    calls: int = 300
    agents: int = 30
    per_s: float = 10.0
    seed: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a demo came to."""

    demo: Demo
    rows: tuple[Row, ...]
    crossings: tuple[str, ...]
    problems: tuple[str, ...]
    service: Service

    def as_json(self) -> dict[str, object]:
        """Return it for ``--json``."""
        return {
            **asdict(self.demo),
            "figures": [asdict(row) | {"agrees": row.agrees} for row in self.rows],
            "service": asdict(self.service),
            "crossings": list(self.crossings),
            "problems": list(self.problems),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """What the telephones saw."""

    outcome: SippOutcome
    devices: Sequence[SippCall]
    pressed: Mapping[str, datetime | None]
    """When each caller pressed a key, by number."""
    late_s: float
    """How late the callers' voices, and so their keys, were at their worst."""


async def run(demo: Demo, show: Callable[[Moment], None]) -> Shown:
    """Run a demo on an instance of its own, which is gone afterwards.

    Args:
        demo: What is asked for.
        show: Told how it goes, twice a second.
    """
    say(f"starting an instance with {demo.agents} agents …")
    floor = DemoFloor(agents=demo.agents, per_s=demo.per_s)
    async with open_stand(floor, is_recorded=True) as stand:
        say(f"{demo.calls} calls at {demo.per_s:g} calls/s; {stand.instance.http}")
        crowd = callers(demo.calls, demo.seed)
        placed = await _placed(stand, demo, crowd, show)
        return await _counted(stand, demo, placed)


async def _placed(
    stand: Stand,
    demo: Demo,
    crowd: Sequence[CallerPlanned],
    show: Callable[[Moment], None],
) -> _Placed:
    mouths = [
        Voice(pitch_hz=caller.pitch_hz, key=caller.key, press_after_s=_PRESS_AFTER_S)
        for caller in crowd
    ]
    limit_s = demo.calls / demo.per_s + 180
    load = Load(calls=demo.calls, per_s=demo.per_s, timeout_s=limit_s)
    async with AsyncExitStack() as stack:
        crowds = await stack.enter_async_context(voices(mouths))
        groups = agents(stand.agents, demo.seed)
        runs = [
            await stack.enter_async_context(_devices(stand, group)) for group in groups
        ]
        await stack.enter_async_context(coming_back(stand))
        await stack.enter_async_context(_shown(stand, demo, show))
        outcome = await stand.callers(_plan(crowd, mouths), load)
    devices = [call for one in runs for call in one.outcome.calls]
    pressed = {
        caller.number: mouth.pressed_at
        for caller, mouth in zip(crowd, mouths, strict=True)
    }
    return _Placed(
        outcome=outcome, devices=devices, pressed=pressed, late_s=crowds.late_s
    )


def _plan(crowd: Sequence[CallerPlanned], mouths: Sequence[Voice]) -> CallerPlan:
    """Return the crowd for SIPp; each one's sound goes to a mouth of their own."""
    return CallerPlan(
        number=NUMBER,
        callers=[(caller.number, caller.name) for caller in crowd],
        hang_up_after_ms=[round(caller.hangs_up_after_s * 1000) for caller in crowd],
        media_ports=[mouth.port for mouth in mouths],
    )


@asynccontextmanager
async def _devices(stand: Stand, group: AgentsPlanned) -> AsyncIterator[SippRun]:
    voice = Voice(pitch_hz=_AGENT_PITCH_HZ, press_after_s=0)
    async with voices([voice]):
        plan = DevicePlan(
            ring_ms=group.ring_ms,
            status=group.status,
            talk_ms=group.talk_ms,
            echoes=False,
            media_port=voice.port,
        )
        async with stand.devices(plan, group.agents) as run:
            yield run


@asynccontextmanager
async def _shown(
    stand: Stand, demo: Demo, show: Callable[[Moment], None]
) -> AsyncIterator[None]:
    async with open_hotline(stand.instance.http, token=stand.instance.token) as hotline:
        task = asyncio.create_task(_show_on(hotline, stand, demo, show))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _show_on(
    hotline: Hotline, stand: Stand, demo: Demo, show: Callable[[Moment], None]
) -> None:
    async with connected(stand.instance.database) as records:
        while True:
            calls, staff = await hotline.live_calls(), await hotline.agents()
            ended = "SELECT count(*) FROM calls WHERE state = 'closed'"
            show(
                Moment(
                    at=datetime.now(UTC),
                    calls=calls,
                    agents=staff,
                    ended=await records.fetchval(ended),
                    planned=demo.calls,
                )
            )
            await asyncio.sleep(_LOOK_EVERY_S)


async def _counted(stand: Stand, demo: Demo, placed: _Placed) -> Shown:
    outcome, devices = placed.outcome, placed.devices
    crossing_s = _CROSSING_S + placed.late_s
    async with connected(stand.instance.database) as records:
        ids = [call.sip_call_id for call in outcome.calls]
        await until_closed(records, ids, within_s=_SETTLE_S)
        await asyncio.sleep(1)
        told = seen(
            outcome.calls,
            devices,
            ring_s=RING_S,
            pressed=placed.pressed,
            crossing_s=crossing_s,
        )
        tally = compare(told, await trails(records))
        on_record = await both_sides.talks(records)
        kept = await both_sides.recordings(
            records, wanted=len(on_record), within_s=_SETTLE_S
        )
        talked = both_sides.talk_rows(on_record, devices)
        offers = both_sides.device_rows(
            await offer_outcomes(records),
            devices,
            RING_S,
            left_at={
                call.number: call.at["hung_up"]
                for call in outcome.calls
                if "hung_up" in call.at
            },
            crossing_s=crossing_s,
        )
        service = await both_sides.service(records)
    stored = Row(name="recordings", found=kept, expected=len(on_record))
    rows = (*_rows_of(tally), *offers, *talked, stored)
    problems = [*tally.problems]
    problems += [
        f"{row.name}: {row.found:g} on record, {row.told} by the telephones"
        for row in rows
        if not row.agrees
    ]
    if len(outcome.calls) != demo.calls:
        problems.append(f"SIPp placed {len(outcome.calls)} of {demo.calls} calls")
    return Shown(
        demo=demo,
        rows=rows,
        crossings=tally.crossings,
        problems=tuple(problems),
        service=service,
    )


def _rows_of(tally: Tally) -> list[Row]:
    return [
        Row(
            name=str(count["name"]).replace("_", " "),
            found=float(str(count["found"])),
            expected=float(str(count["expected"])),
        )
        for count in tally.counts
    ]
