"""``tieline simulate``: the same callers under several policies, on a virtual clock."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ivr.problems import Refused
from services.runtime.errors import RuntimeProblem
from services.runtime.simulate.policies import DEFAULT, LONGEST_IDLE, POLICIES, policy

_LISTED = "; ".join(f"{name}: {it.words}" for name, it in POLICIES.items())


class UnusableScenario(RuntimeProblem):
    """A scenario cannot be lived through; its text has every problem."""

    exit_code = 2


class UnknownReport(RuntimeProblem):
    """A report has no form that its file's name tells."""

    exit_code = 2


def simulate(
    scenario: Annotated[
        list[str] | None,
        typer.Argument(help="files, or names of those in dialplans/scenarios"),
    ] = None,
    *,
    policies: Annotated[
        list[str] | None, typer.Option("--policy", help=f"again and again. {_LISTED}")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="how many")] = 4,
    as_json: Annotated[bool, typer.Option("--json", help="tell it as JSON")] = False,
    report: Annotated[
        Path | None, typer.Option(help="file.html or file.svg to draw the charts to")
    ] = None,
    cores: Annotated[int | None, typer.Option(min=1, help="at most so many")] = None,
) -> None:
    """Live scenarios through under several policies, and tell what each came to.

    The first policy is what the others are compared with, on the same callers. Ends
    with 0, and with 2 when a scenario or a policy cannot be used.
    """
    # What is needed here alone is loaded here: the other commands begin sooner.
    from services.runtime.simulate import report as reporting
    from services.runtime.simulate.load import load_scenario, place_of
    from services.runtime.simulate.running import Job, run_all

    if report is not None and report.suffix not in (".html", ".svg"):
        raise UnknownReport(
            f"--report {str(report)!r}: is drawn as .html or .svg; end it in one"
        )
    names = list(dict.fromkeys(policies or [LONGEST_IDLE, DEFAULT]))
    for name in names:
        policy(name)
    try:
        found = [load_scenario(place_of(it)) for it in scenario or ["medium"]]
    except Refused as refused:
        raise UnusableScenario(str(refused)) from refused
    reports = []
    for one in found:
        jobs = [
            Job(scenario=one, policy=name, seed=seed)
            for seed in range(1, seeds + 1)
            for name in names
        ]
        ran = run_all(jobs, title=one.name, cores=cores)
        by_policy = {
            name: [it for it in ran if it.job.policy == name] for name in names
        }
        reports.append(reporting.Report(scenario=one, policies=by_policy))
    if report is not None:
        is_page = report.suffix == ".html"
        drawn = reporting.page(reports) if is_page else reporting.picture(reports)
        report.write_text(drawn, encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(reporting.as_json(reports), ensure_ascii=False, indent=1))
        return
    console = Console(highlight=False)
    for one_report in reports:
        reporting.print_report(one_report, console)
