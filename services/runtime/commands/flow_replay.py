"""``tieline flow replay``: whose way would change by other flows."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.api.flow_replaying import MOST_CALLS, USUAL_CALLS
from services.flows.gaps import Missing
from services.runtime import instance
from services.runtime.asking import send
from services.runtime.flow_files import files_in
from services.runtime.periods import since_of
from services.runtime.versions_told import LIMIT_S, Data, Json, tell

_WEEK = timedelta(days=7)
_SHORT = 8
"""Letters of a call's id that ``tieline replay`` takes for it."""
_WHY: Mapping[Missing, str] = {
    Missing.KEY: "asks for keys, and the caller {}",
    Missing.ANSWER: "asks for {!r}, which the call never asked there",
    Missing.VALUE: "asks whether {!r}, which no record tells",
    Missing.MESSAGE: "takes down a message, and {}",
    Missing.END: "the call {}",
    Missing.NUMBER: "number {!r} has no flow",
}


def replay(
    folder: Annotated[
        Path | None, typer.Argument(help="folder of flows; else the settings' own")
    ] = None,
    *,
    version: Annotated[
        int | None, typer.Option(help="a published version, and no folder")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="calls that arrived since: 2h, 7d or a time")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="and before: a time; else now")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=MOST_CALLS, help="the newest so many")
    ] = USUAL_CALLS,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Walk calls on record by other flows, and tell whose way would change.

    The last seven days, if no period is named. Keys, the clock, flags and what other
    systems said are as they were; what no record tells is told apart, never guessed.
    """
    end = since_of(until) or datetime.now(UTC)
    begin = since_of(since) or end - _WEEK
    by: Mapping[str, Any] = {"version": version}
    if version is None:
        by = files_in(folder, data)
    period = {"since": begin.isoformat(), "until": end.isoformat(), "limit": limit}
    found = instance.find(data)
    told = send(found, "POST", "/flows/replay", {**by, **period}, limit_s=LIMIT_S)
    if as_json:
        tell(told, True, [])
        return
    _show(told)


def _show(told: Mapping[str, Any]) -> None:
    console = Console(highlight=False)
    for line in _sums(told):
        console.print(line)
    if told["changed"]:
        table = Table("ended in", "would end in", "parts at", "for example", box=None)
        table.add_column("calls", justify="right")
        for it in told["changed"]:
            after = it["after"] if it["after"] != it["before"] else "the same"
            example = it["examples"][0][:_SHORT]
            table.add_row(
                it["before"], after, it["parts_at"], example, str(it["calls"])
            )
        console.print(table)
    if told["unsure"]:
        table = Table("not known at", "because it", "for example", box=None)
        table.add_column("calls", justify="right")
        table.add_column("on another way by then", justify="right")
        for it in told["unsure"]:
            why = _WHY[Missing(it["missing"])].format(it["what"])
            example = it["examples"][0][:_SHORT]
            calls, parted = str(it["calls"]), str(it["parted"])
            table.add_row(it["step"] or "-", why, example, calls, parted)
        console.print(table)


def _sums(told: Mapping[str, Any]) -> Iterator[str]:
    calls, on_record = told["calls"], told["on_record"]
    changed = sum(it["calls"] for it in told["changed"])
    unsure = sum(it["calls"] for it in told["unsure"])
    parted = sum(it["parted"] for it in told["unsure"])
    yield (
        f"{calls} calls walked again: {told['same']} go the same way,"
        f" {changed + parted} another, of {unsure} it is not known where they would end"
    )
    if calls < on_record:
        yield f"the newest of {on_record} on record; --limit and --since say which"
