"""``tieline floor``: what is in force, another one published, an earlier one again."""

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ivr.problems import Refused as FloorWrong
from services.floor.load import load_floor
from services.runtime import instance
from services.runtime.asking import Refused, ask, send
from services.runtime.errors import NoInstance, RuntimeProblem
from services.runtime.settings import read_settings
from services.runtime.versions_told import (
    LIMIT_S,
    Data,
    From,
    Json,
    Note,
    history_lines,
    tell,
)
from services.runtime.versions_told import made_from as named

app = typer.Typer(no_args_is_help=True)

_File = Annotated[Path, typer.Argument(help="the floor, as YAML", dir_okay=False)]
_Drain = Annotated[
    bool, typer.Option("--drain", help="let a queue with callers go when it is empty")
]


class FloorUnfit(RuntimeProblem):
    """The floor cannot be published."""

    exit_code = 2


@app.command()
def check(file: _File, *, as_json: Json = False, data: Data = None) -> None:
    """Say what is wrong with a floor, or what publishing it would change.

    Ends with 0 when it can be published, 2 when not. It is held against the flows in
    force; without a running instance, against the files of flows.
    """
    try:
        found = instance.find(data)
    except NoInstance:
        _check_alone(file, data)
        tell({"changes": []}, as_json, ["right; no instance runs to compare it with"])
        return
    body = {"text": _text(file), "name": str(file)}
    try:
        told = send(found, "POST", "/floor/check", body, limit_s=LIMIT_S)
    except Refused as refused:
        raise FloorUnfit(str(refused)) from None
    waits = [
        f"queue {queue!r} would go with {count} callers in it; --drain lets them be"
        " served"
        for queue, count in told["with_callers"].items()
    ]
    tell(told, as_json, ["right; it would change:", *told["changes"], *waits])


@app.command()
def publish(
    file: _File,
    *,
    note: Note = "",
    made_from: From = None,
    drain: _Drain = False,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Put a floor in force; calls go on, and nobody who waits loses their place."""
    found = instance.find(data)
    body = {
        "text": _text(file),
        "name": str(file),
        "by": getpass.getuser(),
        "note": note,
        "drain": drain,
    }
    headers = _if_match(found, made_from)
    told = send(found, "PUT", "/floor", body, headers=headers, limit_s=LIMIT_S)
    tell(told, as_json, _published(told))


@app.command()
def show(
    version: Annotated[int | None, typer.Argument(help="else the one in force")] = None,
    *,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Print a floor as it was published, to be kept as a file."""
    path = "/floor" if version is None else f"/floor/versions/{version}"
    told = ask(instance.find(data), path)
    if as_json:
        tell(told, as_json, [])
        return
    if told["file_differs"]:
        typer.echo(told["file_differs"], err=True)
    typer.echo(told["text"], nl=not told["text"].endswith("\n"))


@app.command()
def history(*, as_json: Json = False, data: Data = None) -> None:
    """List the versions, the newest first: when, by whom, from what, why."""
    told = ask(instance.find(data), "/floor/versions")
    tell(told, as_json, history_lines(told))


@app.command()
def rollback(
    version: Annotated[int, typer.Argument(help="the version to be in force again")],
    *,
    note: Note = "",
    drain: _Drain = False,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Publish an earlier version once more, under a number of its own."""
    found = instance.find(data)
    body = {
        "version": version,
        "by": getpass.getuser(),
        "note": note,
        "drain": drain,
    }
    headers = _if_match(found, None)
    told = send(
        found, "POST", "/floor/rollback", body, headers=headers, limit_s=LIMIT_S
    )
    tell(told, as_json, _published(told))


def _check_alone(file: Path, data: Path | None) -> None:
    try:
        load_floor(file, read_settings(data=data).flows)
    except FloorWrong as wrong:
        raise FloorUnfit(str(wrong)) from None


def _if_match(found: instance.Instance, made_from: int | None) -> Mapping[str, str]:
    return named(made_from or ask(found, "/floor")["number"])


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise FloorUnfit(f"{file}: cannot be read: {error}") from None


def _published(told: Mapping[str, Any]) -> list[str]:
    lines = [f"version {told['version']['number']} is in force:", *told["changes"]]
    if told["closing"]:
        names = ", ".join(told["closing"])
        lines.append(f"queues that go when their callers are served: {names}")
    if told["leaving"]:
        names = ", ".join(told["leaving"])
        lines.append(f"agents who finish a call first: {names}")
    return [*lines, *told["later"]]
