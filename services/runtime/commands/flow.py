"""``tieline flow``: what leads callers, another published, tried, taken back."""

import getpass
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ivr.problems import FlowRefused
from services.flows.files import read_files, write_files
from services.runtime import instance
from services.runtime.asking import Refused, ask, send
from services.runtime.commands import flow_traffic, flow_trying
from services.runtime.commands.check import problems_of
from services.runtime.errors import NoInstance, RuntimeProblem
from services.runtime.settings import read_settings
from services.runtime.versions_told import (
    LIMIT_S,
    Data,
    From,
    Json,
    Note,
    history_lines,
    made_from,
    tell,
)

app = typer.Typer(no_args_is_help=True)
app.command("test")(flow_trying.cases)
app.command("try")(flow_trying.walk)
app.command()(flow_traffic.graph)
app.command()(flow_traffic.counts)

_LOOK_EVERY_S = 0.5
_ALL = 100

_Folder = Annotated[
    Path | None, typer.Argument(help="folder of flows; else the settings' own")
]


def _percent(given: str | int) -> int:
    text = str(given)
    number = text.removesuffix("%")
    if not number.isascii() or not number.isdigit() or int(number) > _ALL:
        raise typer.BadParameter(f"{text!r}: should be 0% to 100%, as in 20%")
    return int(number)


_Percent = Annotated[int, typer.Argument(parser=_percent, metavar="PERCENT")]
_Share = Annotated[
    int,
    typer.Option(
        "--share", parser=_percent, metavar="PERCENT", help="of the calls try it first"
    ),
]


class FlowsUnfit(RuntimeProblem):
    """The flows cannot be published."""

    exit_code = 2


@app.command()
def check(folder: _Folder = None, *, as_json: Json = False, data: Data = None) -> None:
    """Say what is wrong with flows, or what publishing them would change.

    Ends with 0 when they can be published, 2 when not. They are held against the floor
    in force; without a running instance, against the floor file.
    """
    try:
        found = instance.find(data)
    except NoInstance:
        _check_alone(folder, data, as_json=as_json)
        return
    try:
        body = _files(folder, data)
        told = send(found, "POST", "/flows/check", body, limit_s=LIMIT_S)
    except Refused as refused:
        if not as_json or "problems" not in refused.told:
            raise FlowsUnfit(str(refused)) from None
        tell({"problems": refused.told["problems"]}, as_json, [])
        raise typer.Exit(FlowsUnfit.exit_code) from None
    lines = ["right; callers would find:", *told["changes"]]
    tell({"problems": [], **told}, as_json, lines)


def _check_alone(folder: Path | None, data: Path | None, *, as_json: bool) -> None:
    problems = problems_of(read_settings(data=data, flows=folder))
    if problems and not as_json:
        raise FlowsUnfit("\n".join(map(str, problems)))
    told = [{"file": it.file, "line": it.line, "what": it.what} for it in problems]
    lines = ["right; no instance runs to compare them with"]
    tell({"problems": told, "changes": []}, as_json, lines)
    if problems:
        raise typer.Exit(FlowsUnfit.exit_code)


@app.command()
def publish(
    folder: _Folder = None,
    *,
    note: Note = "",
    version: From = None,
    share: _Share = _ALL,
    watch: Annotated[
        bool, typer.Option("--watch", help="publish each time that a file is saved")
    ] = False,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Have flows lead callers from the next call on; calls in progress stay on theirs.

    With --share a share of the calls tries them first.
    """
    found = instance.find(data)
    if watch:
        _watch(found, folder, data, note=note)
        return
    told = _publish(found, _files(folder, data), version, percent=share, note=note)
    tell(told, as_json, _published(told))


@app.command()
def versions(*, as_json: Json = False, data: Data = None) -> None:
    """List the versions, the newest first: when, by whom, from what, why."""
    found = instance.find(data)
    told = {"force": ask(found, "/flows")["force"], "versions": []}
    told["versions"] = ask(found, "/flows/versions")
    tell(told, as_json, [_led_by(told["force"]), *history_lines(told["versions"])])


@app.command()
def pull(
    folder: _Folder = None,
    *,
    version: Annotated[
        int | None, typer.Option(help="which; else what a new one is made from")
    ] = None,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Bring the files to what was published; flows that it does not have go."""
    path = "/flows" if version is None else f"/flows/versions/{version}"
    told = ask(instance.find(data), path)
    target = folder or read_settings(data=data).flows
    try:
        changed = write_files(target, told["files"])
    except OSError as error:
        raise FlowsUnfit(f"{target}: cannot be written: {error}") from None
    lines = [f"{target}: is version {told['number']} now", *changed]
    tell({"version": told["number"], "changed": changed}, as_json, lines)


@app.command()
def rollback(
    version: Annotated[int, typer.Argument(help="the version to be in force again")],
    *,
    note: Note = "",
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Publish an earlier version once more, under a number of its own."""
    found = instance.find(data)
    body = {"version": version, "by": getpass.getuser(), "note": note}
    headers = _latest(found)
    told = send(
        found, "POST", "/flows/rollback", body, headers=headers, limit_s=LIMIT_S
    )
    tell(told, as_json, _published(told))


@app.command()
def share(
    percent: _Percent, *, note: Note = "", as_json: Json = False, data: Data = None
) -> None:
    """Change which share of the calls tries a version: 100% for all, 0% to end it."""
    body = {"percent": percent, "by": getpass.getuser(), "note": note}
    told = send(instance.find(data), "PUT", "/flows/share", body, limit_s=LIMIT_S)
    tell(told, as_json, [_led_by(told)])


@app.command()
def diff(before: int, after: int, *, as_json: Json = False, data: Data = None) -> None:
    """Say what is otherwise for callers in one version than in another."""
    found = instance.find(data)
    told = ask(found, "/flows/changes", before=before, after=after)
    tell(told, as_json, told["changes"])


def _files(folder: Path | None, data: Path | None) -> dict[str, Any]:
    try:
        read = read_files(folder or read_settings(data=data).flows)
    except FlowRefused as refused:
        raise FlowsUnfit(str(refused)) from None
    return {"files": read.files, "folder": str(read.folder)}


def _publish(
    found: instance.Instance,
    files: Mapping[str, Any],
    version: int | None,
    *,
    percent: int,
    note: str,
) -> Any:  # noqa: ANN401 - JSON
    body = {**files, "by": getpass.getuser(), "note": note, "percent": percent}
    headers = _latest(found) if version is None else made_from(version)
    return send(found, "PUT", "/flows", body, headers=headers, limit_s=LIMIT_S)


def _latest(found: instance.Instance) -> Mapping[str, str]:
    return made_from(ask(found, "/flows")["number"])


def _watch(
    found: instance.Instance, folder: Path | None, data: Path | None, *, note: str
) -> None:
    """Publish what is saved until Ctrl-C; what is refused is told, and awaited."""
    seen: object = ask(found, "/flows")["files"]
    typer.echo("watching; each file that is saved is published, Ctrl-C ends it")
    while True:
        try:
            files = _files(folder, data)
            if files["files"] != seen:
                seen = files["files"]
                why = note or "as it was saved"
                told = _publish(found, files, None, percent=_ALL, note=why)
                tell(told, False, _published(told))
        except RuntimeProblem as problem:
            typer.echo(str(problem), err=True)
        time.sleep(_LOOK_EVERY_S)


def _published(told: Mapping[str, Any]) -> list[str]:
    first = f"version {told['version']['number']}: {_led_by(told['force'])}"
    return [first, *told["changes"], *told["later"]]


def _led_by(force: Mapping[str, Any]) -> str:
    if force["trial"] is None:
        return f"version {force['in_force']} leads all calls"
    rest = _ALL - force["percent"]
    return (
        f"version {force['trial']} leads {force['percent']}% of the calls,"
        f" version {force['in_force']} leads {rest}%"
    )
