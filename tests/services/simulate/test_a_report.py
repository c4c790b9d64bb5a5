"""Several policies on the same callers, as table, JSON, page and picture."""

import json
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console
from typer.testing import CliRunner

from acd.simulation.compare import difference, interval, measured
from services.runtime.cli import build
from services.runtime.simulate.policies import POLICIES, UnknownPolicy, policy
from services.runtime.simulate.report import (
    Report,
    as_json,
    page,
    picture,
    print_report,
)
from services.runtime.simulate.running import Job, run_one
from tests.acd.simulation.small import a_scenario

NAMES = ("longest_idle", "app_queue_ringall")


@pytest.fixture(scope="module")
def report() -> Report:
    scenario = a_scenario(calls_a_day=150)
    return Report(
        scenario=scenario,
        policies={
            name: [
                run_one(Job(scenario=scenario, policy=name, seed=seed))
                for seed in (1, 2)
            ]
            for name in NAMES
        },
    )


def test_policies_meet_the_same_callers(report: Report) -> None:
    one, other = (
        [ran.figures.whole.offered for ran in runs] for runs in report.policies.values()
    )

    # Whoever is not served calls again, and that depends on the policy.
    assert one == pytest.approx(other, rel=0.1)


@pytest.mark.parametrize("name", POLICIES)
def test_a_scenario_can_be_lived_through_under_each_policy(name: str) -> None:
    scenario = a_scenario(calls_a_day=60)

    ran = run_one(Job(scenario=scenario, policy=name, seed=1))

    assert ran.figures.whole.answered > 0
    assert ran.answered_within[-1] == pytest.approx(
        ran.figures.whole.answered / ran.figures.whole.offered * 100, abs=3
    )


def test_json_has_each_measure_with_its_interval(report: Report) -> None:
    told = json.loads(json.dumps(as_json([report])))["scenarios"][0]

    assert told["against"] == "longest_idle"
    assert list(told["policies"]) == list(NAMES)
    asa = told["policies"]["app_queue_ringall"]["asa_s"]
    found = measured("asa_s", report.figures("app_queue_ringall"))
    assert asa == {"mean": round(found.mean, 4), "half": round(found.half, 4)}
    assert set(told["differences"]) == {"app_queue_ringall"}
    assert told["policies"]["longest_idle"]["queues"]["q_bill"]["offered"] > 0


def test_the_table_tells_differences_from_the_first(report: Report) -> None:
    shown = StringIO()
    print_report(report, Console(file=shown, width=120, highlight=False))

    less = difference("asa_s", report.figures(NAMES[1]), report.figures(NAMES[0]))
    assert f"({less.mean:+.2f} ± {less.half:.2f})" in shown.getvalue()


def test_page_and_picture_stand_by_themselves(report: Report) -> None:
    drawn, root = page([report]), ET.fromstring(picture([report]))  # noqa: S314 - our own

    assert "app_queue_ringall" in drawn
    assert "http://www.w3.org" not in drawn or "src=" not in drawn
    assert root.tag.endswith("svg")


def test_an_unknown_policy_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownPolicy, match="did you mean 'longest_idle'"):
        policy("longest_idel")


def test_an_interval_of_equal_differences_is_narrow() -> None:
    assert interval([2.0, 2.0, 2.0]).half == 0
    found = interval([1.0, 3.0])
    assert found.mean == 2
    assert found.half == pytest.approx(12.706)


def test_the_command_lives_a_file_through(tmp_path: Path) -> None:
    text = """\
name: tiny
skills: {fault: Faults}
queues: {q: {name: Faults, skills: [fault]}}
agents: {a: {count: 3, skills: [fault]}}
calls: {q: {handling_s: 100}}
arrivals: {calls_a_day: 40}
opens: "08:00"
closes: "09:00"
"""
    path, drawn = tmp_path / "tiny.yaml", tmp_path / "tiny.svg"
    path.write_text(text, encoding="utf-8")

    arguments = [
        *("simulate", str(path), "--seeds", "1", "--cores", "1", "--json"),
        *("--policy", "longest_idle", "--report", str(drawn)),
    ]
    ran = CliRunner().invoke(build("simulate"), arguments, catch_exceptions=False)

    assert ran.exit_code == 0
    told = json.loads(ran.stdout)["scenarios"][0]["policies"]["longest_idle"]
    assert told["calls"] > 20
    assert drawn.read_text(encoding="utf-8").startswith("<svg")
