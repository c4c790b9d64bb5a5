"""``tieline demo``: a crowd calls, and both sides of each call are counted."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from services.phone.stopping import Stopped, run_until_stopped
from services.runtime.demo.board import Moment, drawn, in_a_line
from services.runtime.demo.run import Demo, Shown
from services.runtime.demo.run import run as run_demo
from services.runtime.launch import read_floor
from services.runtime.progress import say
from services.runtime.settings import read_settings

_LINE_EVERY = 10
_PROBLEMS_SHOWN = 20
_FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def demo(
    *,
    calls: Annotated[int, typer.Option(min=1, help="how many")] = 300,
    agents: Annotated[int, typer.Option(min=3, help="how many")] = 30,
    rate: Annotated[float, typer.Option(min=0.1, help="calls a second")] = 10.0,
    seed: Annotated[int, typer.Option(help="the same seed, the same crowd")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="tell it as JSON")] = False,
    picture: Annotated[
        Path | None, typer.Option(help="SVG file to keep the busiest moment in")
    ] = None,
) -> None:
    """Have a crowd call real agents by SIP with sound, and count both sides.

    On an instance of its own with the demo tenant's floor, which is gone afterwards.
    Ends with 0 when the records and the telephones tell the same, 1 when not.
    """
    plan = Demo(calls=calls, agents=agents, per_s=rate, seed=seed)
    names = _queue_names()
    busiest: list[Moment] = []

    with _board(names, busiest, is_live=not as_json) as show:
        try:
            shown = run_until_stopped(run_demo(plan, show))
        except Stopped as stopped:
            typer.echo(f"demo: {stopped}", err=True)
            raise typer.Exit(stopped.exit_code) from stopped
    if as_json:
        typer.echo(json.dumps(shown.as_json(), ensure_ascii=False))
    else:
        _print(shown, Console())
    if picture is not None and busiest:
        _keep(picture, busiest[0], names, shown)
    for problem in shown.problems[:_PROBLEMS_SHOWN]:
        typer.echo(problem, err=True)
    if shown.problems:
        raise typer.Exit(1)


def _queue_names() -> dict[str, str]:
    floor = read_floor(read_settings())
    return {queue.queue_id: queue.name for queue in floor.policy.queues.values()}


@contextmanager
def _board(
    names: dict[str, str], busiest: list[Moment], *, is_live: bool
) -> Iterator[Callable[[Moment], None]]:
    """Draw each moment on a terminal, else tell some in lines; keep the busiest."""
    console = Console(stderr=True)
    told = 0

    def keep(moment: Moment) -> None:
        if not busiest or len(moment.calls) > len(busiest[0].calls):
            busiest[:] = [moment]

    def tell(moment: Moment) -> None:
        nonlocal told
        keep(moment)
        if told % _LINE_EVERY == 0:
            say(in_a_line(moment))
        told += 1

    if not (is_live and console.is_terminal):
        yield tell
        return
    with Live(console=console, transient=True) as live:

        def draw(moment: Moment) -> None:
            keep(moment)
            live.update(drawn(moment, names))

        yield draw


def _print(shown: Shown, console: Console) -> None:
    console.print(_figures(shown))
    console.print(_service(shown))


def _figures(shown: Shown) -> Table:
    table = Table("what", "records", "telephones", "", box=None)
    for row in shown.rows:
        word = "[green]agree[/]" if row.agrees else "[red]differ[/]"
        table.add_row(row.name, f"{row.found:g}", row.told, word)
    return table


def _service(shown: Shown) -> Text:
    served = shown.service
    share = 100 * served.in_time / served.queued if served.queued else 0.0
    return Text(
        f"{served.answered} of {served.queued} who came to a queue were answered,"
        f" {share:.0f} % of them all within 20 s; they waited {served.waited_s:.1f} s"
        f" and talked {served.talked_s:.1f} s in the mean, the longest wait was"
        f" {served.longest_s:.1f} s"
    )


def _keep(path: Path, moment: Moment, names: dict[str, str], shown: Shown) -> None:
    with path.with_suffix(".tmp").open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=88, file=nowhere)
        console.print(Group(drawn(moment, names), Text(), _figures(shown)))
        console.print(Text())
        console.print(_service(shown))
        drawn_svg = console.export_svg(title=f"tieline demo --seed {shown.demo.seed}")
    path.with_suffix(".tmp").unlink()
    # Whoever looks at it asks nobody for fonts.
    path.write_text(_FONTS.sub("", drawn_svg), encoding="utf-8")
