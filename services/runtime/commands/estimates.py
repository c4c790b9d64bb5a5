"""``tieline estimates``: handling times of agents, shown or worked out anew."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from acd.vocabulary.ids import QueueId
from services.runtime import instance
from services.runtime.asking import ask, send
from services.runtime.errors import RuntimeProblem
from services.store.errors import StoreError
from services.store.estimates import rebuild as rebuilt

app = typer.Typer(no_args_is_help=True)

DAYS = 112
"""Four half-lives: what is older counts for a sixteenth at most."""

AsJson = Annotated[bool, typer.Option("--json", help="tell it as JSON")]
Data = Annotated[Path | None, typer.Option(help="data folder of the instance")]


class NotRebuilt(RuntimeProblem):
    """The records cannot be asked; what the engine knows stays."""


@app.command()
def show(
    *,
    agent: Annotated[str | None, typer.Option(help="of this agent only")] = None,
    kind: Annotated[str | None, typer.Option(help="of this kind of call only")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show what the engine expects of agents now, the quickest first.

    Ends with 0, with 3 when no instance runs.
    """
    told = ask(instance.find(data), "/estimates", agent_id=agent, kind=kind)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    console = Console(highlight=False, soft_wrap=True)
    if told["estimates"]:
        console.print(_times(told))
    else:
        console.print("nothing is known yet: everybody counts as average")
    if told["quality"]:
        console.print(_quality(told["quality"]))


@app.command()
def rebuild(
    *,
    days: Annotated[
        int, typer.Option(min=1, max=3660, help="how far back to look")
    ] = DAYS,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Work the estimates out anew from the records; the engine takes them at once.

    Ends with 0, with 1 when the records cannot be asked, with 3 when no instance runs.
    """
    found = instance.find(data)
    named = ask(found, "/estimates", agent_id="-")["kinds"]
    kinds = {QueueId(queue): kind for queue, kind in named.items()}
    now = datetime.now(UTC)
    try:
        times, _ = asyncio.run(rebuilt(found.database, kinds, at=now, days=days))
    except StoreError as problem:
        raise NotRebuilt(str(problem)) from None
    taken = send(found, "POST", "/estimates/take", {})["agents"]
    told = {"agents": taken, "pairs": sum(1 for _ in times.pairs())}
    if as_json:
        typer.echo(json.dumps(told))
    else:
        typer.echo(
            f"{told['pairs']} estimates of {taken} agents from the records of {days} "
            f"days; the engine has them"
        )


def _times(told: dict[str, Any]) -> Table:
    table = Table("kind", "agent", "expects s", "90 % interval", "average s", "calls")
    for row in told["estimates"]:
        table.add_row(
            row["kind"],
            row["agent_id"],
            f"{row['expected_s']:.0f}",
            f"{row['low_s']:.0f} to {row['high_s']:.0f}",
            f"{told['average_s'][row['kind']]:.0f}",
            f"{row['calls']:.1f}",
        )
    return table


def _quality(rows: list[dict[str, Any]]) -> Table:
    table = Table("agent", "calls", "call again", "cut short", "resolved")
    for row in rows:
        shares = (row["repeat_rate"], row["cut_rate"], row["resolved_share"])
        told = [f"{100 * share:.1f} %" for share in shares]
        table.add_row(row["agent_id"], f"{row['calls']:.1f}", *told)
    return table
