"""``tieline bench``: what calls cost and how long they wait, measured."""

import json
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from services.phone.stopping import Stopped, run_until_stopped
from services.runtime.progress import say

app = typer.Typer(
    no_args_is_help=True,
    epilog="Each measures on an instance of its own, which is gone afterwards, and ends"
    " with 0 when every floor holds and every count agrees, 1 when not.",
)
_PROBLEMS_SHOWN = 20

AsJson = Annotated[bool, typer.Option("--json", help="tell it as JSON")]
Keep = Annotated[Path | None, typer.Option(help="file to write the JSON to as well")]
Short = Annotated[bool, typer.Option("--short", help="at most five minutes")]
Recorded = Annotated[
    bool, typer.Option("--recorded", help="with conversations recorded")
]


@app.command()
def call(
    *,
    as_json: AsJson = False,
    keep: Keep = None,
    only: Annotated[
        str | None, typer.Option(help="of latency, greeting, cost, wire, start")
    ] = None,
    short: Short = False,
    recorded: Recorded = False,
    cold: Annotated[
        bool, typer.Option("--cold", help="start from a fresh clone as well")
    ] = False,
    agents: Annotated[int, typer.Option(min=3)] = 100,
) -> None:
    """Measure what a call waits for and what it costs, against floors."""
    told = _measured(
        only=chosen(only),
        is_short=short,
        is_recorded=recorded,
        is_cold=cold,
        agents=agents,
    )
    _tell(told, as_json=as_json, keep=keep)


@app.command()
def load(
    *,
    as_json: AsJson = False,
    keep: Keep = None,
    recorded: Recorded = False,
    calls: Annotated[int, typer.Option(min=1, help="how many")] = 300,
    rate: Annotated[float, typer.Option(min=0.1, help="calls a second")] = 10.0,
    agents: Annotated[int, typer.Option(min=3)] = 30,
    mixed: Annotated[
        bool,
        typer.Option(
            "--mixed/--plain",
            help="with abandons, no-answers and refusals, or all answered",
        ),
    ] = True,
) -> None:
    """Place calls as a crowd does, and count each twice."""
    told = _counted(
        calls=calls,
        per_s=rate,
        agents=agents,
        is_mixed=mixed,
        is_recorded=recorded,
    )
    _tell(told, as_json=as_json, keep=keep)


@app.command()
def chaos(
    *,
    as_json: AsJson = False,
    keep: Keep = None,
    only: Annotated[
        str | None,
        typer.Option(help="faults, as F-05, or soak; by commas"),
    ] = None,
    short: Short = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on behind the last finished fault")
    ] = False,
    rounds: Annotated[int | None, typer.Option(min=1, help="of each fault")] = None,
    minutes: Annotated[int, typer.Option(min=1, help="of the soak")] = 30,
    page: Annotated[
        Path | None, typer.Option(help="page of the card: .html, or .md and a .svg")
    ] = None,
    base_port: Annotated[
        int | None, typer.Option(help="of its instance; else some that are free")
    ] = None,
) -> None:
    """Do faults to a standing scene of callers, and tell what it survives."""
    told = _survived(
        only=_faults(only),
        is_short=short,
        is_resumed=resume,
        rounds=rounds,
        minutes=minutes,
        base_port=base_port,
    )
    _draw(told, page)
    _tell(told, as_json=as_json, keep=keep)


@app.command(name="policy")
def bench_policy(
    *,
    as_json: AsJson = False,
    keep: Keep = None,
    short: Short = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on behind what is finished")
    ] = False,
    seeds: Annotated[int, typer.Option(min=2, max=100, help="of all chance")] = 8,
    cores: Annotated[int | None, typer.Option(min=1, help="at most so many")] = None,
    page: Annotated[
        Path | None, typer.Option(help="file.html or file.svg to draw the charts to")
    ] = None,
) -> None:
    """Simulate policies on the same callers: what the default is worth."""
    from services.runtime.bench.policy import bench, plan
    from services.runtime.simulate.report import Report, draw, print_told

    def drawn(reports: list[Report]) -> None:
        if page is not None:
            draw(reports, page)

    asked = plan.PolicyBench(
        is_short=short, is_resumed=resume, seeds=seeds, cores=cores
    )
    told = bench.run(asked, drawn)
    if not as_json:
        print_told(told["scenarios"][0], Console())
    _tell(told, as_json=as_json, keep=keep)


@app.command(name="route")
def bench_route(
    *, as_json: AsJson = False, keep: Keep = None, short: Short = False
) -> None:
    """Decide again and again: what a choice costs, by agents and by callers."""
    from services.runtime.bench import route

    _tell(route.run(is_short=short), as_json=as_json, keep=keep)


@app.command(name="flow")
def bench_flow(
    *,
    as_json: AsJson = False,
    keep: Keep = None,
    only: Annotated[str | None, typer.Option(help="of check, cases, menus")] = None,
    short: Short = False,
) -> None:
    """Check and try flows again and again, and call two menus: what that costs."""
    from services.runtime.bench import flow

    wanted = _named(only, flow.NAMES)
    _tell(_run(flow.run(only=wanted, is_short=short)), as_json=as_json, keep=keep)


@app.command(name="speech")
def bench_speech(
    *, as_json: AsJson = False, keep: Keep = None, short: Short = False
) -> None:
    """Speak phrases of the flows to the recognisers: what is heard, and what not."""
    from services.runtime.bench import speech

    _tell(_run(speech.run(is_short=short)), as_json=as_json, keep=keep)


@app.command(name="routing")
def bench_routing(
    *,
    as_json: AsJson = False,
    keep: Keep = None,
    short: Short = False,
    base_port: Annotated[
        int | None, typer.Option(help="of its instance; else some that are free")
    ] = None,
) -> None:
    """Call two groups for real, and check every decision that was taken."""
    from services.runtime.bench.routing import bench, plan

    size = {"calls": 120, "group": 3} if short else {}
    asked = plan.RoutingBench(**size, base_port=base_port)
    _tell(_run(bench.run(asked)), as_json=as_json, keep=keep)


# Loaded when asked for: what benches need is not needed by the command line.
def _measured(**plan: Any) -> dict[str, object]:  # noqa: ANN401 - CallBench's own
    from services.runtime.bench import call

    return _run(call.run(call.CallBench(**plan)))


def _counted(**plan: Any) -> dict[str, object]:  # noqa: ANN401 - MixedLoad's own
    from services.runtime.bench import mixed_load

    return _run(mixed_load.run(mixed_load.MixedLoad(**plan)))


def _survived(**plan: Any) -> dict[str, object]:  # noqa: ANN401 - ChaosBench's own
    from services.runtime.bench.chaos import lab

    return _run(lab.run(lab.ChaosBench(**plan)))


def _draw(told: Mapping[str, Any], page: Path | None) -> None:
    from services.runtime.bench.chaos import card_md
    from services.runtime.bench.chaos.page import drawn

    if page is None:
        return
    page.parent.mkdir(parents=True, exist_ok=True)
    if page.suffix == ".md":
        chart = page.with_suffix(".svg")
        chart.write_text(card_md.chart(told), encoding="utf-8")
        page.write_text(card_md.written(told, chart.name), encoding="utf-8")
    else:
        page.write_text(drawn(told), encoding="utf-8")


def _faults(only: str | None) -> tuple[str, ...]:
    from services.runtime.bench.chaos.catalogue import FAULTS, LEFT_OUT

    names = tuple(name.strip() for name in only.split(",")) if only else ()
    for name in names:
        if name in LEFT_OUT:
            raise typer.BadParameter(f"--only: {name} is left out, {LEFT_OUT[name]}")
        if name not in FAULTS:
            raise typer.BadParameter(
                f"--only: no fault is called {name!r}; {', '.join(FAULTS)} would do"
            )
    return names


def chosen(only: str | None) -> Any:  # noqa: ANN401 - proved to be names below
    """Return the figures that ``--only`` names; all where it names none.

    Raises:
        typer.BadParameter: One is not a figure's name.
    """
    from services.runtime.bench.call import NAMES

    return _named(only, NAMES)


def _named(only: str | None, known: tuple[str, ...]) -> Any:  # noqa: ANN401 - proved to be names below
    if only is None:
        return known
    names = tuple(name.strip() for name in only.split(","))
    if unknown := set(names) - set(known):
        raise typer.BadParameter(
            f"--only: no figure is called {min(unknown)!r}; {', '.join(known)} would do"
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
        keep.parent.mkdir(parents=True, exist_ok=True)
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
    for fault, why in told.get("left_out", {}).items():
        console.print(f"{fault} left out: {why}", markup=False, highlight=False)
    if counts := told.get("counts"):
        print_counts(counts, console)
    problems = told.get("problems", ())
    for problem in problems[:_PROBLEMS_SHOWN]:
        console.print(problem, markup=False)
    if len(problems) > _PROBLEMS_SHOWN:
        console.print(f"… and {len(problems) - _PROBLEMS_SHOWN} more, in --json")
    if said := told.get("engine_said"):
        console.print("the engine's warnings and errors:", said)
