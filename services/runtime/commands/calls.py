"""``tieline calls``: the calls there are and were, newest first."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.runtime import instance
from services.runtime.asking import ask
from services.runtime.periods import since_of
from services.runtime.timeline import printable

_ID_CHARS = 8


def calls(
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="at most so many")] = 20,
    since: Annotated[
        str | None, typer.Option(help="arrived since: 15m, 2h, 1d or a time")
    ] = None,
    number: Annotated[str | None, typer.Option(help="the caller's number")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="tell them as JSON")] = False,
    data: Annotated[
        Path | None, typer.Option(help="data folder of the instance")
    ] = None,
) -> None:
    """List calls, live and on record, the newest first.

    Ends with 0, also where there are none, and with 3 when no instance runs.
    """
    since_at = since_of(since)
    found: list[dict[str, Any]] = ask(
        instance.find(data),
        "/calls",
        limit=limit,
        since=since_at and since_at.isoformat(),
        caller_number=number,
    )
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    elif found:
        Console().print(_table(found))
    else:
        typer.echo("no calls")


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold")
    for name in ("call", "arrived", "from", "dialled", "queue", "agent", "state"):
        table.add_column(name, no_wrap=name in {"call", "arrived"})
    for name in ("waited", "talked"):
        table.add_column(name, justify="right")
    for call in found:
        cells = (
            call["call_id"][:_ID_CHARS],
            _clock(call["arrived_at"]),
            call["caller_number"],
            call["number"],
            call["queue_id"] or "",
            call["agent_id"] or "",
            (call["close_reason"] or call["state"]).replace("_", " "),
            _seconds(call["waited_s"]),
            _seconds(call["talked_s"]),
        )
        # What callers send is text, never markup or control.
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _clock(instant: str | None) -> str:
    if instant is None:
        return ""
    return datetime.fromisoformat(instant).astimezone().strftime("%m-%d %H:%M:%S")


def _seconds(length_s: float | None) -> str:
    return "" if length_s is None else f"{length_s:.1f} s"
