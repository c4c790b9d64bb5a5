"""What is so for one call: of the world as it is, or of the case that it plays."""

from datetime import timedelta
from pathlib import Path

import pytest

from cti_bridge.agi.line import Arrival
from ivr.turns import Found, NotFound, Question, QuestionKind
from services.floor.floor import Floor
from services.floor.load import load_floor
from services.flows.cases import load_cases
from services.runtime.announcing import nothing_to_tell
from services.runtime.circumstances import Circumstances, Real, no_office, number_of
from services.runtime.flags import Flags
from services.runtime.flow_world import FlowWorld
from services.runtime.rehearsal.circumstances import NotRehearsed, Rehearsed, name_of
from tests.support.builders import Desk, at
from tests.support.small_floor import STRAIGHT, small_floor

CASES = """\
cases:
  a storm at night:
    number: "6000"
    at: 2026-11-23T22:15
    around: {storm: true}
    answers: {bill: [{amount: 1}, not_found]}
"""
BILL = Question(kind=QuestionKind.LOOK_UP, name="bill", arguments={})


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    for folder, text in (("flows", STRAIGHT), ("cases", CASES)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "main.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "floor.yaml").write_text(small_floor(), encoding="utf-8")
    return load_floor(tmp_path / "floor.yaml", tmp_path / "flows")


def came(*, name: str = "", number: str = "13800138000") -> Arrival:
    return Arrival(
        call_id="5e1a7a3c-0000-4000-8000-000000000001",
        leg_id="1.1",
        number="6000",
        caller_number=number,
        caller_name=name,
        sip_call_id="a@b",
    )


def real(folder: Path) -> Real:
    world = FlowWorld(Desk().engine.floor, flags=Flags(folder))
    return Real(world, opening=nothing_to_tell, office=no_office)


def rehearsed(folder: Path, floor: Floor, name: str) -> Circumstances:
    cases = load_cases(folder / "flows", floor.flow_set)
    return Rehearsed(cases)(came(name=name), floor, floor.numbers["6000"], at(0))


@pytest.mark.parametrize("number", ["", "anonymous", "unknown", "Restricted", "*#"])
def test_who_withholds_their_number_has_none_for_flows(number: str) -> None:
    assert number_of(came(number=number)) == ""


def test_who_shows_a_number_has_it() -> None:
    assert number_of(came(number="+8613800138000")) == "+8613800138000"


def test_what_a_caller_is_called_changes_nothing_of_the_world_as_it_is(
    tmp_path: Path, floor: Floor
) -> None:
    found = real(tmp_path)(came(name=name_of(0)), floor, floor.numbers["6000"], at(0))

    assert found.world(at(0))["storm"] is False
    assert found.values["caller"] == "13800138000"
    assert found.values["call.repeats"] == 0


async def test_who_rehearses_lives_in_the_world_of_the_case(
    tmp_path: Path, floor: Floor
) -> None:
    found = rehearsed(tmp_path, floor, name_of(0))

    world = found.world(at(0) + timedelta(minutes=5))
    assert (world["storm"], world["now.hour"], world["now.minute"]) == (True, 22, 20)
    # How often the number called before is the case's to say.
    assert found.values == {"caller": "13800138000", "number": "6000"}
    said = [await found.back_office.ask("", BILL) for _ in range(3)]
    assert said == [Found(values={"amount": 1}), NotFound(), NotFound()]


def test_nobody_else_is_served_in_a_rehearsal(tmp_path: Path, floor: Floor) -> None:
    with pytest.raises(NotRehearsed, match="plays no case"):
        rehearsed(tmp_path, floor, "case 7")
