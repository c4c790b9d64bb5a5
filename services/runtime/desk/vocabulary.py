"""The desk's types, worked out from our own: facts, snapshots and the HTTP API."""

import dataclasses
import json
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NewType

from fastapi import APIRouter, FastAPI

from acd.vocabulary.ids import Place
from acd.vocabulary.states import AgentState, CallState
from acd.vocabulary.wire import kind_of
from services.api import (
    agents,
    call_sound,
    call_way,
    calls,
    in_hand,
    live,
    log_in,
    page_phone,
)
from services.live.picture import AgentNow, CallNow, QueueNow
from services.live.shown import SHOWN

HEAD = "// Written by `./tieline desk types` from the Python types; never edited.\n\n"
ROUTERS: tuple[APIRouter, ...] = (
    agents.router,
    in_hand.router,
    calls.router,
    call_sound.router,
    call_way.router,
    live.router,
    log_in.router,
    page_phone.router,
)
"""What the desk asks."""

_PLACED = {"province": "string", "unit": "string"}
_WAITING = {"waiting": "number", "oldest_at": "string | null"}


def write_vocabulary(folder: Path) -> None:
    """Write the types as TypeScript into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wire.ts").write_text(wire_words(), encoding="utf-8")
    (folder / "api.ts").write_text(api_words(), encoding="utf-8")


def wire_words() -> str:
    """Return the types of what a live stream sends."""
    facts = sorted(SHOWN, key=lambda fact: fact.__name__)
    blocks = [
        _interface(fact.__name__, _fact_fields(fact), base="Numbered") for fact in facts
    ]
    names = "".join(f"\n  | {fact.__name__}" for fact in facts)
    return HEAD + "\n".join(
        (
            "export interface Numbered {\n  seq: number;\n  v: number;\n}\n",
            _union("AgentState", AgentState),
            _union("CallState", CallState),
            _interface("AgentNow", _told(AgentNow)),
            _interface("QueueNow", _told(QueueNow) | _WAITING),
            _interface("CallNow", _told(CallNow)),
            *blocks,
            f"export type Fact ={names};\n",
            _SNAPSHOT,
        )
    )


_SNAPSHOT = """\
export interface Snapshot {
  kind: "snapshot";
  stream: string;
  seq: number;
  at: string;
  part: number;
  parts: number;
  agents: AgentNow[];
  queues: QueueNow[];
  calls: CallNow[];
}

export interface Facts {
  kind: "facts";
  facts: Fact[];
}

export type Message = Snapshot | Facts;
"""


def told_keys(cls: type) -> frozenset[str]:
    """Return the fields that a snapshot's row is typed with."""
    extra = _WAITING if cls is QueueNow else {}
    return frozenset(_told(cls) | extra)


def _told(cls: type) -> dict[str, str]:
    hints = typing.get_type_hints(cls)
    fields: dict[str, str] = {}
    for field in dataclasses.fields(cls):
        is_place = hints[field.name] is Place
        fields |= _PLACED if is_place else {field.name: _typed(hints[field.name])}
    return fields


def _fact_fields(cls: type) -> dict[str, str]:
    return {"kind": json.dumps(kind_of(cls)), **_told(cls)}


def _typed(hint: object) -> str:
    """Return how a field stands in JSON; as ``acd.vocabulary.wire`` writes it."""
    if isinstance(hint, NewType):
        return _typed(hint.__supertype__)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return " | ".join(sorted(map(_typed, arguments), key=lambda it: it == "null"))
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return f"readonly ({_typed(arguments[0])})[]"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return " | ".join(json.dumps(member.value) for member in hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        inner = "; ".join(f"{name}: {told}" for name, told in _told(hint).items())
        return f"{{ {inner} }}"
    plain = {
        str: "string",
        int: "number",
        float: "number",
        bool: "boolean",
        datetime: "string",
        type(None): "null",
    }
    return plain[typing.cast("type", hint)]


def _interface(name: str, fields: Mapping[str, str], *, base: str = "") -> str:
    inherits = f" extends {base}" if base else ""
    lines = "".join(f"  {field}: {told};\n" for field, told in fields.items())
    return f"export interface {name}{inherits} {{\n{lines}}}\n"


def _union(name: str, members: Iterable[StrEnum]) -> str:
    told = "".join(f"\n  | {json.dumps(member.value)}" for member in members)
    return f"export type {name} ={told};\n"


def api_words() -> str:
    """Return the types of what the HTTP API takes and gives."""
    app = FastAPI(title="desk", version="0")
    for router in ROUTERS:
        app.include_router(router)
    told = app.openapi()
    schemas = sorted(told["components"]["schemas"].items())
    lines = [f"export type {name} = {_schema(it)};\n" for name, it in schemas]
    operations = "".join(_operations(told["paths"]))
    return HEAD + "\n".join(
        (*lines, f"export interface Operations {{\n{operations}}}\n")
    )


def _operations(paths: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in paths.items():
        for method, operation in methods.items():
            answers = operation["responses"]
            good = next(it for code, it in answers.items() if code.startswith("2"))
            body = _content(operation.get("requestBody", {}))
            key = json.dumps(f"{method.upper()} {path}")
            yield f"  {key}: {{ body: {body}; answer: {_content(good)} }};\n"


def _content(told: Mapping[str, Any]) -> str:
    schema = told.get("content", {}).get("application/json", {}).get("schema")
    return "undefined" if schema is None else _schema(schema)


def _schema(schema: Mapping[str, Any]) -> str:
    """Return a JSON schema as a TypeScript type."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(map(json.dumps, schema["enum"]))
    if any_of := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(_schema(one) for one in any_of)
    match schema.get("type"):
        case "object" if "properties" in schema:
            return _object(schema)
        case "object":
            more = schema.get("additionalProperties")
            of = _schema(more) if isinstance(more, Mapping) else "unknown"
            return f"Record<string, {of}>"
        case "array":
            return f"({_schema(schema.get('items', {}))})[]"
        case "integer" | "number":
            return "number"
        case "string" | "boolean" | "null" as plain:
            return str(plain)
        case _:
            return "unknown"


def _object(schema: Mapping[str, Any]) -> str:
    required = set(schema.get("required", ()))
    fields = "".join(
        f"\n  {name}{'' if name in required else '?'}: {_schema(it)};"
        for name, it in schema["properties"].items()
    )
    return f"{{{fields}\n}}"
