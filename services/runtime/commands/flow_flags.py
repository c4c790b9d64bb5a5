"""``tieline flow flags``: what is switched on for all calls."""

import getpass
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from services.runtime import instance
from services.runtime.asking import ask, send
from services.runtime.versions_told import Data, Json, Note, tell

app = typer.Typer(no_args_is_help=False)

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_WORDS = {"true": True, "on": True, "up": True, "false": False, "off": False}
_WORDS["down"] = False


def instant_of(text: str, now: datetime) -> datetime:
    """Return the instant that a text names: ``22:00``, of today or tomorrow, or whole.

    Args:
        text: A clock, or a date with one.
        now: The instant of now, by the clock on the wall.

    Raises:
        BadParameter: It names none.
    """
    clock = re.fullmatch(r"(\d{1,2}):(\d{2})", text)
    try:
        if clock:
            hour, minute = int(clock[1]), int(clock[2])
            at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
            return at if at > now else at + timedelta(days=1)
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise typer.BadParameter(
            f"should be as 22:00 or 2026-11-23T08:00, got {text!r}"
        ) from None


def length_of(text: str) -> timedelta:
    """Return the length of time that a text names.

    Raises:
        BadParameter: It names none.
    """
    found = re.fullmatch(r"(\d{1,4})([mhd])", text)
    if found is None or not int(found[1]):
        raise typer.BadParameter(f"should be as 30m, 4h or 2d, got {text!r}")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _is_up(text: str) -> bool:
    if text not in _WORDS:
        raise typer.BadParameter(f"should be true or false, got {text!r}")
    return _WORDS[text]


@app.callback(invoke_without_command=True)
def flags(context: typer.Context, *, as_json: Json = False, data: Data = None) -> None:
    """List the flags that flows ask for: which are up, since when, by whom, why."""
    if context.invoked_subcommand is not None:
        return
    told = ask(instance.find(data), "/flags")
    tell(told, as_json, [*map(_line, told)] or ["no flow in force asks for a flag"])


@app.command("set")
def put(
    name: Annotated[str, typer.Argument(help="the flag, as storm")],
    up: Annotated[str, typer.Argument(metavar="true|false")] = "true",
    *,
    note: Note = "",
    until: Annotated[
        str | None, typer.Option(help="falls back then: 22:00, or a date and time")
    ] = None,
    lasting: Annotated[
        str | None, typer.Option("--for", help="falls back after: 30m, 4h, 2d")
    ] = None,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Put a flag up or down; who calls from now on is led by it."""
    if until and lasting:
        raise typer.BadParameter("says when twice; write --until or --for")
    is_up, now = _is_up(up), datetime.now(UTC).astimezone()
    end = instant_of(until, now) if until else None
    end = now + length_of(lasting) if lasting else end
    if end is not None and not is_up:
        raise typer.BadParameter("only a flag that is up has an end")
    _send(name, is_up=is_up, until=end, note=note, as_json=as_json, data=data)


@app.command()
def clear(
    name: Annotated[str, typer.Argument(help="the flag, as storm")],
    *,
    note: Note = "",
    as_json: Json = False,
    data: Data = None,
) -> None:
    """Put a flag down."""
    _send(name, is_up=False, until=None, note=note, as_json=as_json, data=data)


@app.command()
def history(*, as_json: Json = False, data: Data = None) -> None:
    """List who put which flag up and down, the newest first."""
    told = ask(instance.find(data), "/flags/changes")
    lines = (
        f"{_clock(it['at'])}  {it['name']:<16} {_state(it)}  {it['by']:<12} "
        f"{it['note']}".rstrip()
        for it in told
    )
    tell(told, as_json, lines)


def _send(
    name: str,
    *,
    is_up: bool,
    until: datetime | None,
    note: str,
    as_json: bool,
    data: Data,
) -> None:
    body = {
        "name": name,
        "is_up": is_up,
        "until": until and until.isoformat(),
        "by": getpass.getuser(),
        "note": note,
    }
    told = send(instance.find(data), "PUT", "/flags", body)
    tell(told, as_json, [_line(told)])


def _line(flag: Mapping[str, Any]) -> str:
    words = [f"{flag['name']:<16} {_state(flag)}"]
    if flag["since"]:
        words.append(f"since {_clock(flag['since'])} by {flag['by']}")
    if flag["note"]:
        words.append(flag["note"])
    if not flag["is_asked"]:
        words.append("no flow in force asks for it")
    return "  ".join(words)


def _state(flag: Mapping[str, Any]) -> str:
    if not flag["is_up"]:
        return "down"
    return f"up until {_clock(flag['until'])}" if flag["until"] else "up"


def _clock(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"
