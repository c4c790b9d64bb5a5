"""The schema that editors complete and check by."""

import json

from ivr.editors import editor_schema
from ivr.steps import KINDS


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


def test_what_an_editor_takes_for_a_number_may_be_one() -> None:
    definitions = editor_schema()["$defs"]

    number = definitions["TransferStep"]["properties"]["transfer"]
    assert {"type": "integer", "minimum": 0} in number["anyOf"]
    condition = definitions["Case"]["properties"]["if"]
    assert condition["type"] == ["string", "number", "boolean"]


def test_the_schema_can_be_written_as_json() -> None:
    text = json.dumps(editor_schema())

    assert json.loads(text)["$schema"].startswith("https://json-schema.org/")
