"""A case as a caller plays it, and the way of a call in lines."""

from datetime import UTC, datetime
from pathlib import Path

from acd.vocabulary.flow_facts import KeyPressed, PromptHeard, StepEntered
from acd.vocabulary.ids import CallId
from ivr.flow_set import FlowSet
from ivr.load import load_flows_from
from services.flows.cases import load_cases, run
from services.flows.script import Leave, Press, Script, Speak, script_of
from services.flows.way import line_of, way_line

FLOW = """\
name: main
language: en
entry: services
person: person
steps:
  services:
    menu: {en: Press 1 for a message.}
    keys: {1: pin}
    tries: 2
    on_timeout: {en: No key.}
  pin:
    collect: {en: Your PIN.}
    as: pin
    digits: {least: 2, most: 2}
    secret: true
    goto: note
  note:
    record: {en: Speak.}
    as: note
    goto: bye
  bye: {hang_up: {en: Goodbye.}}
  person: {queue: q_fault}
"""
KEYS = 'cases: {one: {number: "6000", keys: wait 1 47}}'
BYE = 'cases: {one: {number: "6000", keys: wait bye}}'
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def script(folder: Path, cases: str) -> Script:
    flows = load_flows_from({"flows/main.yaml": FLOW}, folder=Path("flows"))
    known = FlowSet(
        flows={name: one.flow for name, one in flows.items()}, numbers={"6000": "main"}
    )
    (folder / "cases").mkdir()
    (folder / "cases" / "main.yaml").write_text(cases, encoding="utf-8")
    [case] = load_cases(folder / "flows", known)
    assert case.key == "main/one"
    return script_of(run(case, known))


def test_keys_are_pressed_behind_what_tells_that_they_are_awaited(
    tmp_path: Path,
) -> None:
    found = script(tmp_path, KEYS)

    lines = [line_of(fact) for fact in found.facts]
    moves = {lines[after - 1]: move for after, move in found.moves.items()}
    again = lines.index("prompt of main.services, 2 sounds") + 1
    assert found.moves[again] == Press(key="1"), "and not behind the first prompt"
    assert moves["prompt of main.pin, 1 sounds"] == Press(key="4")
    assert moves["key •"] == Press(key="7"), "the second digit behind the first"
    assert isinstance(moves["prompt of main.note, 1 sounds"], Speak)
    assert len(found.moves) == 4
    assert found.end == "hang up"


def test_who_hangs_up_does_so_where_the_case_says(tmp_path: Path) -> None:
    found = script(tmp_path, BYE)

    assert [*found.moves.values()] == [Leave()]
    assert line_of(found.facts[-1]) == "caller_left"
    assert found.end == "left"


def test_all_that_is_said_is_to_be_heard_in_its_order(tmp_path: Path) -> None:
    said = [str(sound) for one in script(tmp_path, KEYS).said for sound in one]

    texts = ["Press 1", "No key.", "Press 1", "Your PIN", "Speak.", "Goodbye."]
    assert len(said) == len(texts)
    assert all(text in sound for text, sound in zip(texts, said, strict=True))


def test_what_is_another_with_each_call_stands_in_no_line() -> None:
    def heard(call: str, ms: int | None) -> PromptHeard:
        return PromptHeard(
            at=NOW,
            call_id=CallId(call),
            flow="main",
            step="menu",
            sounds=2,
            interrupted_ms=ms,
        )

    assert line_of(heard("a", 120)) == line_of(heard("b", 950))
    assert line_of(heard("a", 120)) != line_of(heard("a", None))


def test_the_way_is_steps_keys_and_the_end_and_not_how_it_was_decided() -> None:
    here = {"at": NOW, "call_id": CallId("a"), "flow": "main", "step": "menu"}

    assert way_line(StepEntered(**here, nth=1)) == "main.menu"  # type: ignore[arg-type]
    pressed = KeyPressed(**here, key="", nth=2, is_choice=True)  # type: ignore[arg-type]
    assert way_line(pressed) == "key •"
