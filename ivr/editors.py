"""The schema of a flow as JSON Schema, so that an editor completes and marks errors."""

from typing import Any

from ivr.flow import Flow
from ivr.written import KEY, NUMBER

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ALSO_NUMBERS = frozenset({KEY, NUMBER})
"""Forms that an editor takes for numbers where they stand without quotes."""


def editor_schema() -> dict[str, Any]:
    """Return the schema; what it lets pass is not proved, ``ivr.load`` does that.

    An editor reads YAML as YAML: what we take as text may be a number or a truth
    there.
    """
    schema = Flow.model_json_schema(by_alias=True)
    return {"$schema": DIALECT, **_loosened(schema)}


def _loosened(node: Any) -> Any:  # noqa: ANN401 - JSON is any of its kinds
    if isinstance(node, list):
        return [_loosened(one) for one in node]
    if not isinstance(node, dict):
        return node
    inner = {key: _loosened(one) for key, one in node.items() if key != "default"}
    if inner.get("type") != "string":
        return inner
    if inner.get("pattern") in _ALSO_NUMBERS:
        return {"anyOf": [inner, {"type": "integer", "minimum": 0}]}
    if set(inner) <= {"type", "title"}:  # an expression
        return {**inner, "type": ["string", "number", "boolean"]}
    return inner
