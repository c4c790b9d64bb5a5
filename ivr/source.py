"""YAML read safely: every scalar as text, every place with its line."""

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from ruamel.yaml.reader import ReaderError

LARGEST_BYTES = 1024 * 1024
DEEPEST = 12
"""How deep things may stand in each other; our own files need 5."""
MOST_NODES = 10_000
"""What is read in about a second; our largest file has some 300."""

Trail = tuple[str, ...]
"""The way to a place in a file: ``("steps", "welcome", "goto")``."""
Written = str | dict[str, "Written"] | list["Written"]


class SourceRefused(Exception):
    """A file that is not the plain kind of YAML that we read.

    It carries every problem that one reading can find, as pairs of line and words.
    """

    def __init__(self, found: list[tuple[int, Trail, str]]) -> None:
        """Keep what was found."""
        super().__init__("; ".join(what for _, _, what in found))
        self.found = found


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file as written."""

    file: str
    """As it is shown in messages."""
    value: Any
    """Mappings, lists and texts; nothing else."""
    lines: Mapping[Trail, int]
    """Line of the key (in a list: of the entry) of every place."""

    def line(self, trail: Trail) -> int:
        """Return the line of a place, or of the nearest place around it."""
        while trail and trail not in self.lines:
            trail = trail[:-1]
        return self.lines.get(trail, 1)


def read_source(path: Path, *, most_nodes: int = MOST_NODES) -> Source:
    """Read one YAML file.

    Raises:
        SourceRefused: It cannot be read, is too large, is not UTF-8, is not YAML, or
            uses tags, anchors, aliases or a key twice. Nothing in it was executed.
    """
    raw = _read_bytes(path)
    return parse_source(raw, file=path.as_posix(), most_nodes=most_nodes)


def read_text(path: Path) -> str:
    """Read one file as text, which may or may not be YAML.

    Raises:
        SourceRefused: It cannot be read, is too large or is not UTF-8.
    """
    return _decoded(_read_bytes(path))


def parse_source(raw: bytes, *, file: str, most_nodes: int = MOST_NODES) -> Source:
    """Turn the bytes of one YAML file into plain values and their lines.

    Args:
        raw: What stands in the file.
        file: As it is shown in messages.
        most_nodes: How many entries are read.

    Raises:
        SourceRefused: As for ``read_source``.
    """
    text = _decoded(raw)
    building = _Building(most_nodes)
    try:
        value = _build(building, text)
    except SourceRefused as refused:
        raise SourceRefused([*building.found, *refused.found]) from None
    if building.found:
        raise SourceRefused(building.found)
    return Source(file=file, value=value, lines=building.lines)


def _decoded(raw: bytes) -> str:
    if len(raw) > LARGEST_BYTES:
        _refuse(0, f"too large, more than {LARGEST_BYTES} bytes; split it")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = raw[error.start : error.start + 1]
        _refuse(line, f"not UTF-8, found {found!r}; save it as UTF-8")


def _build(building: "_Building", text: str) -> Written:
    try:
        return building.document(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        _refuse(mark.line + 1 if mark else 0, f"not YAML: {error.problem}")
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        character = chr(int(error.character))
        _refuse(line, f"not YAML: has {character!r}, which is not text; delete it")
    except YAMLError as error:
        _refuse(0, f"not YAML: {error}")


def _refuse(line: int, what: str) -> NoReturn:
    raise SourceRefused([(line, (), what)])


def _read_bytes(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            _refuse(0, "not a file; a pipe, a folder or a device is not read")
        with path.open("rb") as opened:
            return opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        _refuse(0, f"cannot be read: {error.strerror}; is the path right?")


class _Building:
    """Events to values: flat events, so that no depth of input is our own depth."""

    def __init__(self, most_nodes: int) -> None:
        self.found: list[tuple[int, Trail, str]] = []
        self.lines: dict[Trail, int] = {}
        self._most_nodes = most_nodes
        self._nodes = 0

    def document(self, events: Iterator[Event]) -> Written:
        value: Written = ""
        seen = False
        for event in events:
            match event:
                case DocumentStartEvent() if seen:
                    _refuse(_line(event), "a second document; one file holds one")
                case StreamStartEvent() | DocumentStartEvent():
                    pass
                case DocumentEndEvent() | StreamEndEvent():
                    pass
                case _:
                    value = self._node(event, events, ())
                    seen = True
        if not seen:
            _refuse(0, "empty; nothing is written in it")
        return value

    def _node(self, event: Event, events: Iterator[Event], trail: Trail) -> Written:
        self._nodes += 1
        if self._nodes > self._most_nodes:
            what = f"more than {self._most_nodes} entries; split the file"
            _refuse(_line(event), what)
        if len(trail) > DEEPEST:
            _refuse(_line(event), f"more than {DEEPEST} levels deep; write it flatter")
        self.lines.setdefault(trail, _line(event))
        self._look_at(event, trail)
        match event:
            case MappingStartEvent():
                return self._mapping(events, trail)
            case SequenceStartEvent():
                return self._sequence(events, trail)
            case ScalarEvent():
                return str(event.value)
            case _:  # an alias, which _look_at has told
                return ""

    def _mapping(self, events: Iterator[Event], trail: Trail) -> Written:
        entries: dict[str, Written] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            if not isinstance(event, ScalarEvent):
                _refuse(_line(event), "a key that is not text; write `key: value`")
            self._look_at(event, trail)
            key = str(event.value)
            here = (*trail, key)
            if key in entries:
                first = self.lines[here]
                what = f"written twice, first at line {first}; delete one"
                self.found.append((_line(event), here, what))
            else:
                self.lines[here] = _line(event)
            entries[key] = self._node(next(events), events, here)
        return entries

    def _sequence(self, events: Iterator[Event], trail: Trail) -> Written:
        entries: list[Written] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            entries.append(self._node(event, events, (*trail, str(len(entries)))))
        return entries

    def _look_at(self, event: Event, trail: Trail) -> None:
        line = _line(event)
        if isinstance(event, AliasEvent):
            what = f"alias {'*' + str(event.anchor)!r} is not used here; write it out"
            self.found.append((line, trail, what))
        elif isinstance(event, NodeEvent) and event.anchor is not None:
            what = f"anchor {'&' + str(event.anchor)!r} is not used here; delete it"
            self.found.append((line, trail, what))
        tag = getattr(event, "tag", None)
        if tag is not None:
            what = f"tag {str(tag)!r} is not used here; write the plain value"
            self.found.append((line, trail, what))


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1
