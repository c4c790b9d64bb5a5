"""``tieline flow graph`` and ``counts``: where callers went, drawn and in a table."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.flows.files import FLOWS, read_files
from services.flows.graph import At, Went, svg
from services.runtime import instance
from services.runtime.asking import ask
from services.runtime.errors import NoInstance, RuntimeProblem
from services.runtime.instance import Instance
from services.runtime.periods import since_of
from services.runtime.settings import read_settings
from services.runtime.versions_told import Data, Json, tell

_Since = Annotated[
    str | None, typer.Option(help="calls that arrived since: 2h, 7d or a time")
]
_Until = Annotated[str | None, typer.Option(help="and before: a time; else now")]
_DAY = timedelta(days=1)
_WIDE = 200


class NoSuchFlow(RuntimeProblem):
    """A flow is to be drawn that there is none of."""

    exit_code = 2

    def __init__(self, name: str, known: Iterable[str]) -> None:
        """Say which there are."""
        super().__init__(
            f"flow {name!r}: there is none; there is {', '.join(sorted(known))}"
        )


class NotWritten(RuntimeProblem):
    """A picture cannot be written."""


def graph(
    flow: Annotated[str, typer.Argument(help="the flow's name")],
    *,
    picture: Annotated[Path, typer.Option("--svg", help="the file to write")],
    version: Annotated[int | None, typer.Option(help="else what is in force")] = None,
    since: _Since = None,
    until: _Until = None,
    data: Data = None,
) -> None:
    """Draw a flow with the traffic of a period, the last day if none is named.

    Without a running instance the file is drawn, alone.
    """
    begin, end = _period(since, until)
    try:
        found = instance.find(data)
    except NoInstance:
        files = read_files(read_settings(data=data).flows).files
        drawn = svg(_text(files, flow), name=flow, at={}, went=(), title=flow)
    else:
        path = "/flows" if version is None else f"/flows/versions/{version}"
        told, traffic = ask(found, path), _traffic(found, begin, end)
        of = _of_flow(traffic, flow, version)
        drawn = svg(
            _text(told["files"], flow),
            name=flow,
            at=_at(of["steps"]),
            went=_went(of["ways"]),
            title=f"{flow}, version {told['number']}, {_told(begin)} to {_told(end)}",
        )
    try:
        picture.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise NotWritten(f"{picture}: cannot be written: {error}") from None
    typer.echo(f"{picture}: written")


def counts(
    flow: Annotated[str | None, typer.Argument(help="else all flows")] = None,
    *,
    since: _Since = None,
    until: _Until = None,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Count how callers entered and left the steps, by day and version."""
    traffic = _traffic(instance.find(data), *_period(since, until))
    if flow is not None:
        traffic = _of_flow(traffic, flow, None)
    if as_json:
        tell(traffic, True, [])
        return
    table = Table("day", "version", "flow", "step", box=None)
    for name in ("entered", "again", "gave up"):
        table.add_column(name, justify="right")
    table.add_column("left by")
    ways: dict[tuple[Any, ...], list[str]] = {}
    for it in traffic["ways"]:
        to = (
            it["next_step"]
            if it["next_flow"] == it["flow"]
            else (f"{it['next_flow']} → {it['next_step']}")
        )
        ways.setdefault(_key(it), []).append(f"{it['way']} → {to}: {it['calls']}")
    for it in traffic["steps"]:
        numbers = (it["entered"], it["asked_again"], it["gave_up"])
        left = ", ".join(ways.get(_key(it), []))
        table.add_row(
            *(it["day"], str(it["flow_version"] or "-"), it["flow"], it["step"]),
            *map(str, numbers),
            left,
        )
    # A file or a pipe has no width: no line is folded there.
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)


def _period(since: str | None, until: str | None) -> tuple[datetime, datetime]:
    end = since_of(until) or datetime.now(UTC)
    return since_of(since) or end - _DAY, end


def _traffic(found: Instance, since: datetime, until: datetime) -> Mapping[str, Any]:
    offset = datetime.now(UTC).astimezone().utcoffset() or timedelta()
    told: Mapping[str, Any] = ask(
        found,
        "/flows/traffic",
        since=since.isoformat(),
        until=until.isoformat(),
        ahead_min=round(offset.total_seconds() / 60),
    )
    return told


def _of_flow(
    traffic: Mapping[str, Any], flow: str, version: int | None
) -> Mapping[str, Any]:
    return {
        kind: [
            one
            for one in traffic[kind]
            if one["flow"] == flow and version in (None, one["flow_version"])
        ]
        for kind in ("steps", "ways")
    }


def _text(files: Mapping[str, str], flow: str) -> str:
    text = files.get(f"{FLOWS}/{flow}.yaml")
    if text is None:
        raise NoSuchFlow(flow, (Path(it).stem for it in files if "/" in it))
    return text


def _at(steps: Iterable[Mapping[str, Any]]) -> dict[str, At]:
    """Return what became of callers at each step, all days and versions together."""
    entered, again, gave_up = Counter[str](), Counter[str](), Counter[str]()
    for one in steps:
        entered[one["step"]] += one["entered"]
        again[one["step"]] += one["asked_again"]
        gave_up[one["step"]] += one["gave_up"]
    return {
        step: At(entered=entered[step], asked_again=again[step], gave_up=gave_up[step])
        for step in entered
    }


def _went(ways: Iterable[Mapping[str, Any]]) -> list[Went]:
    return [
        Went(
            step=one["step"],
            next_step=one["next_step"],
            way=one["way"],
            calls=one["calls"],
        )
        for one in ways
        if one["next_flow"] == one["flow"]
    ]


def _key(one: Mapping[str, Any]) -> tuple[Any, ...]:
    return (one["day"], one["flow_version"], one["flow"], one["step"])


def _told(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"
