"""``tieline people``: who may log in, in which roles; added, kept out, let in again."""

import getpass
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.runtime import instance
from services.runtime.asking import ask, send
from services.runtime.errors import RuntimeProblem
from services.runtime.timeline import printable

app = typer.Typer(no_args_is_help=True)

_Data = Annotated[Path | None, typer.Option(help="data folder of the instance")]
_Json = Annotated[bool, typer.Option("--json", help="tell it as JSON")]
_Name = Annotated[str, typer.Argument(help="by which they log in")]
_Roles = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        help="agent, supervisor, operations, auditor, admin; @YJ, @YJ/YZ or"
        " @queue:q_fault says where it holds; may be given again",
    ),
]
_Type = Annotated[
    bool, typer.Option("--type", help="type the password; else one is made")
]


class RoleUnread(RuntimeProblem):
    """A role is not written as one."""

    exit_code = 2

    def __init__(self, text: str) -> None:
        """Say how they are."""
        super().__init__(
            f"--role {text!r}: is not a role; supervisor, supervisor@YJ,"
            " supervisor@YJ/YZ and supervisor@queue:q_fault are"
        )


class NotTheSame(RuntimeProblem):
    """A password was typed in two ways."""

    exit_code = 2

    def __init__(self) -> None:
        """Say so."""
        super().__init__("password: was not typed twice in the same way")


@app.command(name="list")
def list_(*, as_json: _Json = False, data: _Data = None) -> None:
    """List people and programs with their roles."""
    told: list[dict[str, Any]] = ask(instance.find(data), "/people")
    if as_json:
        typer.echo(json.dumps(told, indent=1, ensure_ascii=False))
        return
    table = Table("name", "kind", "roles", "agent", "since", "")
    for one in told:
        table.add_row(
            Text(one["name"]),
            one["kind"],
            Text(", ".join(map(_words, one["roles"])) or "none"),
            Text(printable(one["agent_id"] or "")),
            one["made_at"][:10],
            "disabled" if one["disabled_at"] else "",
        )
    Console().print(table)


@app.command()
def add(
    name: _Name,
    *,
    role: _Roles = None,
    agent: Annotated[str | None, typer.Option(help="which agent they are")] = None,
    shown: Annotated[str, typer.Option(help="name for others to read")] = "",
    program: Annotated[
        bool, typer.Option("--program", help="not a person: gets a token")
    ] = False,
    typed: _Type = False,
    data: _Data = None,
) -> None:
    """Add somebody; what was made to log in by is printed once."""
    found = instance.find(data)
    body = {
        "name": name,
        "is_program": program,
        "shown_name": shown,
        "agent_id": agent,
        "roles": [read_role(one) for one in role or ()],
        "password": _typed() if typed else None,
    }
    _tell_secret(send(found, "POST", "/people", body))


@app.command()
def role(
    name: _Name,
    roles: Annotated[list[str] | None, typer.Argument()] = None,
    *,
    data: _Data = None,
) -> None:
    """Let somebody have these roles and no others; none takes all of them."""
    found = instance.find(data)
    body = {"roles": [read_role(one) for one in roles or ()]}
    told = send(found, "PUT", f"/people/{name}/roles", body)
    typer.echo(f"{name}: {', '.join(map(_words, told['roles'])) or 'no role'}")


@app.command()
def password(name: _Name, *, typed: _Type = False, data: _Data = None) -> None:
    """Give somebody another password, or a program another token; sessions end."""
    found = instance.find(data)
    body = {"password": _typed() if typed else None}
    _tell_secret(send(found, "PUT", f"/people/{name}/password", body))


@app.command()
def disable(name: _Name, *, data: _Data = None) -> None:
    """Keep somebody out: sessions, live streams and token are void at once."""
    send(instance.find(data), "POST", f"/people/{name}/disable", {})
    typer.echo(f"{name}: is kept out; ./tieline people enable {name} lets them in")


@app.command()
def enable(name: _Name, *, data: _Data = None) -> None:
    """Let somebody in again."""
    send(instance.find(data), "POST", f"/people/{name}/enable", {})
    typer.echo(f"{name}: may log in")


def _tell_secret(told: dict[str, Any]) -> None:
    name, secret = told["person"]["name"], told["secret"]
    what = "token" if told["person"]["kind"] == "program" else "password"
    typer.echo(f"{name}: {what} {secret}" if secret else f"{name}: as it was typed")
    if secret:
        typer.echo("It is told this once.", err=True)


def _typed() -> str:
    """Return a password from who types it, or a line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != first:
        raise NotTheSame
    return first


def read_role(text: str) -> dict[str, str]:
    """Return a role as the API takes it.

    Raises:
        RoleUnread: It is not written as ``role``, ``role@province``,
            ``role@province/unit`` or ``role@queue:id``.
    """
    name, has_scope, where = text.partition("@")
    told = {"role": name}
    is_queue, queue = where.startswith("queue:"), where.removeprefix("queue:")
    if is_queue and queue:
        return told | {"queue_id": queue}
    province, has_unit, unit = where.partition("/")
    # A part that is written and empty would give more than was meant.
    if not name or is_queue or (has_scope and not province) or (has_unit and not unit):
        raise RoleUnread(text)
    told |= {"province": province} if province else {}
    return told | ({"unit": unit} if unit else {})


def _words(role: dict[str, str | None]) -> str:
    if role["queue_id"]:
        return f"{role['role']}@queue:{role['queue_id']}"
    where = "/".join(part for part in (role["province"], role["unit"]) if part)
    return f"{role['role']}@{where}" if where else str(role["role"])
