"""``tieline replay``: one call as a timeline, as it was journaled."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from services.runtime import instance
from services.runtime.asking import Refused, ask
from services.runtime.errors import RuntimeProblem
from services.runtime.timeline import Moment, printable, timeline

_SOURCE_WIDTH = 9


class UnknownCall(RuntimeProblem):
    """No one call is meant."""

    exit_code = 1

    def __init__(self, named: str, why: str) -> None:
        """Say what was asked for."""
        super().__init__(f"{why}; tieline calls lists them, and {named!r} must fit one")
        self.named = named


def replay(
    call: Annotated[str, typer.Argument(help="the call's id, or its beginning")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="tell it as JSON")] = False,
    data: Annotated[
        Path | None, typer.Option(help="data folder of the instance")
    ] = None,
) -> None:
    """Tell one call as a timeline: each step with its time and its source.

    Ends with 0, with 1 when no one call is meant, with 3 when no instance runs.
    """
    found = instance.find(data)
    if not call or not set(call.lower()) <= set("0123456789abcdef-"):
        raise UnknownCall(call, f"call {printable(call)!r}: is no id")
    try:
        story = ask(found, f"/calls/{call}/story")
    except Refused as error:
        if error.kind != "unknown_record":
            raise
        raise UnknownCall(call, str(error)) from error
    moments = timeline(story)
    if as_json:
        typer.echo(_as_json(story, moments))
    else:
        _show(story["call"], moments)
        _show_times(story["segments"])


def _as_json(story: dict[str, Any], moments: list[Moment]) -> str:
    told = {name: rows for name, rows in story.items() if name != "facts"}
    told["timeline"] = [
        {
            "at": moment.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "offset_s": moment.offset_s,
            "source": moment.source,
            "sentence": moment.sentence,
            "kind": moment.kind,
            "seq": moment.seq,
        }
        for moment in moments
    ]
    return json.dumps(told, ensure_ascii=False)


def _show(call: dict[str, Any], moments: list[Moment]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(f"call {call['call_id']}", style="bold"))
    for moment in moments:
        clock = moment.at.astimezone().strftime("%H:%M:%S.%f")[:-3]
        console.print(
            Text.assemble(
                (offset(moment.offset_s), "bold"),
                f"  {clock}  ",
                (moment.source.ljust(_SOURCE_WIDTH), "cyan"),
                f"  {moment.sentence}",
            )
        )


def _show_times(segments: list[dict[str, Any]]) -> None:
    """Say whose time the call was; the caller's lie end to end."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text("whose time", style="bold"))
    for one in segments:
        began, ended = map(datetime.fromisoformat, (one["started_at"], one["ended_at"]))
        who = f"agent {one['agent_id']}" if one["agent_id"] else ""
        where = f"queue {one['queue_id']}" if one["queue_id"] else ""
        told = "  ".join(filter(None, (who, where)))
        length_s = (ended - began).total_seconds()
        kind = one["kind"].replace("_", " ").ljust(_SOURCE_WIDTH)
        console.print(Text(printable(f"{length_s:10.3f} s  {kind}  {told}".rstrip())))


def offset(seconds: float) -> str:
    """Return a time since the beginning as +MM:SS.mmm; hours go into the minutes."""
    whole_ms = round(seconds * 1000)
    minutes, rest_ms = divmod(whole_ms, 60_000)
    return f"+{minutes:02}:{rest_ms / 1000:06.3f}"
