"""The bench of flows: what it checks is right, and as much as it says."""

from pathlib import Path

from services.floor.load import load_floor
from services.flows.cases import load_cases
from services.runtime.bench.flow import STEPS, write_cases, write_flows


def test_the_flows_that_are_checked_are_right_and_have_all_the_steps(
    tmp_path: Path,
) -> None:
    written = write_flows(tmp_path / "check")

    floor = load_floor(written / "floor.yaml", written / "flows")

    assert sum(len(flow.steps) for flow in floor.flows.values()) == STEPS


def test_no_fewer_cases_are_tried_than_is_said(tmp_path: Path) -> None:
    written = write_cases(tmp_path / "cases", least=200)

    flow_set = load_floor(written / "floor.yaml", written / "flows").flow_set

    assert len(load_cases(written / "flows", flow_set)) >= 200
