"""Cases called over real SIP: the same way as without a telephone, and heard."""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.runtime.settings import CHECKOUT
from tests.support.instance import (
    TIELINE,
    RunningInstance,
    free_base,
    running_instance,
)
from tests.support.small_floor import small_floor

FLOW = """\
name: main
language: en
entry: sort
person: person
defaults: {timeout_s: 1, tries: 2, on_timeout: {en: No key.}}
steps:
  sort:
    branch: [{if: storm and now.hour == 3, goto: night}, {if: storm, goto: warned}]
    otherwise: services
  warned: {say: {en: There is a storm.}, goto: services}
  night: {hang_up: {en: We are closed.}}
  services:
    menu: {en: "1 bill, 2 message, 3 call back."}
    keys: {1: account, 2: note, 3: number}
  account:
    collect: {en: Account.}
    as: account
    digits: {least: 3, most: 6}
    timeout_s: 3
    goto: pin
  pin:
    collect: {en: PIN.}
    as: pin
    digits: {least: 4, most: 4}
    timeout_s: 3
    secret: true
    goto: bill
  bill:
    look_up: bill
    with: {account: account}
    goto: told
    not_found: person
  told: {say: {en: "{bill.amount:money}."}, goto: bye}
  note:
    record: {en: Speak.}
    as: note
    goto: bye
  number:
    branch: [{if: caller, goto: known}]
    otherwise: person
  known:
    confirm: {en: "On {caller:digits}?"}
    yes: bye
    no: person
  bye: {hang_up: {en: Goodbye.}}
  person: {queue: q_fault}
"""
LOOK_UPS = """\
look_ups:
  bill: {asks: bill, takes: {account: digits}, gives: {amount: money}}
"""
CASES = """\
cases:
  a bill, in a storm:
    number: "6000"
    keys: 1 123# 4711
    around: {storm: true}
    answers: {bill: {amount: 12.30}}
    hears: [storm, bill, Account, PIN, twelve yuan, Goodbye]
    hears_not: [four seven one one]
    ends: hang up
  no such account:
    number: "6000"
    keys: wait 1 123456 4711
    hears: [No key]
    ends: queue q_fault
  at night:
    number: "6000"
    at: 2026-11-23T03:15
    around: {storm: true}
    hears: [We are closed]
    ends: hang up
  a message:
    number: "6000"
    keys: "2"
    ends: hang up
  called back:
    number: "6000"
    caller: "7003"
    keys: 3 1
    hears: [seven zero zero three]
    ends: hang up
  whose number is withheld:
    number: "6000"
    caller: ""
    keys: "3"
    ends: queue q_fault
  who hangs up:
    number: "6000"
    keys: bye
    ends: left
  by its name:
    flow: main
    keys: "0"
    ends: queue q_fault
"""
PLAN = """\
businesses:
  message: {case: main/a message, calls: 2}
  storm: {case: "main/a bill, in a storm"}
"""


def _written(folder: Path) -> Path:
    flows = folder / "flows"
    flows.mkdir()
    (folder / "cases").mkdir()
    (flows / "main.yaml").write_text(FLOW, encoding="utf-8")
    (folder / "cases" / "main.yaml").write_text(CASES, encoding="utf-8")
    (folder / "lookups.yaml").write_text(LOOK_UPS, encoding="utf-8")
    (folder / "dial.yaml").write_text(PLAN, encoding="utf-8")
    (folder / "floor.yaml").write_text(small_floor(), encoding="utf-8")
    return folder


def test_cases_go_the_same_way_by_telephone_and_are_heard(tmp_path: Path) -> None:
    folder = _written(tmp_path)

    done = subprocess.run(
        (
            *(TIELINE, "flow", "test", str(folder / "flows"), "--call", "--json"),
            *("--at-once", "8", "--base-port", str(free_base())),
        ),
        env=_environment(folder),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    calls = {one["case"]: one for one in told["calls"]}
    assert [name for name, one in calls.items() if not one["called"]] == [
        "main/by its name"
    ]
    assert calls["main/a bill, in a storm"]["way"].count("key •") == 4
    assert calls["main/a bill, in a storm"]["prompts"] == 6
    assert calls["main/whose number is withheld"]["end"] == "queue q_fault"
    assert "4711" not in done.stdout
    assert all(one["same"] for one in calls.values() if one["called"])


def _environment(folder: Path) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("TIELINE_")}
    return {
        **inherited,
        "TIELINE_FLOWS": str(folder / "flows"),
        "TIELINE_FLOOR": str(folder / "floor.yaml"),
    }


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInstance]:
    """Run an instance that is no rehearsal, on the same files."""
    folder = _written(tmp_path_factory.mktemp("called"))
    settings = {"TIELINE_FLOWS": str(folder / "flows")}
    with running_instance(floor=small_floor(), flows={}, settings=settings) as instance:
        instance.environment = {**instance.environment, **settings}
        yield instance


def test_a_plan_is_dialled_and_what_ends_elsewhere_is_told(
    running: RunningInstance,
) -> None:
    done = running.done("flow", "dial", "--json")

    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    message, storm = told["businesses"]
    assert (told["calls"], told["wrong"]) == (3, 1), told
    assert (message["actual"], message["wrong"]) == ({"hang up": 2}, 0)
    assert message["set_up_s"] > 0
    assert message["way_s"] > 0
    # There is no storm in the world as it is.
    assert storm["actual"] == {"on the way": 1}
    [differs] = storm["differences"]
    assert (differs["expected"], differs["found"]) == ("main.warned", "main.services")


async def test_no_caller_can_set_their_own_world(running: RunningInstance) -> None:
    # The first case is in a storm, and this is how a rehearsal's callers name it.
    said = ("call", "6000", "--name", "case 0", "--from", "7010", "--wait", "4")
    await asyncio.to_thread(running.done, *said, "--json")

    asked = (
        "SELECT s.step FROM steps s JOIN calls c USING (call_id)"
        " WHERE c.caller_name = 'case 0' AND s.kind = 'step' ORDER BY s.nth"
    )
    async with asyncio.timeout(60):
        while len(rows := await running.rows(asked)) < 2:  # noqa: ASYNC110 - a table tells nobody
            await asyncio.sleep(0.2)
    assert [row["step"] for row in rows[:2]] == ["sort", "services"]
