"""YAML read safely: every scalar as text, every place with its line."""

import errno
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
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
from yaml.reader import ReaderError

from ivr.wording import Wording

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

    def __init__(self, found: list[tuple[int, Trail, Wording]]) -> None:
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
        _refuse(
            0,
            en=f"too large, more than {LARGEST_BYTES} bytes; split it",
            zh=f"文件太大，超过 {LARGEST_BYTES} 字节；请拆成几个文件",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = raw[error.start : error.start + 1]
        _refuse(
            line,
            en=f"not UTF-8, found {found!r}; save it as UTF-8",
            zh=f"不是 UTF-8 编码，出现了 {found!r}；请另存为 UTF-8",
        )


def _build(building: "_Building", text: str) -> Written:
    """Read by libyaml, seventeen times as fast as the reader in Python.

    What it refuses is read again by that one, which says better what is wrong.
    """
    try:
        return building.document(yaml.parse(text, Loader=yaml.CSafeLoader))
    except YAMLError:
        building.forget()
        return _build_in_words(building, text)


def _build_in_words(building: "_Building", text: str) -> Written:
    try:
        return building.document(yaml.parse(text, Loader=yaml.SafeLoader))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        _refuse(
            mark.line + 1 if mark else 0,
            en=f"not YAML: {error.problem}",
            zh=f"不是正确的 YAML：{_not_yaml_zh(str(error.problem))}",
        )
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        character = chr(int(error.character))
        _refuse(
            line,
            en=f"not YAML: has {character!r}, which is not text; delete it",
            zh=f"不是正确的 YAML：含有 {character!r}，这不是文字；请删除",
        )
    except YAMLError as error:
        _refuse(
            0,
            en=f"not YAML: {error}",
            zh=f"不是正确的 YAML：{_not_yaml_zh(str(error))}",
        )


def _not_yaml_zh(problem: str) -> str:
    """Return in Chinese what the reader of YAML says; it speaks English alone."""
    if "'\\t'" in problem:
        return "此处有制表符；缩进请用空格"
    if "mapping values are not allowed" in problem:
        return "此处不能出现冒号；请检查缩进，文字中有冒号时请加引号"
    if "unexpected end of stream" in problem:
        return "引号没有结束；请补上后一个引号"
    if "expected ',' or" in problem:
        return "括号没有成对；请补上后一个括号"
    if "expected <block end>" in problem:
        return "缩进与上文对不齐；请与同级的行对齐"
    return f"此处写法不对（{problem}）；请检查缩进、冒号、括号和引号"


def _refuse(line: int, *, en: str, zh: str) -> NoReturn:
    raise SourceRefused([(line, (), Wording(en=en, zh=zh))])


def _read_bytes(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            _refuse(
                0,
                en="not a file; a pipe, a folder or a device is not read",
                zh="不是普通文件；管道、文件夹和设备一律不读取",
            )
        with path.open("rb") as opened:
            return opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        _refuse(
            0,
            en=f"cannot be read: {error.strerror}; is the path right?",
            zh=f"无法读取：{unread_zh(error)}；请检查路径是否正确",
        )


def unread_zh(error: OSError) -> str:
    """Return in Chinese why a path cannot be read; the system speaks English."""
    match error.errno:
        case errno.ENOENT:
            return "路径不存在"
        case errno.EACCES:
            return "没有读取权限"
        case errno.ENOTDIR:
            return "路径中有一段不是文件夹"
        case _:
            return str(error.strerror)


class _Building:
    """Events to values: flat events, so that no depth of input is our own depth."""

    def __init__(self, most_nodes: int) -> None:
        self.found: list[tuple[int, Trail, Wording]] = []
        self.lines: dict[Trail, int] = {}
        self._most_nodes = most_nodes
        self._nodes = 0

    def forget(self) -> None:
        """Begin anew."""
        self.found.clear()
        self.lines.clear()
        self._nodes = 0

    def document(self, events: Iterator[Event]) -> Written:
        value: Written = ""
        seen = False
        for event in events:
            match event:
                case DocumentStartEvent() if seen:
                    _refuse(
                        _line(event),
                        en="a second document; one file holds one",
                        zh="出现了第二个 YAML 文档；一个文件只写一个",
                    )
                case StreamStartEvent() | DocumentStartEvent():
                    pass
                case DocumentEndEvent() | StreamEndEvent():
                    pass
                case _:
                    value = self._node(event, events, ())
                    seen = True
        if not seen:
            _refuse(
                0,
                en="empty; nothing is written in it",
                zh="文件是空的；请写上内容",
            )
        return value

    def _node(self, event: Event, events: Iterator[Event], trail: Trail) -> Written:
        self._nodes += 1
        if self._nodes > self._most_nodes:
            _refuse(
                _line(event),
                en=f"more than {self._most_nodes} entries; split the file",
                zh=f"超过 {self._most_nodes} 项；请拆成几个文件",
            )
        if len(trail) > DEEPEST:
            _refuse(
                _line(event),
                en=f"more than {DEEPEST} levels deep; write it flatter",
                zh=f"嵌套超过 {DEEPEST} 层；请减少嵌套",
            )
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
                _refuse(
                    _line(event),
                    en="a key that is not text; write `key: value`",
                    zh="冒号前的名称不是文字；请写成 `key: value`",
                )
            self._look_at(event, trail)
            key = str(event.value)
            here = (*trail, key)
            if key in entries:
                first = self.lines[here]
                what = Wording(
                    en=f"written twice, first at line {first}; delete one",
                    zh=f"写了两次，第一次在第 {first} 行；请删除一处",
                )
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
            alias = "*" + str(event.anchor)
            what = Wording(
                en=f"alias {alias!r} is not used here; write it out",
                zh=f"不支持别名 {alias!r}；请把内容写全",
            )
            self.found.append((line, trail, what))
        elif isinstance(event, NodeEvent) and event.anchor is not None:
            anchor = "&" + str(event.anchor)
            what = Wording(
                en=f"anchor {anchor!r} is not used here; delete it",
                zh=f"不支持锚点 {anchor!r}；请删除",
            )
            self.found.append((line, trail, what))
        tag = getattr(event, "tag", None)
        if tag is not None:
            what = Wording(
                en=f"tag {str(tag)!r} is not used here; write the plain value",
                zh=f"不支持标签 {str(tag)!r}；请直接写值",
            )
            self.found.append((line, trail, what))


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1
