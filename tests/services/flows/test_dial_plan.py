"""Plans of dial tests: what can be dialled, and what is wrong with the others."""

from pathlib import Path

import pytest

from services.floor.load import load_floor
from services.flows.cases import Case, load_cases
from services.flows.dial_plan import FILE_NAME, PlanRefused, load_plan
from services.runtime.settings import CHECKOUT

DIALPLANS = CHECKOUT / "dialplans"


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    floor = load_floor(DIALPLANS / "floor.yaml", DIALPLANS / "flows")
    return load_cases(DIALPLANS / "flows", floor.flow_set)


def refused(folder: Path, cases: list[Case], text: str) -> list[str]:
    path = folder / "dial.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanRefused) as raised:
        load_plan(path, cases)
    return [str(it).replace(str(path), "dial.yaml") for it in raised.value.problems]


def test_the_plan_that_is_shipped_names_cases_that_are_there(cases: list[Case]) -> None:
    plan = load_plan(DIALPLANS / FILE_NAME, cases)

    assert len(plan.businesses) >= 8
    assert all(
        it.case.written.number and it.case.written.ends for it in plan.businesses
    )


def test_all_problems_of_a_plan_are_told_with_their_lines(
    tmp_path: Path, cases: list[Case]
) -> None:
    text = """\
businesses:
  danger: {case: fault/danger}
  balance: {case: "account/the bil", calls: 1}
"""
    assert refused(tmp_path, cases, text) == [
        "dial.yaml:2: businesses → danger → case: no case is called 'fault/danger'",
        "dial.yaml:3: businesses → balance → case: no case is called 'account/the bil';"
        " did you mean 'account/the bill'?",
    ]


def test_a_plan_of_another_form_is_refused(tmp_path: Path, cases: list[Case]) -> None:
    text = "businesses: {danger: {case: 'account/the bill', calls: 0}}\nevery: 1h\n"

    assert len(refused(tmp_path, cases, text)) == 2
    assert len(refused(tmp_path, cases, "businesses: {}\n")) == 1
    assert len(refused(tmp_path, cases, "businesses: [\n")) >= 1
