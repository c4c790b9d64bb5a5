"""The schema of a flow as JSON Schema, so that an editor completes and marks errors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ivr.editor_words import WORDS
from ivr.flow import Flow
from ivr.sounds import Language
from ivr.steps import KINDS
from ivr.wording import told
from ivr.written import KEY, NUMBER

Schema = dict[str, Any]

# Of the drafts that editors know, the one that all of them do (YAML's language server).
DIALECT = "http://json-schema.org/draft-07/schema#"
_ALSO_NUMBERS = frozenset({KEY, NUMBER})
"""Forms that an editor takes for numbers where they stand without quotes."""
_TO_STEPS = frozenset(
    {
        *("entry", "person", "danger", "on_failure", "goto", "give_up", "on_silence"),
        *("yes", "no", "otherwise", "not_found", "failed"),
    }
)
"""Fields that name a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What there is that a flow can name, to be completed; nothing is not held to."""

    steps: Iterable[str] = ()
    """Of the flow itself. Others may be written: one is named before it is there."""
    flows: Iterable[str] = ()
    queues: Iterable[str] = ()
    skills: Iterable[str] = ()
    look_ups: Iterable[str] = ()
    orders: Iterable[str] = ()
    numbers: Iterable[str] = ()


def editor_schema(
    names: Names | None = None, language: Language = Language.EN
) -> Schema:
    """Return the schema; what it lets pass is not proved, ``ivr.load`` does that.

    An editor reads YAML as YAML: what we take as text may be a number or a truth
    there.

    Args:
        names: What can be named.
        language: Of the words that an editor shows beside a completion.
    """
    schema: Schema = _loosened(Flow.model_json_schema(by_alias=True))
    defined = schema["$defs"]
    for place in (schema, *defined.values()):
        _named(place, names or Names())
        _described(place, language)
    steps = schema["properties"]["steps"]
    [form] = steps["patternProperties"]
    steps["patternProperties"] = {form: _one_step(defined, language)}
    for kind, model in KINDS.items():
        defined[model.__name__]["description"] = told(WORDS[kind], language)
    return {"$schema": DIALECT, **schema}


def _loosened(node: Any) -> Any:  # noqa: ANN401 - JSON is any of its kinds
    if isinstance(node, list):
        return [_loosened(one) for one in node]
    if not isinstance(node, dict):
        return node
    plain = {k: it for k, it in node.items() if k != "default" and not _is_title(k, it)}
    inner = {key: _loosened(one) for key, one in plain.items()}
    if "patternProperties" in inner:
        inner["additionalProperties"] = False
    if inner.get("type") != "string":
        return inner
    if inner.get("pattern") in _ALSO_NUMBERS:
        return {"anyOf": [inner, {"type": "integer", "minimum": 0}]}
    if set(inner) <= {"type"}:  # an expression
        return {"type": ["string", "number", "boolean"]}
    return inner


def _is_title(key: str, value: object) -> bool:
    return key == "title" and isinstance(value, str)


def _one_step(defined: Schema, language: Language) -> Schema:
    """Return what a step is: by its kind, so that errors are of that kind alone."""
    kinds = {kind: {"description": told(WORDS[kind], language)} for kind in KINDS}
    step: Schema = {
        "properties": kinds,
        "anyOf": [{"required": [kind]} for kind in KINDS],
    }
    for kind, model in reversed([*KINDS.items()]):
        assert model.__name__ in defined  # noqa: S101 - made of the same model
        of_kind = {"$ref": f"#/$defs/{model.__name__}"}
        step = {"if": {"required": [kind]}, "then": of_kind, "else": step}
    return {"type": "object", **step}


def _named(place: Schema, names: Names) -> None:
    """Have the fields of a form complete the names that there are."""
    fields: Schema = place.get("properties", {})
    for field in _TO_STEPS & fields.keys():
        fields[field] = _or_new(fields[field], names.steps)
    if "patternProperties" in fields.get("keys", {}):  # of a menu, or while waiting
        keys = fields["keys"]["patternProperties"]
        fields["keys"]["patternProperties"] = {
            form: _or_new(to, names.steps) for form, to in keys.items()
        }
    held: Mapping[str, Iterable[str]] = {
        "queue": names.queues,
        "look_up": names.look_ups,
        "order": names.orders,
        "flow": names.flows,
        "transfer": names.numbers,
    }
    for field, known in held.items():
        if field in place.get("required", ()) and list(known):
            fields[field] = _one_of(known)
    if "by_language" in fields and list(names.queues):
        fields["by_language"]["additionalProperties"] = _one_of(names.queues)
        fields["skills"]["items"] = _one_of(names.skills)


def _or_new(field: Schema, known: Iterable[str]) -> Schema:
    names = sorted(known)
    return {"anyOf": [{"enum": names}, field]} if names else field


def _one_of(known: Iterable[str]) -> Schema:
    names = sorted(known)
    # Where a number is dialled, it may stand without quotes.
    return {"enum": [*names, *(int(it) for it in names if it.isdecimal())]}


def _described(place: Schema, language: Language) -> None:
    for field, form in place.get("properties", {}).items():
        form["description"] = told(WORDS[field], language)
