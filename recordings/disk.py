"""Files that are there whole or not at all, and files of which nothing is left."""

import os
from pathlib import Path

_BLOCK_BYTES = 1 << 20


def sync_folder(folder: Path) -> None:
    """See that the names in a folder are on disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def put(path: Path, content: bytes) -> None:
    """Put a file of ours alone in its place, or a new one in the place of an old.

    What the old one held is overwritten, once the new one is surely there.
    """
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    try:
        old = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        old = None
    try:
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(fd)
        draft.replace(path)
        sync_folder(path.parent)
        if old is not None:
            _overwrite(old)
    finally:
        if old is not None:
            os.close(old)


def wipe(path: Path) -> None:
    """Overwrite a file, then delete it.

    On a disk that writes elsewhere (flash, copy-on-write, a journal of data) the old
    blocks may live on for a while: that is why sound is sealed, and keys are shredded.
    """
    fd = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    try:
        _overwrite(fd)
    finally:
        os.close(fd)
    path.unlink()


def _overwrite(fd: int) -> None:
    left = os.fstat(fd).st_size
    os.lseek(fd, 0, os.SEEK_SET)
    while left > 0:
        left -= os.write(fd, b"\0" * min(left, _BLOCK_BYTES))
    os.fdatasync(fd)
