"""Asterisk's log of queues as a file: read from where we left it, then emptied."""

from __future__ import annotations

import ctypes
import os
from collections import deque
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger(__name__)

_FALLOC_FL_KEEP_SIZE: Final = 1
_FALLOC_FL_PUNCH_HOLE: Final = 2
_KEPT_S: Final = 5.0
"""What was read is kept so long: until then it is in the journal."""
_EMPTIED_EVERY_S: Final = 5.0
_MOST_BYTES: Final = 16 << 20
"""Read at once; a storm of an hour fits."""


class SwitchLog:
    """One file that Asterisk only appends to, and who reads it.

    Lines are given out once. What was read some seconds ago is emptied (a hole is
    punched, so that Asterisk's place in the file stays what it is): it names callers.
    """

    def __init__(self, path: Path, mark: Path) -> None:
        """Begin where the mark says.

        Args:
            path: Asterisk's ``queue_log``; it need not be there yet.
            mark: File of ours that remembers how far it was read.
        """
        self._path = path
        self._mark = mark
        self._inode, self._read_to = _marked(mark)
        self._emptied_at_s = -_EMPTIED_EVERY_S
        self._reached: deque[tuple[float, int]] = deque()
        self._problems: dict[str, str] = {}

    def lines(self, now_s: float) -> list[str]:
        """Return the whole lines that came since the last time.

        Args:
            now_s: Monotonic seconds.
        """
        try:
            there = self._path.stat()
            if there.st_ino != self._inode or there.st_size < self._read_to:
                self._inode, self._read_to = there.st_ino, 0
                self._reached.clear()
            if there.st_size == self._read_to:
                return []
            chunk = _read_from(self._path, self._read_to, there.st_size)
        except FileNotFoundError:
            return []
        except OSError as error:
            self._complain("switch_log_unreadable", error)
            return []
        self._problems.pop("switch_log_unreadable", None)
        end = chunk.rfind(b"\n") + 1
        if not end:
            return []
        self._read_to += end
        self._reached.append((now_s, self._read_to))
        text = chunk[:end].replace(b"\0", b"").decode(errors="replace")
        return text.splitlines()

    def empty(self, now_s: float) -> None:
        """Remember how far it was read, and empty what was read long enough ago.

        What cannot be emptied now is tried again.
        """
        if now_s < self._emptied_at_s + _EMPTIED_EVERY_S:
            return
        done, old = 0, 0
        for read_at_s, read_to in self._reached:
            if read_at_s > now_s - _KEPT_S:
                break
            done, old = read_to, old + 1
        if not done:
            return
        draft = self._mark.with_name(f"{self._mark.name}.new")
        try:
            draft.write_text(f"{self._inode} {done}\n", encoding="ascii")
            draft.replace(self._mark)
            _punch(self._path, done)
        except OSError as error:
            self._complain("switch_log_not_emptied", error)
            return
        self._emptied_at_s = now_s
        self._problems.pop("switch_log_not_emptied", None)
        for _ in range(old):
            self._reached.popleft()

    def _complain(self, event: str, error: OSError) -> None:
        # Twice a second while the disk is full: once is enough.
        if self._problems.get(event) != str(error):
            self._problems[event] = str(error)
            log.warning(event, reason=str(error))


def _marked(mark: Path) -> tuple[int, int]:
    try:
        inode, read_to = mark.read_text(encoding="ascii").split()
        return int(inode), int(read_to)
    except (FileNotFoundError, ValueError):
        return 0, 0


def _read_from(path: Path, place: int, end: int) -> bytes:
    # Read whenever a leg ends: a file object costs ten times, and more room than there
    # is to be read as much again.
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(handle, min(end - place, _MOST_BYTES), place)
    finally:
        os.close(handle)


def _punch(path: Path, length: int) -> None:
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        mode = _FALLOC_FL_PUNCH_HOLE | _FALLOC_FL_KEEP_SIZE
        arguments = (ctypes.c_int64(0), ctypes.c_int64(length))
        if libc.fallocate(handle, mode, *arguments) != 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
    finally:
        os.close(handle)
