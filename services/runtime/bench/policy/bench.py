"""``tieline bench policy``: the same callers under the default and under others."""

from collections.abc import Callable
from typing import Any

from services.runtime.bench.figures import machine
from services.runtime.bench.policy.free import checks
from services.runtime.bench.policy.judged import figures_of
from services.runtime.bench.policy.kept_runs import STATE, KeptRuns
from services.runtime.bench.policy.plan import (
    REFERENCE,
    PolicyBench,
    jobs_of,
    shipped,
    shortened,
)
from services.runtime.progress import say
from services.runtime.simulate.report import Report, as_json
from services.runtime.simulate.running import Ran, run_all


def run(
    bench: PolicyBench, draw: Callable[[list[Report]], None] | None = None
) -> dict[str, Any]:
    """Simulate, and return what ``--json`` prints.

    Args:
        bench: What is measured, and how long.
        draw: Given the reports of all scenarios, to draw them.
    """
    told_machine = machine()
    jobs = jobs_of(bench)
    calls = sum(
        it.scenario.arrivals.calls_a_day * (it.scenario.days + it.scenario.warm_up_days)
        for it in jobs
    )
    say(f"{len(jobs)} simulations of {calls / 1e6:.1f} million calls …")
    kept = KeptRuns(STATE, is_short=bench.is_short)
    if not bench.is_resumed:
        kept.forget()
    ran = run_all(jobs, title="policies", cores=bench.cores, finished=kept)
    say("what theory says must come out …")
    reference = shortened(shipped(REFERENCE), 0.125 if bench.is_short else 0.5)
    hours = 6.0 if bench.is_short else 16.0
    reports = reports_of(ran)
    if draw is not None:
        draw(reports)
    figures = [*figures_of(ran), *checks(reference, seeds=bench.seeds, hours=hours)]
    return {
        "bench": "policy",
        "is_short": bench.is_short,
        "machine": told_machine,
        "figures": [figure.as_json() for figure in figures],
        **as_json(reports),
    }


def reports_of(ran: list[Ran]) -> list[Report]:
    """Return the runs scenario by scenario."""
    reports: dict[str, dict[str, list[Ran]]] = {}
    for one in ran:
        of_scenario = reports.setdefault(one.job.scenario.name, {})
        of_scenario.setdefault(one.job.policy, []).append(one)
    return [
        Report(
            scenario=next(iter(policies.values()))[0].job.scenario, policies=policies
        )
        for policies in reports.values()
    ]
