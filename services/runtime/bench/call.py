"""``tieline bench call``: which figures there are, and how each is found."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, get_args

from services.runtime.bench import cost, greeting, latency, starting, wire
from services.runtime.bench.figures import Figure, machine
from services.runtime.bench.floor_plan import FloorPlan
from services.runtime.bench.problems import BenchFailed
from services.runtime.bench.stand import Stand, open_stand
from services.runtime.parts import asterisk, sipp
from services.runtime.progress import say
from services.runtime.settings import read_settings

Name = Literal["latency", "greeting", "cost", "wire", "start"]
NAMES: tuple[Name, ...] = get_args(Name)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBench:
    """What is measured, and how long."""

    only: tuple[Name, ...] = NAMES
    is_short: bool = False
    """At most five minutes in all."""
    is_recorded: bool = False
    is_cold: bool = False
    """The first start is from a fresh clone, without anything fetched before."""
    agents: int = 100
    rounds: int | None = None
    """Of the cost; None means one when short, else three."""


async def run(bench: CallBench) -> dict[str, object]:
    """Measure, and return what ``--json`` prints: also where a part of it failed."""
    told_machine = machine() | _versions()
    figures, problems = await found(_figures(bench))
    return {
        "bench": "call",
        "is_short": bench.is_short,
        "is_recorded": bench.is_recorded,
        "agents": bench.agents,
        "machine": told_machine,
        "figures": [figure.as_json() for figure in figures],
        "problems": problems,
    }


async def found(measured: AsyncIterator[Figure]) -> tuple[list[Figure], list[str]]:
    """Return the figures, and why there are not all of them where one part failed.

    Minutes of measuring are not thrown away for a part that could not be run.
    """
    figures: list[Figure] = []
    try:
        async for figure in measured:
            figures.append(figure)  # noqa: PERF401 - those before a failure stand
    except BenchFailed as failed:
        return figures, [str(failed)]
    return figures, []


async def _figures(bench: CallBench) -> AsyncIterator[Figure]:
    if "wire" in bench.only:
        say("reading AMI, ours beside panoramisk …")
        for figure in wire.measure(rounds=3 if bench.is_short else 7):
            yield figure
    if {"latency", "greeting", "cost"} & set(bench.only):
        async with _stand(bench) as stand:
            async for figure in _of_calls(bench, stand):
                yield figure
    if "start" in bench.only:
        say("starting an instance, and again …")
        for figure in await starting.measure(is_cold=bench.is_cold):
            yield figure


@asynccontextmanager
async def _stand(bench: CallBench) -> AsyncIterator[Stand]:
    say(f"starting an instance with {bench.agents} agents …")
    plan = FloorPlan(agents=bench.agents)
    async with open_stand(plan, is_recorded=bench.is_recorded) as stand:
        say(f"ready after {stand.ready_after_s:.1f} s, agents signed in")
        yield stand


async def _of_calls(bench: CallBench, stand: Stand) -> AsyncIterator[Figure]:
    if "latency" in bench.only:
        calls = 120 if bench.is_short else 500
        say(f"latency: {calls} calls at 5 calls/s …")
        for figure in await latency.measure(stand, calls=calls, per_s=5):
            yield figure
    if "greeting" in bench.only:
        calls = 120 if bench.is_short else 300
        say(f"greeting: {calls} calls at 5 calls/s …")
        for figure in await greeting.measure(stand, calls=calls, per_s=5):
            yield figure
    if "cost" in bench.only:
        rounds = bench.rounds or (1 if bench.is_short else 3)
        say(f"cost: {rounds} times 600 calls at 20 calls/s, in three ways …")
        for figure in await cost.measure(stand, calls=600, per_s=20, rounds=rounds):
            yield figure


def _versions() -> dict[str, object]:
    settings = read_settings()
    switch = asterisk.obtain(settings.asterisk, settings.parts)
    return {
        "asterisk": switch.program.shown,
        "sipp": ".".join(map(str, sipp.obtain(settings.parts).version)),
    }
