"""``tieline simulate``: the same callers under several policies, on a virtual clock."""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from ivr.problems import Refused
from services.runtime.errors import RuntimeProblem
from services.runtime.simulate.policies import (
    AS_WRITTEN,
    DEFAULT,
    LONGEST_IDLE,
    POLICIES,
    policy,
)

if TYPE_CHECKING:
    from acd.simulation.again import Compared
    from services.runtime.simulate.recorded import DayAgain
    from services.runtime.simulate.report import Report

_LISTED = "; ".join(f"{name}: {it.words}" for name, it in POLICIES.items())


class UnusableScenario(RuntimeProblem):
    """A scenario cannot be lived through; its text has every problem."""

    exit_code = 2


class RecordsAway(RuntimeProblem):
    """The records cannot be asked."""

    exit_code = 3


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
    from_records: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="a day on record is the scenario"),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="data folder of the instance with the records")
    ] = None,
) -> None:
    """Live scenarios through under several policies, and tell what each came to.

    The first policy is what the others are compared with, on the same callers. Ends
    with 0, with 2 when a scenario or a policy cannot be used, and with 3 when records
    are asked for and no instance runs.
    """
    if report is not None and report.suffix not in (".html", ".svg"):
        raise UnknownReport(
            f"--report {str(report)!r}: is drawn as .html or .svg; end it in one"
        )
    usual = [AS_WRITTEN] if from_records else [LONGEST_IDLE, DEFAULT]
    names = list(dict.fromkeys(policies or usual))
    for name in names:
        policy(name)
    if from_records is not None:
        if scenario:
            raise UnusableScenario(
                f"{scenario[0]!r}: is a scenario beside --from-records; delete one"
            )
        day = _on_record(from_records, data, names)
        _tell([day.report], report, as_json=as_json, compared=day.compared)
        return
    found = _lived(scenario or ["medium"], names, seeds=seeds, cores=cores)
    _tell(found, report, as_json=as_json, compared={})


# What is needed below is loaded there: the other commands begin sooner.
def _lived(
    scenarios: list[str], names: list[str], *, seeds: int, cores: int | None
) -> "list[Report]":
    from services.runtime.simulate.load import load_scenario, place_of
    from services.runtime.simulate.report import Report
    from services.runtime.simulate.running import Job, run_all

    try:
        found = [load_scenario(place_of(it)) for it in scenarios]
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
        reports.append(Report(scenario=one, policies=by_policy))
    return reports


def _on_record(date: datetime, data: Path | None, names: list[str]) -> "DayAgain":
    from services.runtime import instance
    from services.runtime.launch import read_floor
    from services.runtime.settings import read_settings
    from services.runtime.simulate.recorded import day_of, live_again
    from services.store.errors import DatabaseAway
    from services.store.recorded_facts import facts_on_record

    found = instance.find(data)
    since, until = day_of(date)
    try:
        facts = asyncio.run(facts_on_record(found.database, since=since, until=until))
    except DatabaseAway as away:
        raise RecordsAway(str(away)) from away
    floor = read_floor(read_settings(data=found.data)).policy
    return live_again(facts, floor=floor, since=since, names=names)


def _tell(
    reports: "list[Report]",
    drawn: Path | None,
    *,
    as_json: bool,
    compared: "Mapping[str, Compared]",
) -> None:
    from services.runtime.simulate import report as reporting

    if drawn is not None:
        reporting.draw(reports, drawn)
    if as_json:
        told = reporting.as_json(reports)
        if compared:
            told["decisions"] = {
                name: {"recorded": it.recorded, "made": it.made, "same": it.same}
                for name, it in compared.items()
            }
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    console = Console(highlight=False)
    for report in reports:
        reporting.print_report(report, console)
    for name, it in compared.items():
        console.print(
            f"{name}: {it.same} of {it.recorded} decisions on record made again,"
            f" {it.made} in all",
            markup=False,
        )
