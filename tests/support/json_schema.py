"""As much of JSON Schema as our own schemas use; anything else fails loudly."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
_KNOWN = {
    *("$defs", "$ref", "$schema", "additionalProperties", "anyOf", "description"),
    *("else", "enum", "if", "items", "maxItems", "maxLength", "maxProperties"),
    *("maximum", "minItems", "minLength", "minProperties", "minimum", "oneOf"),
    *("pattern", "patternProperties", "properties", "propertyNames", "required"),
    *("then", "type"),
}


def refusals(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """Return what a value is refused for, each with its place."""
    return list(_refusals(value, schema, schema, ""))


def _refusals(
    value: Any, schema: Any, root: Mapping[str, Any], at: str
) -> Iterator[str]:
    assert schema.keys() <= _KNOWN, schema.keys() - _KNOWN
    if "$ref" in schema:
        *_, name = schema["$ref"].split("/")
        yield from _refusals(value, root["$defs"][name], root, at)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(_is(value, it) for it in types):
        yield f"{at}: is no {' or '.join(types)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of those there are"
    for word in ("anyOf", "oneOf"):
        fit = [not [*_refusals(value, it, root, at)] for it in schema.get(word, ())]
        if fit and (not any(fit) or (word == "oneOf" and fit.count(True) > 1)):
            yield f"{at}: {value!r} fits {fit.count(True)} of {word}"
    if "if" in schema:
        way = "else" if [*_refusals(value, schema["if"], root, at)] else "then"
        yield from _refusals(value, schema.get(way, {}), root, at)
    yield from _of_size(value, schema, at)
    if isinstance(value, dict):
        yield from _of_object(value, schema, root, at)
    if isinstance(value, list) and "items" in schema:
        for nth, one in enumerate(value):
            yield from _refusals(one, schema["items"], root, f"{at}/{nth}")


def _of_size(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{at}: {value!r} is not of its form"
    sizes = {"Length": str, "Items": list, "Properties": dict}
    for word, kind in sizes.items():
        if isinstance(value, kind):
            least, most = schema.get(f"min{word}", 0), schema.get(f"max{word}")
            if len(value) < least or (most is not None and len(value) > most):
                yield f"{at}: has {len(value)}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        least, most = schema.get("minimum", value), schema.get("maximum", value)
        if not least <= value <= most:
            yield f"{at}: {value} is not within {least} and {most}"


def _of_object(
    value: dict[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], at: str
) -> Iterator[str]:
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{at}: lacks {name!r}"
    for name, one in value.items():
        here = f"{at}/{name}"
        if "propertyNames" in schema:
            yield from _refusals(name, schema["propertyNames"], root, here)
        forms = (
            [schema["properties"][name]] if name in schema.get("properties", {}) else []
        )
        patterns = schema.get("patternProperties", {})
        forms += [it for pattern, it in patterns.items() if re.search(pattern, name)]
        rest = schema.get("additionalProperties", {})
        if not forms and rest is False:
            yield f"{here}: is not there"
        forms = forms or [rest or {}]
        for form in forms:
            yield from _refusals(one, form, root, here)


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])
