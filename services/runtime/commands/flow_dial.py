"""``tieline flow dial``: calls of every business, and where each of them ended."""

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ivr.flow_set import FlowSet
from ivr.problems import Refused
from services.flows.cases import load_cases
from services.flows.dial_plan import FILE_NAME, DialPlan, load_plan
from services.runtime import instance
from services.runtime.errors import RuntimeProblem
from services.runtime.instance import Instance
from services.runtime.launch import read_floor
from services.runtime.progress import say
from services.runtime.settings import Settings, read_settings
from services.runtime.versions_told import Data, Json, tell

if TYPE_CHECKING:
    # Telephones are loaded by who dials: they take half a second.
    from services.runtime.rehearsal.dialling import Dialled

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class PlanUnusable(RuntimeProblem):
    """The plan, or the cases that it names, cannot be used as they are written."""

    exit_code = 2


def _period(text: str | float) -> float:
    found = re.fullmatch(r"(\d{1,5})([smhd])", str(text))
    if found is None or not int(found[1]):
        raise typer.BadParameter(f"should be as 30m, 1h or 1d, got {text!r}")
    return float(int(found[1]) * _SECONDS[found[2]])


_Every = Annotated[
    float | None,
    typer.Option("--every", parser=_period, metavar="PERIOD", help="again, as 1h"),
]


def plan(
    plan: Annotated[
        Path | None, typer.Argument(help=f"else {FILE_NAME} beside the flows")
    ] = None,
    *,
    every: _Every = None,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Dial every business of a plan on a running instance, and tell how each ended.

    By hand once, or each --every until Ctrl-C. Ends with 0 when every call ended where
    it must, 1 when one did not, 2 when the plan is wrong, 3 when no instance runs.
    """
    from services.phone.stopping import Stopped, run_until_stopped

    found = instance.find(data)
    settings = read_settings(data=found.data)
    flow_set, wanted = _plan(settings, plan)
    wrong = 0
    try:
        while True:
            wrong += _round(found, flow_set, wanted, as_json=as_json)
            if every is None:
                break
            run_until_stopped(asyncio.sleep(every))
            flow_set, wanted = _plan(settings, plan)
    except Stopped as stopped:
        typer.echo(f"flow dial: {stopped}", err=True)
        if every is None:
            raise typer.Exit(stopped.exit_code) from stopped
    if wrong:
        raise typer.Exit(1)


def _plan(settings: Settings, plan: Path | None) -> tuple[FlowSet, DialPlan]:
    """Read the flows in force, and the plan; both may be others by the next round."""
    flow_set = read_floor(settings).flow_set
    try:
        cases = load_cases(settings.flows, flow_set)
        return flow_set, load_plan(plan or settings.flows.parent / FILE_NAME, cases)
    except Refused as refused:
        raise PlanUnusable(str(refused)) from None


def _round(
    found: Instance, flow_set: FlowSet, wanted: DialPlan, *, as_json: bool
) -> int:
    """Dial once and tell it; return how many calls ended elsewhere."""
    from services.phone.stopping import run_until_stopped
    from services.runtime.rehearsal.dialling import dial

    began_at = datetime.now(UTC)
    done = run_until_stopped(dial(wanted, found, flow_set, tell=say))
    wrong = sum(one.wrong for one in done)
    calls = sum(len(one.played) for one in done)
    if as_json:
        told = {
            "at": began_at.isoformat(timespec="seconds"),
            "calls": calls,
            "wrong": wrong,
            "businesses": [_as_json(one) for one in done],
        }
        typer.echo(json.dumps(told, ensure_ascii=False))
        return wrong
    Console().print(_table(done))
    lines = [
        f"{one.business.name}: call {played.call_id or '-'}: behind {it.after!r}"
        f" should come {it.expected!r}, came {it.found!r}"
        for one in done
        for played, it in one.differences
    ]
    at = f"{began_at.astimezone():%Y-%m-%d %H:%M:%S}"
    tell(None, False, [*lines, f"{at}: {calls} calls, {wrong} wrong"])
    return wrong


def _table(done: Sequence["Dialled"]) -> Table:
    table = Table("business", "calls", "expected", "actual", "", box=None)
    for name in ("set up, s", "way, s"):
        table.add_column(name, justify="right")
    for one in done:
        ends = ", ".join(f"{end} ×{n}" for end, n in one.ends.most_common())
        word = f"[red]{one.wrong} wrong[/]" if one.wrong else "[green]right[/]"
        lengths = (_length(one.set_up_s, 2), _length(one.way_s, 1))
        calls = str(len(one.played))
        table.add_row(one.business.name, calls, one.expected, ends, word, *lengths)
    return table


def _length(seconds: float | None, digits: int) -> str:
    return "-" if seconds is None else f"{seconds:.{digits}f}"


def _as_json(one: "Dialled") -> dict[str, Any]:
    return {
        "business": one.business.name,
        "case": one.business.case.key,
        "calls": len(one.played),
        "expected": one.expected,
        "actual": dict(one.ends),
        "wrong": one.wrong,
        "set_up_s": one.set_up_s,
        "way_s": one.way_s,
        "differences": [
            {"call_id": played.call_id, **asdict(it)} for played, it in one.differences
        ],
    }
