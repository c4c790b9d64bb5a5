"""``tieline floor``: what is in force, another one published, an earlier one again."""

import getpass
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ivr.problems import Refused as FloorWrong
from services.floor.load import load_floor
from services.runtime import instance
from services.runtime.asking import ask, send
from services.runtime.errors import NoInstance, RuntimeProblem
from services.runtime.settings import read_settings

app = typer.Typer(no_args_is_help=True)

_LIMIT_S = 120.0
"""New prompts are spoken before the floor is in force."""

_File = Annotated[Path, typer.Argument(help="the floor, as YAML", dir_okay=False)]
_Data = Annotated[Path | None, typer.Option(help="data folder of the instance")]
_Json = Annotated[bool, typer.Option("--json", help="tell it as JSON")]
_Note = Annotated[str, typer.Option(help="why; it stands in the history")]
_From = Annotated[
    int | None,
    typer.Option("--from", help="the version it was made from; else the one in force"),
]
_Drain = Annotated[
    bool, typer.Option("--drain", help="let a queue with callers go when it is empty")
]


class FloorUnfit(RuntimeProblem):
    """The floor cannot be published."""

    exit_code = 2


@app.command()
def check(file: _File, *, as_json: _Json = False, data: _Data = None) -> None:
    """Say what is wrong with a floor, or what publishing it would change.

    Ends with 0 when it can be published, 2 when not. Without a running instance it is
    held against its flows alone.
    """
    settings = read_settings(data=data)
    try:
        load_floor(file, settings.flows)
    except FloorWrong as wrong:
        raise FloorUnfit(str(wrong)) from None
    try:
        found = instance.find(data)
    except NoInstance:
        _tell({"changes": []}, as_json, ["right; no instance runs to compare it with"])
        return
    body = {"text": _text(file), "name": str(file)}
    told = send(found, "POST", "/floor/check", body, limit_s=_LIMIT_S)
    waits = [
        f"queue {queue!r} would go with {count} callers in it; --drain lets them be"
        " served"
        for queue, count in told["with_callers"].items()
    ]
    _tell(told, as_json, ["right; it would change:", *told["changes"], *waits])


@app.command()
def publish(
    file: _File,
    *,
    note: _Note = "",
    made_from: _From = None,
    drain: _Drain = False,
    as_json: _Json = False,
    data: _Data = None,
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
    told = send(found, "PUT", "/floor", body, headers=headers, limit_s=_LIMIT_S)
    _tell(told, as_json, _published(told))


@app.command()
def show(
    version: Annotated[int | None, typer.Argument(help="else the one in force")] = None,
    *,
    as_json: _Json = False,
    data: _Data = None,
) -> None:
    """Print a floor as it was published, to be kept as a file."""
    path = "/floor" if version is None else f"/floor/versions/{version}"
    told = ask(instance.find(data), path)
    if as_json:
        _tell(told, as_json, [])
        return
    if told["file_differs"]:
        typer.echo(told["file_differs"], err=True)
    typer.echo(told["text"], nl=not told["text"].endswith("\n"))


@app.command()
def history(*, as_json: _Json = False, data: _Data = None) -> None:
    """List the versions, the newest first: when, by whom, from what, why."""
    told = ask(instance.find(data), "/floor/versions")
    lines = [
        f"{one['number']:>5} {one['published_at'][:19].replace('T', ' ')}Z "
        f"{one['by']:<12} from {one['made_from'] or '-':>4}  {one['note']}".rstrip()
        for one in told
    ]
    _tell(told, as_json, lines)


@app.command()
def rollback(
    version: Annotated[int, typer.Argument(help="the version to be in force again")],
    *,
    note: _Note = "",
    drain: _Drain = False,
    as_json: _Json = False,
    data: _Data = None,
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
        found, "POST", "/floor/rollback", body, headers=headers, limit_s=_LIMIT_S
    )
    _tell(told, as_json, _published(told))


def _if_match(found: instance.Instance, made_from: int | None) -> Mapping[str, str]:
    number = made_from or ask(found, "/floor")["number"]
    return {"If-Match": f'"{number}"'}


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


def _tell(told: object, as_json: bool, lines: list[str]) -> None:
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for line in lines:
        typer.echo(line)
