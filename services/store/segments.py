"""Segments of the journal: files of lines, each with its number and its sum."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO
from zlib import crc32

from pydantic_core import from_json, to_json

from acd.vocabulary.facts import Fact
from acd.vocabulary.wire import from_wire, to_wire
from services.store.errors import JournalDamaged

_BLOCK_BYTES = 1 << 18
_SUM_CHARS = 8
_LINE = re.compile(
    rb"([0-9a-f]{8})\t((\d{1,18})\t(told|established|refused)\t(\{.*\}))"
)


class Origin(StrEnum):
    """Where a fact came from, and whether it counted."""

    TOLD = "told"
    """From outside; the engine took it in."""
    ESTABLISHED = "established"
    """Stated by the engine itself."""
    REFUSED = "refused"
    """From outside; the engine was left as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the journal."""

    seq: int
    """From 1, rising by one."""
    origin: Origin
    text: str
    """The fact in its wire form, as JSON, of whatever version it was written."""
    known: Fact | None = None
    """The fact itself, where this process wrote it and has it still."""

    def fact(self) -> Fact:
        """Return the fact.

        Raises:
            WireError: It was written by a newer release.
        """
        return self.known or from_wire(from_json(self.text))


OnDamage = Callable[[JournalDamaged], None]


def entry_for(seq: int, origin: Origin, fact: Fact) -> Entry:
    """Return the entry of a fact.

    Raises:
        WireError: The fact has no wire form, as with a naive instant.
    """
    text = _json(to_wire(fact)).decode()
    return Entry(seq=seq, origin=origin, text=text, known=fact)


def line_of(entry: Entry) -> bytes:
    """Return the line of an entry: sum, number, origin, JSON and its end."""
    rest = f"{entry.seq}\t{entry.origin.value}\t{entry.text}".encode()
    return b"%08x\t%s\n" % (crc32(rest), rest)


def _json(told: dict[str, Any]) -> bytes:
    # pydantic's JSON takes a quarter of the time of the standard library's.
    try:
        return to_json(told)
    except ValueError:
        # Half a surrogate pair, from a name that was no UTF-8. No reader down the
        # road could take it, PostgreSQL the least.
        return to_json(_readable(told))


def _readable(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {key: _readable(item) for key, item in value.items()}
        case list():
            return [_readable(item) for item in value]
        case _:
            return value


def entry_of(line: bytes) -> Entry | str:
    """Return the entry on a line (without its end), or what is wrong with it."""
    match = _LINE.fullmatch(line)
    if match is None:
        return f"this is no entry: {line[:40]!r}"
    told, rest, seq, origin, text = match.groups()
    found = b"%08x" % crc32(rest)
    if found != told:
        return f"the sum is {found.decode()}, written was {told.decode()}"
    return Entry(seq=int(seq), origin=Origin(origin.decode()), text=text.decode())


def segment_path(folder: Path, first_seq: int) -> Path:
    """Return the file of the segment that begins with an entry."""
    return folder / f"{first_seq:020d}.journal"


def segments(folder: Path) -> list[Path]:
    """Return the segments of a journal, oldest first."""
    return sorted(folder.glob("[0-9]*.journal"))


def first_seq_of(path: Path) -> int:
    """Return the number of the first entry of a segment, by its name."""
    return int(path.stem)


def lines_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield each line of a segment with its offset; the last may lack its end."""
    offset = 0
    with path.open("rb") as file:
        for line in file:
            yield offset, line
            offset += len(line)


class Reader:
    """Reads a journal onwards from an entry, also while it grows."""

    def __init__(
        self, folder: Path, from_seq: int, *, on_damage: OnDamage | None = None
    ) -> None:
        """Begin before an entry; nothing is opened yet.

        Args:
            folder: Where the segments are.
            from_seq: The first entry wanted.
            on_damage: Told of each damaged line, which is then passed over. None
                means that it is raised.
        """
        self._folder = folder
        self._next_seq = from_seq
        self._on_damage = on_damage
        self._path: Path | None = None
        self._file: BinaryIO | None = None
        self._offset = 0
        self._rest = b""
        self._unread: Entry | None = None

    @property
    def next_seq(self) -> int:
        """The entry that comes next, if it is there."""
        return self._next_seq

    def close(self) -> None:
        """Let go of the open segment."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def batch(self, *, limit: int, up_to_seq: int) -> list[Entry]:
        """Return the next entries, none when there are none yet.

        Args:
            limit: At most so many.
            up_to_seq: None after this one: what is not surely on disk is not read.

        Raises:
            JournalDamaged: A line is not what was written, and there is nobody to
                tell. The next call goes on after it.
        """
        entries: list[Entry] = []
        while len(entries) < limit and self._next_seq <= up_to_seq:
            entry = self._unread or self._read()
            self._unread = None
            if entry is None:
                break
            if entry.seq > up_to_seq:
                self._unread = entry
                break
            entries.append(entry)
            self._next_seq = entry.seq + 1
        return entries

    def _read(self) -> Entry | None:
        while (line := self._line()) is not None:
            if self._is_before(line):
                continue
            entry = entry_of(line)
            if isinstance(entry, Entry):
                return entry
            assert self._path is not None  # noqa: S101 - a line came from it
            damage = JournalDamaged(self._path, self._offset - len(line) - 1, entry)
            if self._on_damage is None:
                raise damage
            self._on_damage(damage)
        return None

    def _is_before(self, line: bytes) -> bool:
        # A segment may be long, and what is wanted near its end.
        seq = line[_SUM_CHARS + 1 :].partition(b"\t")[0]
        return seq.isdigit() and int(seq) < self._next_seq

    def _line(self) -> bytes | None:
        while True:
            line, end, rest = self._rest.partition(b"\n")
            if end:
                self._rest = rest
                self._offset += len(line) + 1
                return line
            if not self._more():
                return None

    def _more(self) -> bool:
        """Read on, in the next segment when this one is at its end."""
        if self._fill():
            return True
        following = self._following()
        if following is None:
            return False
        # The writer may have ended this segment after we looked.
        if self._fill():
            return True
        self.close()
        self._path, self._file = following, following.open("rb")
        self._offset, self._rest = 0, b""
        return self._fill()

    def _fill(self) -> bool:
        block = b"" if self._file is None else self._file.read(_BLOCK_BYTES)
        self._rest += block
        return bool(block)

    def _following(self) -> Path | None:
        there = segments(self._folder)
        if self._path is not None:
            return next((path for path in there if path > self._path), None)
        begun = [path for path in there if first_seq_of(path) <= self._next_seq]
        return begun[-1] if begun else next(iter(there), None)
