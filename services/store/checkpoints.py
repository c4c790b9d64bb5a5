"""Checkpoints beside the journal: what the engine knew at an entry."""

import os
import re
from pathlib import Path
from zlib import crc32

import structlog
from pydantic import TypeAdapter, ValidationError

from acd.core.remembered import Remembered

log = structlog.get_logger()

KEPT = 2
"""The one before stands in where the newest is damaged."""

_FORM = TypeAdapter(Remembered)
_NAME = re.compile(r"(\d{20})\.checkpoint")
_SUM_CHARS = 8


def dumped(remembered: Remembered) -> bytes:
    """Write a memory down as JSON."""
    return _FORM.dump_json(remembered)


def loaded(text: bytes) -> Remembered:
    """Read what ``dumped`` wrote.

    Raises:
        ValidationError: It is of another form, as another release may write it.
    """
    return _FORM.validate_json(text)


def write(folder: Path, seq: int, text: bytes) -> None:
    """Keep what was known behind an entry, whole or not at all; drop the oldest.

    Args:
        folder: The journal's.
        seq: The entry; it must be on disk, or a later one would get its number.
        text: As ``dumped`` made it.

    Raises:
        OSError: The disk does not take it; what was kept before stays.
    """
    path = folder / f"{seq:020d}.checkpoint"
    draft = path.with_suffix(".new")
    try:
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(b"%08x\n%s" % (crc32(text), text))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    for _, old in kept(folder)[:-KEPT]:
        old.unlink(missing_ok=True)


def kept(folder: Path) -> list[tuple[int, Path]]:
    """Return the checkpoints with their entries, oldest first."""
    named = ((_NAME.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted((int(name[1]), path) for name, path in named if name)


def newest(folder: Path, *, up_to_seq: int) -> tuple[int, Remembered] | None:
    """Return the last checkpoint that can be read, and its entry.

    Args:
        folder: The journal's.
        up_to_seq: The journal's last entry. What is said to lie behind it belongs to
            another journal, or to one whose end was lost.

    Returns:
        None where there is none; the journal tells all from its beginning, then.
    """
    for seq, path in reversed(kept(folder)):
        if seq > up_to_seq:
            why = f"the journal ends at entry {up_to_seq}"
            log.warning("checkpoint_passed_over", path=str(path), why=why)
            continue
        try:
            return seq, read(path)
        except (OSError, ValueError) as error:
            # ValidationError is a ValueError; its text would bring callers' numbers.
            is_other = isinstance(error, ValidationError)
            why = "it is of another form" if is_other else str(error)
            log.warning("checkpoint_passed_over", path=str(path), why=why)
    return None


def read(path: Path) -> Remembered:
    """Read one checkpoint.

    Raises:
        OSError: It cannot be read.
        ValueError: It is damaged, or of another form.
    """
    return loaded(_checked(path.read_bytes()))


def _checked(content: bytes) -> bytes:
    told, _, text = content.partition(b"\n")
    found = b"%08x" % crc32(text)
    if len(told) != _SUM_CHARS or told != found:
        raise ValueError(f"the sum is {found.decode()}, written was {told[:20]!r}")
    return text
