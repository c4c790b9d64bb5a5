"""``tieline live``: queues, agents and calls as they change."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from services.live.board import Board
from services.runtime import instance
from services.runtime.flags import Flag, Flags
from services.runtime.instance import Instance
from services.runtime.timeline import printable
from services.runtime.watching import watch

_EVERY_S = 0.5
_ID_CHARS = 8
_MOST_ROWS = 20


def live(
    *,
    once: Annotated[bool, typer.Option(help="show what is so now, and end")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="tell each message, one a line")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(help="data folder of the instance")
    ] = None,
) -> None:
    """Watch queues, agents and calls until Ctrl-C; nothing is asked twice.

    Ends with 0, and with 3 when no instance runs.
    """
    found = instance.find(data)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_shown(found, once=once, as_json=as_json))


async def _shown(found: Instance, *, once: bool, as_json: bool) -> None:
    board, flags = Board(), Flags(found.data)
    if as_json:
        await _tell(found, board, once=once)
    elif once:
        await _first_whole(found, board)
        Console().print(_page(board, flags))
    else:
        await _keep_showing(found, board, flags)


async def _first_whole(found: Instance, board: Board) -> None:
    async with contextlib.aclosing(watch(found, board)) as messages:
        async for _ in messages:
            if board.is_whole:
                return


async def _tell(found: Instance, board: Board, *, once: bool) -> None:
    if once:
        await _first_whole(found, board)
        now = {
            "at": board.at,
            "queues": board.queues(),
            "agents": list(board.agents.values()),
            "calls": list(board.calls.values()),
        }
        typer.echo(json.dumps(now, ensure_ascii=False))
        return
    async with contextlib.aclosing(watch(found, board)) as messages:
        async for message in messages:
            typer.echo(json.dumps(message, ensure_ascii=False))


async def _keep_showing(found: Instance, board: Board, flags: Flags) -> None:
    async def follow() -> None:
        async with contextlib.aclosing(watch(found, board)) as messages:
            async for _ in messages:
                """The board has it."""

    following = asyncio.create_task(follow())
    try:
        # Timers go on between the facts, so the page is drawn by the clock.
        with Live(auto_refresh=False, screen=Console().is_terminal) as page:
            while not following.done():
                page.update(_page(board, flags), refresh=True)
                await asyncio.wait({following}, timeout=_EVERY_S)
        await following
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following


def _page(board: Board, flags: Flags) -> Group:
    now = datetime.now(UTC)
    up = [Text(_flag(it), "bold") for it in flags.all().values() if it.is_up(now)]
    return Group(*up, _queues(board, now), _agents(board, now), _calls(board, now))


def _flag(flag: Flag) -> str:
    end = f" until {flag.until.astimezone():%H:%M}" if flag.until else ""
    who = f" by {flag.by}" if flag.by else ""
    note = f": {flag.note}" if flag.note else ""
    return printable(f"flag {flag.name} is up{end}{who}{note}")


def _queues(board: Board, now: datetime) -> Table:
    table = _table("queue", "name", "waiting", "oldest")
    for queue in board.queues():
        waiting = str(queue["waiting"] or "")
        oldest = _age(queue["oldest_at"], now)
        _row(table, queue["queue_id"], queue["name"], waiting, oldest)
    return table


def _agents(board: Board, now: datetime) -> Table:
    table = _table("agent", "name", "state", "since", "call")
    signed_in = [a for a in board.agents.values() if a["state"] != "signed_out"]
    for agent in signed_in[:_MOST_ROWS]:
        state = _words(agent["state"], agent["reason"])
        call = (agent["call_id"] or "")[:_ID_CHARS]
        since = _age(agent["since"], now)
        _row(table, agent["agent_id"], agent["name"], state, since, call)
    _rest(table, len(signed_in))
    return table


def _calls(board: Board, now: datetime) -> Table:
    table = _table("call", "from", "dialled", "state", "queue", "agent", "age")
    for call in list(board.calls.values())[:_MOST_ROWS]:
        _row(
            table,
            call["call_id"][:_ID_CHARS],
            call["caller_number"],
            call["number"],
            _words(call["state"]),
            call["queue_id"] or "",
            call["agent_id"] or "",
            _age(call["arrived_at"], now),
        )
    _rest(table, len(board.calls))
    return table


def _table(*names: str) -> Table:
    table = Table(box=None, header_style="bold", expand=True)
    for name in names:
        table.add_column(name, no_wrap=True)
    return table


def _row(table: Table, *cells: Any) -> None:  # noqa: ANN401 - JSON
    # What callers send is text, never markup or control.
    table.add_row(*(Text(printable(str(cell))) for cell in cells))


def _words(*slugs: str) -> str:
    return " ".join(filter(None, slugs)).replace("_", " ")


def _rest(table: Table, found: int) -> None:
    if found > _MOST_ROWS:
        _row(table, f"… {found - _MOST_ROWS} more")


def _age(since: str | None, now: datetime) -> str:
    if since is None:
        return ""
    age_s = max(0, int((now - datetime.fromisoformat(since)).total_seconds()))
    return f"{age_s // 60}:{age_s % 60:02}"
