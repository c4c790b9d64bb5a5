"""``tieline doctor``: what is there, what is missing, and what mends it."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.runtime.examination import Finding, examine
from services.runtime.settings import read_settings
from services.runtime.speech_look import speech_findings


def doctor(
    base_port: Annotated[
        int | None, typer.Option(help="first of the ports that are looked at")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead")] = False,
) -> None:
    """Look at everything that up needs; changes nothing."""
    settings = read_settings(base_port=base_port)
    findings = [*examine(settings), *speech_findings(settings)]
    can_start = not any(one.state == "missing" for one in findings)
    if as_json:
        items = [one.as_dict() for one in findings]
        sys.stdout.write(json.dumps({"can_start": can_start, "items": items}) + "\n")
    else:
        _show(findings, can_start=can_start)
    raise typer.Exit(0 if can_start else 1)


_COLOURS = {
    "ok": "green",
    "fetched": "yellow",
    "optional": "yellow",
    "missing": "bold red",
}


def _show(findings: list[Finding], *, can_start: bool) -> None:
    # Wide enough where nobody looks, as in a log: a command is copied whole.
    console = Console(width=None if sys.stdout.isatty() else 160)
    table = Table("what", "state", "found", "what mends it", box=None, pad_edge=False)
    for one in findings:
        state = f"[{_COLOURS[one.state]}]{one.state}[/]"
        table.add_row(one.name, state, one.found, one.mend)
    console.print(table)
    console.print()
    console.print(
        "./tieline up can start; what is to be fetched is fetched then, once"
        if can_start
        else "./tieline up cannot start before what is missing is mended"
    )
