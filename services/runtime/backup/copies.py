"""Copies files with their sums, and what of an instance's folder goes into a backup."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from services.runtime.backup.errors import BackupDamaged
from services.runtime.backup.manifest import Sum, sum_of
from services.store.segments import Entry, entry_of, first_seq_of, lines_of, segments

_BLOCK_BYTES = 1 << 20
CHECKPOINTS = "*.checkpoint"
_SEALED = ".sealed"


class Copies:
    """Copies into one folder; what was copied is known with its sums."""

    def __init__(self, folder: Path) -> None:
        """Copy nothing yet; the folder must be there."""
        self.folder = folder
        self.sums: dict[str, Sum] = {}

    def take(self, source: Path, name: str, *, size_bytes: int | None = None) -> None:
        """Copy a file, as it is now or its first bytes, with mode 0600.

        Raises:
            OSError: It cannot be read, or there is no room.
        """
        target = self._place(name)
        fd = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        counted, copied = hashlib.sha256(), 0
        with (
            os.fdopen(fd, "rb") as file,
            os.fdopen(os.open(target, flags, 0o600), "wb") as out,
        ):
            left = os.fstat(fd).st_size if size_bytes is None else size_bytes
            while left and (block := file.read(min(_BLOCK_BYTES, left))):
                out.write(block)
                counted.update(block)
                copied, left = copied + len(block), left - len(block)
            out.flush()
            os.fsync(out.fileno())
        self.sums[name] = Sum(size_bytes=copied, sha256=counted.hexdigest())

    def link(self, source: Path, name: str) -> None:
        """Take a file that is never written again: linked where it can be, else copied.

        Raises:
            OSError: It cannot be read, or there is no room.
        """
        target = self._place(name)
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError:
            self.take(source, name)
        else:
            self.sums[name] = sum_of(target)

    def made(self, name: str) -> None:
        """Take in a file that was written here by another."""
        self.sums[name] = sum_of(self.folder / name)

    def tree(self, source: Path, name: str) -> None:
        """Copy every file under a folder; nothing where there is none."""
        for path in files_in(source):
            self.take(path, f"{name}/{path.relative_to(source).as_posix()}")

    def recordings(self, source: Path) -> None:
        """Copy recordings: first the days, then the keys of cases.

        A recording comes after its key, so each that is here has its key here too.
        """
        days = [one for one in _folders(source) if one.name.isdigit()]
        for day in days:
            for path in files_in(day):
                name = f"recordings/{path.relative_to(source).as_posix()}"
                # What is not sealed yet is overwritten once it is.
                take = self.link if path.suffix == _SEALED else self.take
                _unless_gone(take, path, name)
        for path in files_in(source / "keys"):
            if path.suffix == ".key":
                name = f"recordings/{path.relative_to(source).as_posix()}"
                _unless_gone(self.take, path, name)

    def journal(self, source: Path) -> int:
        """Copy a journal that may be growing, its checkpoints first.

        Returns:
            The number of the last entry that was copied; 0 for none.
        """
        for path in sorted(source.glob(CHECKPOINTS)):
            _unless_gone(self.take, path, f"journal/{path.name}")
        self.take(source / "id", "journal/id")
        there = segments(source)
        for path in there[:-1]:
            _unless_gone(self.take, path, f"journal/{path.name}")
        if not there:
            return 0
        last = there[-1]
        seq, size_bytes = whole_end(last)
        self.take(last, f"journal/{last.name}", size_bytes=size_bytes)
        return seq

    def _place(self, name: str) -> Path:
        target = self.folder / name
        above = [one for one in target.parents if one.is_relative_to(self.folder)]
        # With parents=True those above would be open to others.
        for folder in reversed(above):
            folder.mkdir(mode=0o700, exist_ok=True)
        return target


def _unless_gone(take: Callable[[Path, str], None], path: Path, name: str) -> None:
    # Shredded, or let go for it is on record, since the folder was looked at.
    try:
        take(path, name)
    except FileNotFoundError:
        if path.exists():
            raise


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if one.is_dir())
    except FileNotFoundError:
        return []


def files_in(folder: Path) -> Iterator[Path]:
    """Give every file under a folder, links left out, in the order of names."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path


def whole_end(segment: Path) -> tuple[int, int]:
    """Return the last whole entry of a segment, and the size up to its end."""
    seq, size_bytes = first_seq_of(segment) - 1, 0
    for offset, line in lines_of(segment):
        if not line.endswith(b"\n"):
            break
        size_bytes = offset + len(line)
        entry = entry_of(line[:-1])
        # A damaged line has its number all the same.
        seq = entry.seq if isinstance(entry, Entry) else seq + 1
    return seq, size_bytes


def put_back(
    source: Path, target: Path, names: Iterable[str], sums: Mapping[str, Sum]
) -> None:
    """Copy files of a backup to their places; each is compared once more.

    Raises:
        BackupDamaged: One changed while it was copied.
        OSError: There is no room.
    """
    copies = Copies(target)
    for name in names:
        copies.take(source / name, name)
        if copies.sums[name] != sums[name]:
            raise BackupDamaged(source / name, found="it changed while it was copied")
