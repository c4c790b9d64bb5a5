"""The journal: every fact, once, in order, on this machine's disk."""

import asyncio
import contextlib
import fcntl
import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from acd.vocabulary.facts import Fact
from acd.vocabulary.wire import WireError
from services.store.errors import JournalClosed, JournalDamaged, JournalInUse
from services.store.segments import (
    Entry,
    OnDamage,
    Origin,
    Reader,
    entry_for,
    entry_of,
    first_seq_of,
    line_of,
    lines_of,
    segment_path,
    segments,
)

log = structlog.get_logger()

SEGMENT_BYTES = 64 << 20
HELD_ENTRIES = 200_000
"""What memory holds while the disk refuses: about an hour of a busy floor."""
_COMMIT_EVERY_S = 0.08
_RETRY_S = 1.0
_READ_ENTRIES = 1000
_RECENT_ENTRIES = 4000
_Pending = tuple[int, Origin, Fact]


class Journal:
    """An append-only journal in a folder; one process writes it at a time."""

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        held_entries: int = HELD_ENTRIES,
    ) -> None:
        """Open a journal, or begin one; a torn end is dropped.

        Args:
            folder: Of this journal alone; made when it is not there.
            segment_bytes: How large a file grows before the next is begun.
            held_entries: How many entries memory holds while the disk refuses.

        Raises:
            JournalInUse: Another process writes it.
            OSError: The folder cannot be made, read or written.
        """
        # Callers' numbers and names stand in it.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self._lock = _lock(folder)
        self.journal_id = _journal_id(folder)
        self._segment_bytes = segment_bytes
        self._held_entries = held_entries
        self._path, self._last_seq, self._size = _recover(folder)
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._flushed_seq = self._last_seq
        self._pending: deque[_Pending] = deque()
        self._recent: deque[Entry] = deque(maxlen=_RECENT_ENTRIES)
        self._recent_lock = threading.Lock()
        self._wanted = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self.grown = asyncio.Event()
        """Set after each flush; whoever ships from here clears it."""
        self.syncs = 0
        """How often the disk was waited for."""
        self.sync_s = 0.0
        """How long in all."""
        self._problem: str | None = None
        self._lost = 0

    @property
    def last_seq(self) -> int:
        """The number of the newest entry, on disk or not; 0 for none."""
        return self._last_seq

    @property
    def first_seq(self) -> int:
        """The number of the oldest entry that is kept here; 1 for a new journal."""
        return first_seq_of(next(iter(segments(self.folder)), self._path))

    @property
    def flushed_seq(self) -> int:
        """The number of the newest entry that is surely on disk; 0 for none."""
        return self._flushed_seq

    @property
    def problem(self) -> str | None:
        """What keeps entries from the disk, or None."""
        return self._problem

    def start(self) -> None:
        """Begin to write; needs a running loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._write_on, name="journal")
        self._thread.start()

    async def close(self) -> None:
        """Write what is left, as far as the disk takes it, and let go."""
        self._closing.set()
        self._wanted.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
            self._thread = None
        os.close(self._fd)
        os.close(self._lock)
        for seq, waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(JournalClosed(seq))

    async def __aenter__(self) -> Self:
        """Begin to write."""
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is left and let go."""
        await self.close()

    def append(self, fact: Fact, origin: Origin) -> int:
        """Take in a fact; return its number at once, before it is on disk.

        Never raises and never waits. While the disk refuses, memory holds entries
        up to a bound; what comes beyond is lost, counted and told in the log, and
        the number returned is that of the last entry held.
        """
        if len(self._pending) >= self._held_entries:
            self._lost += 1
            if self._lost == 1:
                _say("journal_full", folder=str(self.folder), why=self._problem)
            return self._last_seq
        self._last_seq += 1
        self._pending.append((self._last_seq, origin, fact))
        if not self._wanted.is_set():
            self._wanted.set()
        return self._last_seq

    async def flushed(self, seq: int) -> None:
        """Wait until an entry is surely on disk.

        Raises:
            JournalClosed: The journal was closed before.
        """
        if seq <= self._flushed_seq:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append((seq, waiter))
        # The writer wakes only whom it finds waiting.
        if seq > self._flushed_seq:
            await waiter

    def read(
        self, from_seq: int = 1, *, on_damage: OnDamage | None = None
    ) -> Iterator[Entry]:
        """Yield the entries on disk, from one on.

        Raises:
            JournalDamaged: A line is not what was written and ``on_damage`` is None.
        """
        reader = self.reader(from_seq, on_damage=on_damage)
        up_to_seq = self._flushed_seq
        try:
            while batch := reader.batch(limit=_READ_ENTRIES, up_to_seq=up_to_seq):
                yield from batch
        finally:
            reader.close()

    def take_recent(
        self, from_seq: int, *, limit: int, up_to_seq: int
    ) -> list[Entry] | None:
        """Return the next entries from memory, which spares reading them back.

        Memory lets go of what it gives: who needs it again reads it.

        Returns:
            None where memory does not go back so far: read them, then.
        """
        recent = self._recent
        taken: list[Entry] = []
        # The writer's thread adds at the other end, and drops here what is too much.
        with self._recent_lock:
            while recent and recent[0].seq < from_seq:
                recent.popleft()
            if not recent or recent[0].seq > from_seq:
                return None
            while recent and recent[0].seq <= up_to_seq and len(taken) < limit:
                taken.append(recent.popleft())
        return taken

    def reader(self, from_seq: int, *, on_damage: OnDamage | None = None) -> Reader:
        """Return what reads the journal onwards while it grows."""
        return Reader(self.folder, from_seq, on_damage=on_damage)

    def let_go(self, up_to_seq: int, *, keep_days: float) -> int:
        """Delete the segments that nobody needs; return how many.

        Args:
            up_to_seq: Entries up to this one are kept elsewhere.
            keep_days: Segments that were written in this time stay all the same.
        """
        before = time.time() - keep_days * 86_400
        there = segments(self.folder)
        gone = [
            path
            for path, following in pairwise(there)
            if first_seq_of(following) <= up_to_seq + 1
            and path.stat().st_mtime < before
        ]
        # Oldest first, so that no hole comes about where one cannot be deleted.
        for path in gone:
            path.unlink()
        return len(gone)

    # What follows runs in the writer's thread.

    def _write_on(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            is_last = self._closing.is_set()
            began = time.monotonic()
            if batch := self._take():
                self._write_surely(batch)
            if is_last and not self._pending:
                return
            # One sync for all that comes within the interval.
            self._closing.wait(max(0.0, began + _COMMIT_EVERY_S - time.monotonic()))

    def _take(self) -> list[_Pending]:
        return [self._pending.popleft() for _ in range(len(self._pending))]

    def _write_surely(self, batch: list[_Pending]) -> None:
        entries = list(_entries(batch))
        lines = b"".join(map(line_of, entries))
        while True:
            try:
                self._write(lines, first_seq=batch[0][0])
            except OSError as error:
                self._tell_problem(error)
                if self._closing.wait(_RETRY_S):
                    _say("journal_unwritten", entries=len(batch), why=str(error))
                    return
            else:
                self._tell_mended()
                with self._recent_lock:
                    self._recent.extend(entries)
                self._tell_flushed(batch[-1][0])
                return

    def _write(self, lines: bytes, *, first_seq: int) -> None:
        if self._size >= self._segment_bytes:
            self._roll(first_seq)
        try:
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self._fd, rest) :]
            began_s = time.monotonic()
            os.fdatasync(self._fd)
            self.syncs += 1
            self.sync_s += time.monotonic() - began_s
        except OSError:
            # After a failed sync nobody knows what is on disk: it is written again.
            os.ftruncate(self._fd, self._size)
            raise
        self._size += len(lines)

    def _roll(self, first_seq: int) -> None:
        path = segment_path(self.folder, first_seq)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        _sync_folder(self.folder)
        os.close(self._fd)
        self._path, self._fd, self._size = path, fd, 0

    def _tell_problem(self, error: OSError) -> None:
        if self._problem is None:
            _say("journal_refused", path=str(self._path), why=str(error))
        self._problem = (
            f"{self._path}: cannot be written: {error.strerror}; "
            "entries are held in memory until it can"
        )

    def _tell_mended(self) -> None:
        if self._problem is not None:
            _say("journal_mended", path=str(self._path), lost=self._lost)
            self._problem = None
            self._lost = 0

    def _tell_flushed(self, seq: int) -> None:
        self._flushed_seq = seq
        assert self._loop is not None  # noqa: S101 - start() sets it before the thread
        if self._waiters or not self.grown.is_set():
            self._loop.call_soon_threadsafe(self._wake, seq)

    # And this in the loop again.

    def _wake(self, seq: int) -> None:
        self.grown.set()
        if not self._waiters:
            return
        for wanted, waiter in self._waiters:
            if wanted <= seq and not waiter.done():
                waiter.set_result(None)
        self._waiters = [pair for pair in self._waiters if not pair[1].done()]


def _entries(batch: list[_Pending]) -> Iterator[Entry]:
    for seq, origin, fact in batch:
        try:
            yield entry_for(seq, origin, fact)
        except WireError as error:
            # A fault of ours; the entries beside it must not be lost with it.
            _say("fact_not_writable", seq=seq, why=str(error))


def _say(event: str, **values: object) -> None:
    # The log may stand on the same full disk; it must not take the journal with it.
    with contextlib.suppress(OSError):
        log.error(event, **values)


def _lock(folder: Path) -> int:
    fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise JournalInUse(folder) from None
    return fd


def _journal_id(folder: Path) -> str:
    path = folder / "id"
    if not path.exists():
        draft = folder / "id.new"
        draft.write_text(f"{uuid.uuid4()}\n")
        draft.replace(path)
        _sync_folder(folder)
    return str(uuid.UUID(path.read_text().strip()))


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _recover(folder: Path) -> tuple[Path, int, int]:
    """Return the last segment, the number of its last entry and its good size."""
    there = segments(folder)
    if not there:
        return segment_path(folder, 1), 0, 0
    path = there[-1]
    seq, size, torn = first_seq_of(path) - 1, 0, 0
    for offset, line in lines_of(path):
        entry = entry_of(line[:-1]) if line.endswith(b"\n") else "it has no end"
        if isinstance(entry, Entry):
            seq, size, torn = entry.seq, offset + len(line), 0
        else:
            # A whole line has had its number, which must not be given again.
            torn += line.endswith(b"\n")
            damage = JournalDamaged(path, offset, entry)
            log.warning("journal_line_damaged", why=str(damage))
    if size < path.stat().st_size:
        os.truncate(path, size)
        log.warning("journal_end_dropped", path=str(path), offset=size)
    return path, seq + torn, size
