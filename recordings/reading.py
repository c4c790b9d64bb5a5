"""Recordings found by their ids and opened, sealed or still plain."""

import os
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import structlog

from recordings.disk import wipe
from recordings.errors import NoRecording, RecordingError
from recordings.naming import PLAIN_SUFFIX, SUFFIX, ids_in, kept_path
from recordings.sealed import Sealed, Sealing, Whose
from recordings.store import keep_sealed
from recordings.vault import Vault

log = structlog.get_logger()

_BLOCK_BYTES = 1 << 16


class Sound(Protocol):
    """The plain sound of a recording, opened."""

    size_bytes: int

    def read(self, first: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Give the sound from byte ``first`` up to ``end``, in pieces."""

    def close(self) -> None:
        """Let go of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A recording in its folder."""

    path: Path
    call_id: str
    offer_id: str

    @property
    def is_sealed(self) -> bool:
        """False for one that a release before sealing kept."""
        return self.path.name.endswith(SUFFIX)


def open_recording(vault: Vault, path: str, *, call_id: str, offer_id: str) -> Sound:
    """Open a recording.

    Args:
        vault: Where recordings and their keys are.
        path: What its record says; believed only where it fits the ids.
        call_id: The call.
        offer_id: The offer by which the agent got it.

    Raises:
        UnsafeName: Ids or path are not of the form that they have.
        NoRecording: There is no file.
        SealError: It cannot be opened, or is not what was sealed.
        OSError: The disk refused.
    """
    kept = vault.recordings / kept_path(path, call_id, offer_id)
    plain = kept.with_name(kept.name.removesuffix(SUFFIX) + PLAIN_SUFFIX)
    if not kept.exists() and plain.is_file() and not plain.is_symlink():
        return _Plain(plain)
    # Before the file: of a shredded case there is none, and this says why.
    key = vault.key_of(call_id)
    try:
        return Sealed(kept, Whose(call_id=call_id, offer_id=offer_id, key=key))
    except FileNotFoundError:
        raise NoRecording(call_id, offer_id) from None


def found_in(folder: Path) -> Iterator[Found]:
    """Give every recording in a folder, in the order of days and names."""
    for path in sorted(folder.glob("[0-9]*/[0-9]*/[0-9]*/*.wav*")):
        if (ids := ids_in(path.name)) and path.is_file() and not path.is_symlink():
            yield Found(path=path, call_id=ids[0], offer_id=ids[1])


def seal_earlier(vault: Vault) -> int:
    """Seal what a release before sealing kept plain; return how many.

    Cut short, it goes on at the next call. What cannot be sealed stays, and is told.
    """
    count = 0
    for found in found_in(vault.recordings):
        if found.is_sealed:
            continue
        try:
            _seal(vault, found)
            count += 1
        except (OSError, RecordingError, wave.Error) as error:
            log.warning("not_sealed", call_id=found.call_id, reason=str(error))
    return count


def _seal(vault: Vault, found: Found) -> None:
    made_at = datetime.fromtimestamp(found.path.stat().st_mtime, UTC)
    key = vault.key_for(found.call_id, at=made_at)
    whose = Whose(call_id=found.call_id, offer_id=found.offer_id, key=key)

    def write(out: Sealing) -> int:
        with found.path.open("rb") as plain:
            while block := plain.read(_BLOCK_BYTES):
                out.write(block)
        return 0

    keep_sealed(found.path.with_name(f"{found.path.stem}{SUFFIX}"), whose, write)
    wipe(found.path)


class _Plain:
    """A recording that is not sealed yet."""

    def __init__(self, path: Path) -> None:
        self._file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
        self.size_bytes = os.fstat(self._file.fileno()).st_size

    def read(self, first: int = 0, end: int | None = None) -> Iterator[bytes]:
        end = self.size_bytes if end is None else min(end, self.size_bytes)
        self._file.seek(first)
        while block := self._file.read(min(_BLOCK_BYTES, end - first)):
            first += len(block)
            yield block

    def close(self) -> None:
        self._file.close()
