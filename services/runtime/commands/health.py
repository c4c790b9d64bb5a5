"""``tieline health``: how each component is, and the faults there were."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.runtime import instance
from services.runtime.instance import Instance
from services.runtime.timeline import printable
from services.runtime.trust import NOBODY
from services.watchdog.faults import FILE_NAME, FOLDER, Fault, read

_ANSWERS_WITHIN_S = 5.0
_COLOURS = {"green": "green", "yellow": "yellow", "red": "bold red"}


def health(
    *,
    history: Annotated[
        bool, typer.Option("--history", help="the faults there were, newest first")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1, max=10_000, help="at most so many faults")
    ] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="tell it as JSON")] = False,
    data: Annotated[
        Path | None, typer.Option(help="data folder of the instance")
    ] = None,
) -> None:
    """Tell how each component is; ends with 1 when one is red, else with 0.

    Ends with 3 when no instance runs. ``--history`` reads a file and needs nothing that
    runs but the folder's instance.
    """
    found = instance.find(data)
    if history:
        _tell_history(found, limit, as_json=as_json)
        return
    told = _ask(found)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        _show(told)
    raise typer.Exit(1 if told["light"] == "red" else 0)


def _ask(found: Instance) -> dict[str, Any]:
    try:
        # Straight to this machine: a proxy of the environment knows nothing of it.
        with httpx.Client(
            timeout=_ANSWERS_WITHIN_S, trust_env=False, verify=NOBODY
        ) as client:
            answer = client.get(f"{found.watchdog}/health/components")
            told: dict[str, Any] = answer.raise_for_status().json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        where = found.watchdog or "TIELINE_WATCHDOG__IS_ON=false"
        why = str(error) or type(error).__name__
        return _unanswered(
            f"watchdog: {where} gives no answer, {why};"
            " see log/watchdog.log, its supervisor starts it again"
        )
    return told


def _unanswered(sentence: str) -> dict[str, Any]:
    """Return what is told when nobody looks: that is red, too."""
    component: dict[str, Any] = {
        "component": "watchdog",
        "light": "red",
        "since": None,
        "sentence": sentence,
        "because": None,
        "figures": {},
    }
    return {
        "light": "red",
        "at": datetime.now(UTC).isoformat(),
        "alarm_problems": {},
        "fault_problem": None,
        "components": [component],
    }


def _show(told: dict[str, Any]) -> None:
    table = Table(box=None, header_style="bold")
    for name in ("component", "light", "since", "what is so"):
        table.add_column(name)
    for one in told["components"]:
        because = f" (because of {one['because']})" if one["because"] else ""
        table.add_row(
            one["component"],
            Text(one["light"], style=_COLOURS.get(one["light"], "dim")),
            _clock(one["since"]),
            Text(printable(one["sentence"] + because)),
        )
    console = Console()
    console.print(table)
    problems = [*told["alarm_problems"].values(), told["fault_problem"]]
    for problem in filter(None, problems):
        console.print(Text(printable(problem), style="bold red"))


def _tell_history(found: Instance, limit: int, *, as_json: bool) -> None:
    faults = read(found.data / FOLDER / FILE_NAME)[-limit:][::-1]
    if as_json:
        told = [fault.as_dict() for fault in faults]
        typer.echo(json.dumps(told, ensure_ascii=False))
    elif faults:
        Console().print(_history(faults))
    else:
        typer.echo("no faults")


def _history(faults: list[Fault]) -> Table:
    table = Table(box=None, header_style="bold")
    for name in ("began", "lasted", "component", "light", "because of", "cause"):
        table.add_column(name)
    for fault in faults:
        lasted = fault.duration_s
        table.add_row(
            _clock(fault.began_at.isoformat()),
            "goes on" if lasted is None else f"{lasted:.1f} s",
            fault.component,
            Text(fault.worst, style=_COLOURS[fault.worst]),
            fault.because or "",
            Text(printable(fault.sentence)),
        )
    return table


def _clock(instant: str | None) -> str:
    if instant is None:
        return ""
    return datetime.fromisoformat(instant).astimezone().strftime("%m-%d %H:%M:%S")
