"""One change to a floor's text: its comments, its order and its form stay."""

import io
import textwrap
from collections.abc import Mapping, MutableMapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from acd.policy import PLAIN_LEVEL
from ivr.source import Source, Trail, parse_source
from services.floor.load import MOST_NODES

Patch = Mapping[str, Any]
"""What is to be otherwise, by name; None takes out (RFC 7396)."""
_PLAIN = {"agents": PLAIN_LEVEL, "queues": 1}
"""The level that a skill has where it is named without one."""
_WIDE = 1 << 16


class EditLost(Exception):
    """An edit would have changed more than was asked for: our mistake."""

    def __init__(self) -> None:
        """Say what would do."""
        super().__init__(
            "floor: the edit would change other entries too; change the file and "
            "publish it"
        )


def edited(text: str, patch: Patch) -> str:
    """Return a floor's text with a change in it.

    Skills that were a list become levels where a level is given.

    Args:
        text: A floor that was proved.
        patch: As in ``{"agents": {"1003": {"skills": {"fault": 4}}}}``.

    Raises:
        EditLost: The text cannot be changed without changing more.
    """
    by_entry = _by_entry(text, patch)
    return _round_trip(text, patch, plain=None) if by_entry is None else by_entry


def _round_trip(text: str, patch: Patch, *, plain: int | None) -> str:
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    yaml.indent(mapping=2, sequence=4, offset=2)
    there = yaml.load(text)
    _merge(there, patch, plain=plain)
    out = io.StringIO()
    yaml.dump(there, out)
    changed = out.getvalue()
    if _rest(text, patch) != _rest(changed, patch):
        raise EditLost
    return changed


def _by_entry(text: str, patch: Patch) -> str | None:
    """Return the text with only the lines of the entries that change made anew.

    A floor of thousands takes many seconds to be made anew whole. None where an entry
    comes or goes, or has no lines of its own.
    """
    lines = _source(text).lines
    rows = text.splitlines(keepends=True)
    spans = []
    for section, entries in patch.items():
        for name, entry in entries.items():
            span = None if entry is None else _rows_of(lines, (section, name), rows)
            if span is None:
                return None
            spans.append((*span, section, name, entry))
    for begin, end, section, name, entry in sorted(spans, reverse=True):
        indent = rows[begin][: len(rows[begin]) - len(rows[begin].lstrip(" "))]
        block = textwrap.dedent("".join(rows[begin:end]))
        changed = _round_trip(block, {name: entry}, plain=_PLAIN.get(section))
        rows[begin:end] = textwrap.indent(changed, indent).splitlines(keepends=True)
    return "".join(rows)


def _rows_of(
    lines: Mapping[Trail, int], here: Trail, rows: list[str]
) -> tuple[int, int] | None:
    begin = lines.get(here)
    others = [line for trail, line in lines.items() if trail[:2] != here and trail]
    if begin is None or begin in others:
        return None
    end = min((line for line in others if line > begin), default=len(rows) + 1) - 1
    # Comments before the next entry are about that.
    while rows[end - 1].strip().startswith("#") or not rows[end - 1].strip():
        end -= 1
    return begin - 1, end


def _merge(there: MutableMapping[Any, Any], patch: Patch, *, plain: int | None) -> None:
    keys = {str(key): key for key in there}
    for name, value in patch.items():
        key = keys.get(name, name)
        if value is None:
            there.pop(key, None)
        elif isinstance(value, Mapping):
            inner = there.get(key)
            if name == "skills" and isinstance(inner, list):
                inner = _levels(inner, plain or 1)
            if not isinstance(inner, MutableMapping):
                inner = CommentedMap()
            there[key] = inner
            _merge(inner, value, plain=_PLAIN.get(name, plain))
        else:
            there[key] = value


def _levels(skills: list[Any], plain: int) -> CommentedMap:
    levels = CommentedMap((skill, plain) for skill in skills)
    levels.fa.set_flow_style()
    return levels


def _rest(text: str, patch: Patch) -> object:
    """Return what a text says besides what a patch is about."""
    return _without(_source(text).value, patch)


def _source(text: str) -> Source:
    return parse_source(text.encode(), file="floor", most_nodes=MOST_NODES)


def _without(value: object, patch: Patch) -> object:
    if not isinstance(value, Mapping):
        return None
    kept = {}
    for name, inner in value.items():
        if name not in patch:
            kept[name] = inner
        elif isinstance(patch[name], Mapping) and name != "skills":
            rest = _without(inner, patch[name])
            if rest:
                kept[name] = rest
    return kept
