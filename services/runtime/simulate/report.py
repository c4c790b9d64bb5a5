"""What simulations came to: as tables, as JSON, and as a page or picture."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.table import Table

from acd.simulation.compare import MEASURES, Interval, difference, measured
from acd.simulation.figures import Figures
from acd.simulation.scenario import Scenario
from services.runtime.charts import STYLE, curves, spans, stacked
from services.runtime.simulate.running import Ran

SHOWN = (
    *("service_level", "asa_s", "p95_s", "to_offer_s", "abandonment"),
    *("aht_s", "occupancy", "occupancy_spread", "idle_gini"),
)
"""What the table has; the rest stands in JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One scenario under several policies, the first of which is compared with."""

    scenario: Scenario
    policies: Mapping[str, Sequence[Ran]]
    """Of each policy its runs, in the order of the same seeds."""

    def figures(self, name: str) -> list[Figures]:
        """Return a policy's figures, seed by seed."""
        return [ran.figures for ran in self.policies[name]]

    def less(
        self, measure: str, name: str, *, is_relative: bool = False
    ) -> tuple[Interval, int]:
        """Return by how much a policy differs from the first, over how many seeds."""
        ours, others = self.figures(name), self.figures(self.first)
        seeds = min(len(ours), len(others))
        found = difference(
            measure, ours[:seeds], others[:seeds], is_relative=is_relative
        )
        return found, seeds

    @property
    def first(self) -> str:
        """Return the policy that the others are compared with."""
        return next(iter(self.policies))

    @property
    def others(self) -> list[str]:
        """Return all but the first."""
        return [name for name in self.policies if name != self.first]


def as_json(reports: Sequence[Report]) -> dict[str, object]:
    """Return reports as JSON writes them."""
    return {"scenarios": [_one_as_json(report) for report in reports]}


def _one_as_json(report: Report) -> dict[str, object]:
    runs = report.policies[report.first]
    return {
        "name": report.scenario.name,
        "agents": len(report.scenario.floor.agents),
        "load": round(report.scenario.load, 4),
        "seeds": [ran.job.seed for ran in runs],
        "policies": {name: _policy(report, name) for name in report.policies},
        "against": report.first,
        "differences": {
            name: {
                measure: _interval(report.less(measure, name)[0])
                for measure in MEASURES
            }
            for name in report.others
        },
    }


def _policy(report: Report, name: str) -> dict[str, object]:
    runs, figures = report.policies[name], report.figures(name)
    told: dict[str, object] = {
        measure: _interval(measured(measure, figures)) for measure in MEASURES
    }
    told["calls"] = sum(ran.calls for ran in runs)
    told["cpu_us_a_call"] = round(cost_us(runs), 1)
    told["calls_most"] = max(it.calls_most for it in figures)
    told["calls_least"] = min(it.calls_least for it in figures)
    told["unanswered"] = sum(it.unanswered for it in figures)
    told["queues"] = {
        queue_id: _queue([it.queues[queue_id] for it in figures])
        for queue_id in figures[0].queues
        if all(queue_id in it.queues for it in figures)
    }
    if runs[0].busy:
        told["agents"] = {
            agent_id: {
                "calls": fmean(ran.busy[agent_id][0] for ran in runs),
                "occupancy": round(fmean(ran.busy[agent_id][1] for ran in runs), 3),
            }
            for agent_id in runs[0].busy
        }
    return told


def _queue(runs: Sequence[Any]) -> dict[str, float]:
    names = ("offered", "service_level", "asa_s", "p95_s", "to_offer_s", "abandonment")
    return {name: round(fmean(getattr(it, name) for it in runs), 3) for name in names}


def cost_us(runs: Sequence[Ran]) -> float:
    """Return the processor time of a simulated call, in microseconds."""
    return sum(it.cpu_s for it in runs) / max(1, sum(it.calls for it in runs)) * 1e6


def _interval(found: Interval) -> dict[str, float]:
    return {"mean": round(found.mean, 4), "half": round(found.half, 4)}


def print_report(report: Report, console: Console) -> None:
    """Print a report's figures, with the differences from the first policy."""
    print_told(_one_as_json(report), console)


def print_told(told: Mapping[str, Any], console: Console) -> None:
    """Print a report that is told as JSON."""
    seeds, policies = told["seeds"], told["policies"]
    console.print(
        f"{told['name']}: {told['agents']} agents, load {told['load']:.2f}, seeds"
        f" {seeds[0]} to {seeds[-1]}",
        highlight=False,
        markup=False,
    )
    table = Table("", *policies, box=None)
    for measure in SHOWN:
        table.add_row(_heading(measure), *(_cell(told, measure, it) for it in policies))
    console.print(table)


def _cell(told: Mapping[str, Any], measure: str, name: str) -> str:
    """Return a figure, and by how much it differs from the first policy's."""
    shown = f"{told['policies'][name][measure]['mean']:.2f}"
    less = told["differences"].get(name, {}).get(measure)
    if less is None or len(told["seeds"]) == 1:
        return shown
    return f"{shown} ({less['mean']:+.2f} ± {less['half']:.2f})"


def _heading(measure: str) -> str:
    return f"{MEASURES[measure].words}, {MEASURES[measure].unit}"


def page(reports: Sequence[Report]) -> str:
    """Return reports as a page that stands by itself."""
    return "\n".join(_page(reports)) + "\n"


def _page(reports: Sequence[Report]) -> Iterator[str]:
    yield "<!doctype html><html lang=en><meta charset=utf-8>"
    yield f"<title>Tieline: simulations</title><style>{STYLE}</style>"
    yield "<h1>The same callers under several policies</h1>"
    for report in reports:
        yield f"<h2>{escape(report.scenario.name)}</h2>"
        yield from _table(report)
        for title, chart in charts(report):
            yield f"<p><small>{escape(title)}</small></p>{chart}"
    yield "</html>"


def _table(report: Report) -> Iterator[str]:
    heads = "".join(f"<th>{escape(_heading(it))}" for it in SHOWN)
    yield f"<table><tr><th>policy{heads}</tr>"
    for name in report.policies:
        cells = (measured(it, report.figures(name)) for it in SHOWN)
        row = "".join(f"<td class=n>{it.mean:.2f}" for it in cells)
        yield f"<tr><td>{escape(name)}{row}</tr>"
    yield "</table>"


def charts(report: Report) -> Iterator[tuple[str, str]]:
    """Yield a report's charts with their titles."""
    waits = {
        name: [
            (float(second), fmean(ran.answered_within[second] for ran in runs))
            for second in range(len(runs[0].answered_within))
        ]
        for name, runs in report.policies.items()
    }
    yield (
        f"{report.scenario.name}: calls answered within so many seconds",
        curves(waits, x_unit="s", y_unit="%"),
    )
    for measure in SHOWN:
        rows = [
            (name, it.mean, it.low, it.high)
            for name in report.policies
            for it in (measured(measure, report.figures(name)),)
        ]
        title = f"{report.scenario.name}: {MEASURES[measure].words}"
        yield title, spans(rows, MEASURES[measure].unit)


def picture(reports: Sequence[Report]) -> str:
    """Return reports' charts as one SVG."""
    return stacked([chart for report in reports for chart in charts(report)])


def draw(reports: Sequence[Report], path: Path) -> None:
    """Write reports to a file, as a page or, by its name, a picture."""
    text = picture(reports) if path.suffix == ".svg" else page(reports)
    path.write_text(text, encoding="utf-8")
