"""``tieline bench``: what calls cost and how long they wait, measured."""

import json
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from services.phone.stopping import Stopped, run_until_stopped
from services.runtime.progress import say

_PROBLEMS_SHOWN = 20
What = Literal["call", "load"]


def bench(
    what: Annotated[
        What,
        typer.Argument(
            help="call: figures with their floors; load: mixed calls, counted twice"
        ),
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="tell it as JSON")] = False,
    keep: Annotated[
        Path | None, typer.Option(help="file to write the JSON to as well")
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(help="call: of latency, greeting, cost, wire, start; by commas"),
    ] = None,
    short: Annotated[
        bool, typer.Option("--short", help="call: at most five minutes")
    ] = False,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="with conversations recorded")
    ] = False,
    cold: Annotated[
        bool, typer.Option("--cold", help="call: start from a fresh clone as well")
    ] = False,
    calls: Annotated[int, typer.Option(min=1, help="load: how many")] = 300,
    rate: Annotated[float, typer.Option(min=0.1, help="load: calls a second")] = 10.0,
    agents: Annotated[
        int | None, typer.Option(min=3, help="100 for call, 30 for load")
    ] = None,
    mixed: Annotated[
        bool,
        typer.Option(
            "--mixed/--plain",
            help="load: with abandons, no-answers and refusals, or all answered",
        ),
    ] = True,
) -> None:
    """Measure on an instance of its own, which is gone afterwards.

    Ends with 0 when every floor holds and every count agrees, 1 when not.
    """
    if what == "call":
        told = _measured(
            only=chosen(only),
            is_short=short,
            is_recorded=recorded,
            is_cold=cold,
            agents=agents or 100,
        )
    else:
        told = _counted(
            calls=calls,
            per_s=rate,
            agents=agents or 30,
            is_mixed=mixed,
            is_recorded=recorded,
        )
    _tell(told, as_json=as_json, keep=keep)


# Loaded when asked for: what benches need is not needed by the command line.
def _measured(**plan: Any) -> dict[str, object]:  # noqa: ANN401 - CallBench's own
    from services.runtime.bench import call

    return _run(call.run(call.CallBench(**plan)))


def _counted(**plan: Any) -> dict[str, object]:  # noqa: ANN401 - MixedLoad's own
    from services.runtime.bench import mixed_load

    return _run(mixed_load.run(mixed_load.MixedLoad(**plan)))


def chosen(only: str | None) -> Any:  # noqa: ANN401 - proved to be names below
    """Return the figures that ``--only`` names; all where it names none.

    Raises:
        typer.BadParameter: One is not a figure's name.
    """
    from services.runtime.bench.call import NAMES

    if only is None:
        return NAMES
    names = tuple(name.strip() for name in only.split(","))
    if unknown := set(names) - set(NAMES):
        raise typer.BadParameter(
            f"--only: no figure is called {min(unknown)!r}; {', '.join(NAMES)} would do"
        )
    return names


def _run(bench: Coroutine[Any, Any, dict[str, object]]) -> dict[str, object]:
    try:
        return run_until_stopped(bench)
    except Stopped as stopped:
        say(f"bench: given up, {stopped}")
        raise typer.Exit(stopped.exit_code) from stopped


def _tell(told: Mapping[str, Any], *, as_json: bool, keep: Path | None) -> None:
    text = json.dumps(told, ensure_ascii=False, indent=1)
    if keep is not None:
        keep.write_text(f"{text}\n", encoding="utf-8")
    if as_json:
        typer.echo(text)
    else:
        _print(told)
    figures_fail = any(figure["holds"] is False for figure in told.get("figures", ()))
    if figures_fail or told.get("problems"):
        raise typer.Exit(1)


def _print(told: Mapping[str, Any]) -> None:
    from services.runtime.bench.report import print_counts, print_figures

    console = Console()
    if figures := told.get("figures"):
        print_figures(figures, console)
    if counts := told.get("counts"):
        print_counts(counts, console)
    problems = told.get("problems", ())
    for problem in problems[:_PROBLEMS_SHOWN]:
        console.print(problem, markup=False)
    if len(problems) > _PROBLEMS_SHOWN:
        console.print(f"… and {len(problems) - _PROBLEMS_SHOWN} more, in --json")
    if said := told.get("engine_said"):
        console.print("the engine's warnings and errors:", said)
