"""Flags that people switch on for all calls, kept in a file of the data folder."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import structlog

from recordings.disk import put

log = structlog.get_logger()

FLAGS = Path("flags.json")
"""In the data folder; by hand ``{"storm": true}`` would do, and names nobody."""
STORM = "storm"

_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One flag that is up, or was until its end."""

    name: str
    since: datetime | None = None
    """None of one that was put up by hand."""
    until: datetime | None = None
    """When it falls back by itself; None for never."""
    by: str = ""
    note: str = ""

    def is_up(self, at: datetime) -> bool:
        """Tell whether it is up at an instant."""
        return self.until is None or at < self.until


class Flags:
    """The flags as the file has them, read again when it was changed."""

    def __init__(self, data: Path) -> None:
        """Read nothing yet."""
        self._path = data / FLAGS
        self._stamp: _Stamp | None = None
        self._flags: Mapping[str, Flag] = MappingProxyType({})

    def is_up(self, name: str, at: datetime) -> bool:
        """Tell whether a flag is up at an instant; one that nobody put up is not."""
        flag = self.all().get(name)
        return flag is not None and flag.is_up(at)

    def all(self) -> Mapping[str, Flag]:
        """Return those that were put up, by name; of some the end may be over."""
        try:
            found = self._path.stat()
            # A file that is put in its place within one tick of the clock is another.
            stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
        except OSError:
            stamp = None
        if stamp != self._stamp:
            self._stamp = stamp
            self._flags = MappingProxyType(self._read() if stamp else {})
        return self._flags

    def put(self, name: str, flag: Flag | None) -> None:
        """Put a flag up, or down with None; the file is whole before and after.

        Raises:
            OSError: The disk does not take it; what was there stays.
        """
        flags = {one.name: one for one in self.all().values() if one.name != name}
        if flag is not None:
            flags[name] = flag
        self._write(flags.values())

    def _write(self, flags: Iterable[Flag]) -> None:
        told = {
            flag.name: {
                "since": flag.since and flag.since.isoformat(),
                "until": flag.until and flag.until.isoformat(),
                "by": flag.by,
                "note": flag.note,
            }
            for flag in flags
        }
        told_as = json.dumps(told, ensure_ascii=False, indent=1)
        put(self._path, told_as.encode())

    def _read(self) -> dict[str, Flag]:
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            read = [self._flag(name, one) for name, one in told.items()]
        except (OSError, ValueError, AttributeError) as error:
            log.warning("flags_unreadable", path=str(self._path), why=str(error))
            return {}
        return {flag.name: flag for flag in read if flag is not None}

    def _flag(self, name: str, told: object) -> Flag | None:
        """Return a flag of the file; None for one that is down, or cannot be read."""
        if isinstance(told, bool):
            return Flag(name=name) if told else None
        if not isinstance(told, dict):
            return None
        try:
            return Flag(
                name=name,
                since=_instant(told.get("since")),
                until=_instant(told.get("until")),
                by=str(told.get("by", "")),
                note=str(told.get("note", "")),
            )
        except (ValueError, TypeError) as error:
            path = str(self._path)
            log.warning("flag_unreadable", flag=name, path=path, why=str(error))
            return None


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r}: an instant needs its zone")
    return at
