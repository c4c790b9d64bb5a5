"""Cases of calls walked without a telephone."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ivr.flow_set import FlowSet
from ivr.load import load_set_from
from ivr.lookups import FieldType
from services.floor.load import load_floor
from services.flows.answers import Misfit, value_as, value_of
from services.flows.cases import CasesRefused, load_cases, run
from services.runtime.settings import CHECKOUT

FLOW = """\
name: main
language: en
entry: welcome
person: person
steps:
  welcome: {say: {en: Welcome.}, goto: services}
  services:
    menu: {en: "Press 1 for the balance, 2 for a fault."}
    keys: {1: account, 2: night}
    on_timeout: {en: No key came.}
  account:
    collect: {en: Your account number.}
    as: account
    digits: {least: 4, most: 10}
    goto: balance
  balance:
    look_up: balance
    with: {account: account}
    as: bill
    goto: told
    not_found: person
  told:
    hang_up: {en: "Your balance is {bill.amount:money}."}
  night:
    branch: [{if: storm, goto: warned}]
    otherwise: fault
  warned: {say: {en: There is a storm.}, goto: fault}
  fault: {queue: q_fault}
  person: {queue: q_bill}
"""
LOOK_UPS = """\
look_ups:
  balance: {asks: balance, takes: {account: digits}, gives: {amount: money}}
"""


def flow_set(flow: str = FLOW) -> FlowSet:
    texts = {"flows/main.yaml": flow, "lookups.yaml": LOOK_UPS}
    read = load_set_from(texts, folder=Path("flows"))
    found = {name: one.flow for name, one in read.flows.items()}
    numbers = {"6000": "main"}
    return FlowSet(flows=found, numbers=numbers, look_ups=read.look_ups)


def problems(folder: Path, cases: str, flow: str = FLOW) -> list[str]:
    """Return what is wrong when cases are walked, without the folder's name."""
    (folder / "cases").mkdir(exist_ok=True)
    (folder / "cases" / "main.yaml").write_text(cases, encoding="utf-8")
    known = flow_set(flow)
    found = load_cases(folder / "flows", known)
    ran = [problem for case in found for problem in run(case, known).problems]
    return [str(it).replace(f"{folder.as_posix()}/", "") for it in ran]


def test_cases_that_come_out_as_written_have_no_problem(tmp_path: Path) -> None:
    assert (
        problems(
            tmp_path,
            """\
cases:
  a balance:
    number: "6000"
    keys: 1 1234#
    answers: {balance: {amount: 12.30}}
    hears: [Welcome, account number, Your balance is]
    steps: [account, balance, told]
    ends: hang up
  an unknown account:
    flow: main
    keys: 1 1234#
    ends: queue q_bill
  the system is away:
    number: "6000"
    keys: 1 1234#
    answers: {balance: failed}
    ends: queue q_bill
  no key at all:
    number: "6000"
    hears: [Press 1, No key came., Press 1]
    ends: queue q_bill
  a fault in a storm:
    number: "6000"
    keys: wait 2
    around: {storm: true}
    hears: [There is a storm.]
    ends: queue q_fault
  a fault:
    number: "6000"
    keys: "2"
    hears_not: [storm]
    ends: queue q_fault
  who hangs up:
    number: "6000"
    keys: bye
    ends: left
""",
        )
        == []
    )


def test_what_does_not_come_out_is_told_with_the_way(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """\
cases:
  a fault:
    number: "6000"
    keys: "2"
    hears: [Press 1, Welcome]
    hears_not: [Press]
    steps: [warned]
    ends: queue q_bill
""",
    )

    way = "welcome → services → night → fault"
    assert found == [
        "cases/main.yaml:5: cases → a fault → hears: 'Welcome' is not heard out of its"
        f" order on the way {way}; heard 'Welcome. Press 1 for the balance, 2 for a"
        " fault.'",
        "cases/main.yaml:6: cases → a fault → hears_not: 'Press' is heard on the way"
        f" {way}",
        "cases/main.yaml:7: cases → a fault → steps: does not come to 'warned', it goes"
        f" {way}",
        "cases/main.yaml:8: cases → a fault → ends: should end in 'queue q_bill', it"
        f" ends in 'queue q_fault' by the way {way}",
    ]


def test_of_several_answers_each_is_said_once_and_the_last_again(
    tmp_path: Path,
) -> None:
    found = problems(
        tmp_path,
        """\
cases:
  found the third time:
    number: "6000"
    keys: 1 1234# 1234# 1234#
    answers: {balance: [not_found, not_found, {amount: 12.30}]}
    hears: [account number, account number, account number, Your balance is]
    ends: hang up
  never found:
    number: "6000"
    keys: 1 1234# 1234# 1234# 0#
    answers: {balance: [not_found]}
    hears: [account number, account number, account number, account number]
    ends: queue q_bill
""",
        FLOW.replace("not_found: person", "not_found: account"),
    )

    assert found == []


def test_flows_know_what_the_clock_says_in_a_case(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """\
cases:
  at night: {flow: main, keys: "2", at: 2026-11-23T22:15, steps: [warned]}
  by day: {flow: main, keys: "2", at: 2026-11-23T21:15, hears_not: [storm]}
""",
        FLOW.replace("if: storm", "if: now.hour >= 22"),
    )

    assert found == []


@pytest.mark.parametrize(
    ("case", "problem"),
    [
        ("{number: 6001}", "number: no number is called '6001'; did you mean '6000'?"),
        ("{flow: mian}", "flow: no flow is called 'mian'; did you mean 'main'?"),
        ("{}", "needs a number or a flow, one of the two; write `number: …`"),
        (
            "{flow: main, keys: 1 up}",
            "keys: should be keys, wait, bye or say(…), with a space between them, "
            "got '1 up'",
        ),
        (
            "{flow: main, ends: q_bill}",
            "ends: should be `queue NAME`, `hang up` or `left`, got 'q_bill'",
        ),
        (
            "{flow: main, heard: [x]}",
            "heard: is not an option here; did you mean 'hears'?",
        ),
    ],
)
def test_a_case_that_is_wrong_is_told_with_its_line(
    tmp_path: Path, case: str, problem: str
) -> None:
    with pytest.raises(CasesRefused) as caught:
        problems(tmp_path, f"cases:\n  one: {case}\n")

    told = str(caught.value).partition("main.yaml:2: cases → one")[2]
    assert told.lstrip(" →:") == problem


WRONG_ANSWERS = [
    (
        "{balance: {amount: much}}",
        "balance → amount: is declared as money, as in `86.50`, got 'much'",
    ),
    (
        "{balance: [{amount: 1}, {amount: 1e9}]}",
        "balance → 1 → amount: is declared as money, as in `86.50`, got '1e9'",
    ),
    (
        "{balance: {amuont: 1}}",
        "balance → amuont: 'balance' gives no 'amuont'; did you mean 'amount'?",
    ),
    (
        "{balanse: not_found}",
        "balanse: no look-up and no order is called 'balanse'; did you mean 'balance'?",
    ),
]


@pytest.mark.parametrize(("answers", "problem"), WRONG_ANSWERS)
def test_an_answer_that_no_system_could_give_is_told(
    tmp_path: Path, answers: str, problem: str
) -> None:
    case = f'{{number: "6000", answers: {answers}}}'

    with pytest.raises(CasesRefused) as caught:
        problems(tmp_path, f"cases:\n  one: {case}\n")

    assert str(caught.value).partition("→ one → answers → ")[2] == problem


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        # What looks like a number, a flag or a date is a text where one is declared.
        (FieldType.TEXT, "12", "12"),
        (FieldType.TEXT, "true", "true"),
        (FieldType.TEXT, "2026-11-23", "2026-11-23"),
        (FieldType.TEXT, "'0123'", "0123"),
        (FieldType.DIGITS, "12", "12"),
        (FieldType.NUMBER, "12", 12),
        (FieldType.NUMBER, "12.0", 12),
        (FieldType.MONEY, "12", Decimal(12)),
        (FieldType.FLAG, "false", False),
        (FieldType.DATE, "2026-11-23", date(2026, 11, 23)),
        (FieldType.MOMENT, "2026-11-23T22:15", datetime(2026, 11, 23, 22, 15)),  # noqa: DTZ001 - as it is written
    ],
)
def test_a_value_is_of_its_declared_type(
    kind: FieldType, text: str, value: object
) -> None:
    read = value_as(text, kind)

    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (FieldType.NUMBER, "a"),
        (FieldType.FLAG, "yes"),
        (FieldType.DIGITS, "1a"),
        (FieldType.DATE, "2026-13-01"),
        (FieldType.MOMENT, "22:15"),
        (FieldType.MONEY, ""),
    ],
)
def test_what_is_not_of_its_declared_type_is_refused(
    kind: FieldType, text: str
) -> None:
    with pytest.raises(Misfit, match=f"is declared as {kind.value}, as in"):
        value_as(text, kind)


def test_a_case_cannot_begin_in_a_flow_that_has_no_person(tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "main.yaml").write_text("cases: {one: {flow: identify}}")
    floor = load_floor(CHECKOUT / "dialplans/floor.yaml", CHECKOUT / "dialplans/flows")

    with pytest.raises(CasesRefused) as caught:
        load_cases(tmp_path / "flows", floor.flow_set)

    told = str(caught.value).partition("→ flow: ")[2]
    assert told == (
        "flow 'identify' leaves its person to the flow that walks it, and here none "
        "does; give it `person: …` with a step `queue: …`"
    )


def test_values_are_read_as_what_they_stand_for() -> None:
    read = [value_of(it) for it in ("12", "0123", "'12'", "true", "2026-11-23", "a b")]

    assert [type(it).__name__ for it in read] == [
        *("int", "str", "str", "bool", "date", "str")
    ]


def test_the_cases_that_are_shipped_come_out_as_written() -> None:
    floor = load_floor(CHECKOUT / "dialplans/floor.yaml", CHECKOUT / "dialplans/flows")

    cases = load_cases(CHECKOUT / "dialplans/flows", floor.flow_set)

    wrong = [str(it) for one in cases for it in run(one, floor.flow_set).problems]
    assert wrong == []
    assert len(cases) >= 60
