"""The schema that editors complete and check by."""

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ivr.editor_words import WORDS
from ivr.editors import editor_schema
from ivr.sounds import Language
from ivr.steps import KINDS
from services.flows.names import names_for
from services.runtime.settings import CHECKOUT
from tests.support.json_schema import refusals

FLOWS = sorted((CHECKOUT / "dialplans" / "flows").glob("*.yaml"))
FLOOR = CHECKOUT / "dialplans" / "floor.yaml"
BROKEN = Path(__file__).parent / "broken" / "flows"
SEEN = (
    *(
        "absurdly-long-wait",
        "list-for-steps",
        "menu-without-keys",
    ),
    *("neither-yes-nor-no", "no-kind-of-step", "text-for-a-list"),
    *("text-for-keys", "too-many-digits", "tries-below-one", "two-kinds-of-step"),
    *("unknown-language", "unknown-option", "unknown-option-of-the-flow"),
    *("unknown-look-up", "unknown-order", "unknown-queue", "unknown-skill"),
    *("unknown-queue-of-a-language", "comma-in-braces"),
)
"""Broken in a way that an editor can see."""


def as_editors_read(text: str) -> Any:
    """Return YAML as an editor does, keys as texts."""
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text)))


def test_every_step_is_in_the_schema_by_the_names_that_are_written() -> None:
    schema = editor_schema()

    models = {model.__name__: kind for kind, model in KINDS.items()}
    assert models.keys() <= schema["$defs"].keys()
    for name, kind in models.items():
        assert kind in schema["$defs"][name]["required"], name
        assert schema["$defs"][name]["additionalProperties"] is False
    assert "if" in schema["$defs"]["Case"]["properties"]
    assert "as" in schema["$defs"]["CollectStep"]["properties"]
    assert "with" in schema["$defs"]["LookUpStep"]["properties"]


def test_every_field_has_its_words_in_both_languages() -> None:
    for language in Language:
        schema = editor_schema(language=language)
        forms = [schema, *schema["$defs"].values()]
        fields = {
            k: it for form in forms for k, it in form.get("properties", {}).items()
        }
        assert all("description" in it for it in fields.values())
        assert fields.keys() == WORDS.keys()


@pytest.mark.parametrize("flow", FLOWS, ids=lambda it: it.stem)
def test_each_flow_that_is_shipped_is_right_to_an_editor(flow: Path) -> None:
    schema = editor_schema(names_for(flow, FLOOR))

    assert refusals(as_editors_read(flow.read_text(encoding="utf-8")), schema) == []


@pytest.mark.parametrize("name", SEEN)
def test_what_is_broken_is_marked_while_it_is_typed(name: str) -> None:
    flow = BROKEN / f"{name}.yaml"
    # Beside it no look-ups are read: those that are shipped stand for them.
    schema = editor_schema(names_for(FLOWS[0], FLOOR))

    assert refusals(as_editors_read(flow.read_text(encoding="utf-8")), schema)


def test_steps_and_queues_that_there_are_are_completed() -> None:
    main = CHECKOUT / "dialplans" / "flows" / "main.yaml"
    defined = editor_schema(names_for(main, FLOOR))["$defs"]

    goto = defined["SayStep"]["properties"]["goto"]
    assert {"services", "storm", "person"} <= set(goto["anyOf"][0]["enum"])
    assert "q_fault" in defined["QueueStep"]["properties"]["queue"]["enum"]
    assert "balance" in defined["LookUpStep"]["properties"]["look_up"]["enum"]
    assert "fault" in defined["OrderStep"]["properties"]["order"]["enum"]
    assert "goodbye" in defined["SubFlowStep"]["properties"]["flow"]["enum"]
    assert {"6001", 6001} <= set(
        defined["TransferStep"]["properties"]["transfer"]["enum"]
    )


def test_a_step_may_be_named_before_it_is_written() -> None:
    main = CHECKOUT / "dialplans" / "flows" / "main.yaml"
    text = main.read_text(encoding="utf-8").replace("goto: services", "goto: not_yet")

    assert refusals(as_editors_read(text), editor_schema(names_for(main, FLOOR))) == []


def test_a_file_that_is_half_written_still_gets_its_schema(tmp_path: Path) -> None:
    flow = tmp_path / "flows" / "main.yaml"
    flow.parent.mkdir()
    flow.write_text("steps: {a: {say: {zh: ", encoding="utf-8")

    names = names_for(flow, FLOOR)

    assert (list(names.steps), list(names.look_ups)) == ([], [])
    assert "q_fault" in names.queues


def test_what_an_editor_takes_for_a_number_may_be_one() -> None:
    definitions = editor_schema()["$defs"]

    number = definitions["TransferStep"]["properties"]["transfer"]
    assert {"type": "integer", "minimum": 0} in number["anyOf"]
    condition = definitions["Case"]["properties"]["if"]
    assert condition["type"] == ["string", "number", "boolean"]
