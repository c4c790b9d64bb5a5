"""``tieline flow``: what leads callers, another published, tried, taken back."""

import getpass
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ivr.sounds import Language
from ivr.wording import Wording
from ivr.wording import told as in_words
from services.flows.files import write_files
from services.runtime import instance
from services.runtime.asking import Refused, ask, send
from services.runtime.commands import (
    flow_dial,
    flow_flags,
    flow_replay,
    flow_schema,
    flow_traffic,
    flow_trying,
)
from services.runtime.commands.check import problems_of
from services.runtime.errors import NoInstance, RuntimeProblem
from services.runtime.flow_files import FlowsUnfit, files_in
from services.runtime.launch import floor_file
from services.runtime.settings import read_settings
from services.runtime.versions_told import (
    LIMIT_S,
    Data,
    From,
    InLanguage,
    Json,
    Note,
    history_lines,
    made_from,
    near,
    tell,
    wanted,
)

app = typer.Typer(no_args_is_help=True)
app.command("test")(flow_trying.cases)
app.command("try")(flow_trying.walk)
app.command()(flow_schema.schema)
app.command("dial")(flow_dial.plan)
app.command()(flow_traffic.graph)
app.command()(flow_traffic.counts)
app.command()(flow_replay.replay)
app.add_typer(flow_flags.app, name="flags")

_WOULD_FIND = Wording(
    en="right; callers would find:", zh="没有问题；来电者将听到的变化："
)
_ALONE = Wording(
    en="right; no instance runs to compare them with",
    zh="没有问题；没有运行中的实例可供比较",
)
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


@app.command()
def check(
    folder: _Folder = None,
    *,
    language: InLanguage = Language.EN,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Say what is wrong with flows, or what publishing them would change.

    Ends with 0 when they can be published, 2 when not. They are held against the floor
    in force; without a running instance, against the floor file.
    """
    try:
        found = instance.find(data)
    except NoInstance:
        _check_alone(folder, data, language, as_json=as_json)
        return
    try:
        body = files_in(folder, data)
        told = send(
            *(found, "POST", "/flows/check", body),
            headers=wanted(language),
            limit_s=LIMIT_S,
        )
    except Refused as refused:
        if not as_json or "problems" not in refused.told:
            raise FlowsUnfit(str(refused)) from None
        tell({"problems": refused.told["problems"]}, as_json, [])
        raise typer.Exit(FlowsUnfit.exit_code) from None
    lines = [in_words(_WOULD_FIND, language), *told["changes"]]
    tell({"problems": [], **told}, as_json, lines)


def _check_alone(
    folder: Path | None, data: Path | None, language: Language, *, as_json: bool
) -> None:
    problems = problems_of(read_settings(data=data, flows=folder))
    if problems and not as_json:
        raise FlowsUnfit("\n".join(it.told(language) for it in problems))
    told = [
        {"file": it.file, "line": it.line, "what": in_words(it.what, language)}
        for it in problems
    ]
    lines = [in_words(_ALONE, language)]
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
    language: InLanguage = Language.EN,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Have flows lead callers from the next call on; calls in progress stay on theirs.

    With --share a share of the calls tries them first.
    """
    found = instance.find(data)
    if watch:
        _watch(found, folder, data, note=note, language=language)
        return
    told = _publish(
        *(found, files_in(folder, data), version),
        percent=share,
        note=note,
        language=language,
    )
    tell(told, as_json, _published(told, language))


@app.command()
def versions(
    *, language: InLanguage = Language.EN, as_json: Json = False, data: Data = None
) -> None:
    """List the versions, the newest first: when, by whom, from what, why."""
    found = instance.find(data)
    told = {"force": ask(found, "/flows")["force"], "versions": []}
    told["versions"] = ask(found, "/flows/versions")
    tell(
        told,
        as_json,
        [_led_by(told["force"], language), *history_lines(told["versions"])],
    )


@app.command()
def pull(
    folder: _Folder = None,
    *,
    version: Annotated[
        int | None, typer.Option(help="which; else what a new one is made from")
    ] = None,
    language: InLanguage = Language.EN,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Bring the files to what was published; flows that it does not have go."""
    path = "/flows" if version is None else f"/flows/versions/{version}"
    told = ask(instance.find(data), path)
    target = near(folder or read_settings(data=data).flows)
    try:
        changed = write_files(target, told["files"])
        if flow_schema.folder_of(target).exists():
            flow_schema.write(target, floor_file(read_settings(data=data)), language)
    except OSError as error:
        raise FlowsUnfit(f"{target}: cannot be written: {error}") from None
    number = told["number"]
    words = Wording(
        en=f"{target}: is version {number} now", zh=f"{target}：现为第 {number} 版"
    )
    lines = [in_words(words, language), *changed]
    tell({"version": told["number"], "changed": changed}, as_json, lines)


@app.command()
def rollback(
    version: Annotated[
        int | None,
        typer.Argument(help="to be in force again; else the one before this"),
    ] = None,
    *,
    note: Note = "",
    language: InLanguage = Language.EN,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Publish an earlier version once more, under a number of its own."""
    found = instance.find(data)
    number = version or _before(found)
    body = {"version": number, "by": getpass.getuser(), "note": note}
    told = send(
        *(found, "POST", "/flows/rollback", body),
        headers={**_latest(found), **wanted(language)},
        limit_s=LIMIT_S,
    )
    tell(told, as_json, _published(told, language))


@app.command()
def share(
    percent: _Percent,
    *,
    note: Note = "",
    language: InLanguage = Language.EN,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Change which share of the calls tries a version: 100% for all, 0% to end it."""
    body = {"percent": percent, "by": getpass.getuser(), "note": note}
    told = send(instance.find(data), "PUT", "/flows/share", body, limit_s=LIMIT_S)
    tell(told, as_json, [_led_by(told, language)])


@app.command()
def diff(
    before: int,
    after: int,
    *,
    language: InLanguage = Language.EN,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Say what is otherwise for callers in one version than in another."""
    found = instance.find(data)
    of = {"before": before, "after": after}
    told = ask(found, "/flows/changes", headers=wanted(language), **of)
    tell(told, as_json, told["changes"])


def _publish(
    found: instance.Instance,
    files: Mapping[str, Any],
    version: int | None,
    *,
    percent: int,
    note: str,
    language: Language,
) -> Any:  # noqa: ANN401 - JSON
    body = {**files, "by": getpass.getuser(), "note": note, "percent": percent}
    latest = _latest(found) if version is None else made_from(version)
    headers = {**latest, **wanted(language)}
    return send(found, "PUT", "/flows", body, headers=headers, limit_s=LIMIT_S)


def _latest(found: instance.Instance) -> Mapping[str, str]:
    return made_from(ask(found, "/flows")["number"])


def _before(found: instance.Instance) -> int:
    """Return the version that led all calls before what was published last."""
    force = ask(found, "/flows")["force"]
    number: int = force["in_force"]
    if force["trial"] is not None:
        return number
    history = {it["number"]: it for it in ask(found, "/flows/versions")}
    before: int | None = history[number]["made_from"]
    if before is None:
        raise FlowsUnfit(f"version {number}: is the first, there is none before it")
    return before


def _watch(
    found: instance.Instance,
    folder: Path | None,
    data: Path | None,
    *,
    note: str,
    language: Language,
) -> None:
    """Publish what is saved until Ctrl-C; what is refused is told, and awaited."""
    seen: object = ask(found, "/flows")["files"]
    typer.echo("watching; each file that is saved is published, Ctrl-C ends it")
    while True:
        try:
            files = files_in(folder, data)
            if files["files"] != seen:
                seen = files["files"]
                why = note or "as it was saved"
                told = _publish(
                    *(found, files, None), percent=_ALL, note=why, language=language
                )
                tell(told, False, _published(told, language))
        except RuntimeProblem as problem:
            typer.echo(str(problem), err=True)
        time.sleep(_LOOK_EVERY_S)


def _published(told: Mapping[str, Any], language: Language) -> list[str]:
    number, led = told["version"]["number"], _led_by(told["force"], language)
    first = Wording(en=f"version {number}: {led}", zh=f"第 {number} 版：{led}")
    return [in_words(first, language), *told["changes"], *told["later"]]


def _led_by(force: Mapping[str, Any], language: Language) -> str:
    now, trial, percent = force["in_force"], force["trial"], force["percent"]
    if trial is None:
        words = Wording(
            en=f"version {now} leads all calls", zh=f"全部来电使用第 {now} 版"
        )
    else:
        words = Wording(
            en=f"version {trial} leads {percent}% of the calls,"
            f" version {now} leads {_ALL - percent}%",
            zh=f"{percent}% 的来电使用第 {trial} 版，{_ALL - percent}% 使用第 {now} 版",
        )
    return in_words(words, language)
