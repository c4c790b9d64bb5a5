"""``tieline bench routing``: real calls to two groups, and every decision checked."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from services.floor.load import load_floor
from services.phone.sipp import SippOutcome
from services.runtime.asking import ask
from services.runtime.bench.figures import Figure, machine
from services.runtime.bench.mixed_load import engine_said, offer_outcomes
from services.runtime.bench.problems import BenchFailed
from services.runtime.bench.routing import explained
from services.runtime.bench.routing.calling import called
from services.runtime.bench.routing.commands import told_by_command
from services.runtime.bench.routing.judged import figures, rank_figures, same_again
from services.runtime.bench.routing.plan import RoutingBench, RoutingPlan
from services.runtime.bench.routing.records import OnRecord, read
from services.runtime.bench.stand import Stand, open_stand
from services.runtime.bench.trail import connected, until_closed
from services.runtime.decided_before import everything
from services.runtime.progress import say

_SETTLE_S = 30.0


async def run(bench: RoutingBench) -> dict[str, object]:
    """Place the calls, check every decision, and return what ``--json`` prints."""
    told_machine = machine()
    plan = RoutingPlan(bench=bench)
    say(f"starting an instance with {len(plan.agents)} agents …")
    async with open_stand(plan, base_port=bench.base_port) as stand:
        last_s = plan.callers[-1].dials_after_s
        say(f"{bench.calls} calls in {last_s:.0f} s, agents busy {bench.load:.0%} …")
        callers = await called(stand, plan)
        told, outcomes = await _on_record(stand, callers)
        say("checking every decision …")
        estimates = await asyncio.to_thread(ask, stand.instance, "/estimates")
        found = [*figures(plan, told)]
        found.append(
            await asyncio.to_thread(explained.measure, stand.instance, told.decisions)
        )
        ranks, agents = rank_figures(plan, told, estimates)
        found += ranks
        problems = _problems(bench, callers)
        found.append(await asyncio.to_thread(_journal_again, stand))
        try:
            found.append(await asyncio.to_thread(_simulated_again, stand, told))
        except BenchFailed as failed:
            # What was measured until here took minutes, and stands.
            problems.append(str(failed))
        said = await asyncio.to_thread(
            engine_said, stand.instance.data / "log" / "engine.log"
        )
    return {
        "bench": "routing",
        "plan": {k: v for k, v in asdict(bench).items() if k != "base_port"},
        "machine": told_machine,
        "figures": [it.as_json() for it in found],
        "agents": agents,
        "offers": outcomes,
        "engine_said": said,
        "sipp": _telephones(callers),
        "problems": problems,
    }


async def _on_record(
    stand: Stand, callers: list[SippOutcome]
) -> tuple[OnRecord, Mapping[str, int]]:
    async with connected(stand.instance.database) as records:
        ids = [call.sip_call_id for one in callers for call in one.calls]
        await until_closed(records, ids, within_s=_SETTLE_S)
        # The last agents' wrap-up ends, and is shipped.
        await asyncio.sleep(3)
        return await read(records), await offer_outcomes(records)


def _simulated_again(stand: Stand, told: OnRecord) -> Figure:
    """Have the day simulated from its records, under its own policy."""
    recorded = made = same = 0
    for day in sorted({_day(row["decided_at"]) for row in told.decisions}):
        words = ("simulate", "--from-records", day, "--json")
        said = json.loads(
            told_by_command(
                *words, data=stand.instance.data, variables=_floor_of(stand)
            )
        )
        [of_day] = said["decisions"].values()
        recorded += of_day["recorded"]
        made += of_day["made"]
        same += of_day["same"]
    more = {"made": made, "rows": len(told.decisions)}
    return same_again("simulated_the_same", same=same, recorded=recorded, more=more)


def _journal_again(stand: Stand) -> Figure:
    """Have an engine that knows nothing live through the journal."""
    policy = load_floor(*_floor_files(stand)).policy
    stood, again = everything(stand.instance.data / "journal", policy)
    same = sum(
        offer_id in again and again[offer_id].agent_id == one.agent_id
        for offer_id, one in stood.items()
    )
    more = {
        "made": len(again),
        "to_the_last_digit": sum(again.get(k) == one for k, one in stood.items()),
    }
    return same_again("replayed_the_same", same=same, recorded=len(stood), more=more)


def _floor_files(stand: Stand) -> tuple[Path, Path]:
    folder = stand.folder / "dialplans"
    return folder / "floor.yaml", folder / "flows"


def _floor_of(stand: Stand) -> Mapping[str, str]:
    floor, flows = _floor_files(stand)
    return {"TIELINE_FLOOR": str(floor), "TIELINE_FLOWS": str(flows)}


def _day(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d}"


def _problems(bench: RoutingBench, callers: list[SippOutcome]) -> list[str]:
    """Tell what makes this run another than was planned."""
    calls = [call for one in callers for call in one.calls]
    answered = sum(call.status == 200 for call in calls)
    if len(calls) == answered == bench.calls:
        return []
    found = f"SIPp placed {len(calls)} of {bench.calls} calls, {answered} were answered"
    return [found]


def _telephones(callers: list[SippOutcome]) -> dict[str, object]:
    """Tell what SIPp saw that was not planned, and changes no decision."""
    return {
        "hung_up_by_the_switch": sum(
            call.hung_up_by == "them" for one in callers for call in one.calls
        ),
        "said": [one.errors[:400] for one in callers if one.errors],
    }
