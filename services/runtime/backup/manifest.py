"""What a backup holds, each file with its size and sum; seen to be so before use."""

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeAlias

from services.runtime.backup.errors import BackupDamaged, PlaceRefused

FORM = 1
"""Raised when an older release could not read it."""
NAME = "manifest.json"
_BLOCK_BYTES = 1 << 20

Holds: TypeAlias = Literal["records", "keys"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What a file must be."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One folder of a backup."""

    backup_id: str
    """The same for the records and their keys."""
    holds: Holds
    release: str
    made_at: str
    """When the database was looked at; UTC, ISO 8601."""
    journal_id: str = ""
    shipped_seq: int = 0
    """Up to which entry of the journal the database's copy has all."""
    journaled_seq: int = 0
    """The last entry in the journal's copy; never less than ``shipped_seq``."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Rows of the database by table."""
    files: Mapping[str, Sum] = field(default_factory=dict)
    """By the path in the folder, with slashes."""

    @property
    def size_bytes(self) -> int:
        """The size of all files."""
        return sum(one.size_bytes for one in self.files.values())


def written(manifest: Manifest) -> str:
    """Return the text of a manifest, with its own sum."""
    told = asdict(manifest)
    return json.dumps({"form": FORM, "sha256": _sum_of(told), "told": told}, indent=1)


def read(folder: Path, holds: Holds) -> Manifest:
    """Read the manifest of a backup's folder.

    Raises:
        PlaceRefused: There is none: this is no backup.
        BackupDamaged: It is not what was written, or of a newer release.
    """
    path = folder / NAME
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        found = f"{NAME} cannot be read: {error.strerror}"
        would_do = "name a folder that ./tieline backup made"
        raise PlaceRefused(folder, found=found, would_do=would_do) from None
    except ValueError:
        raise BackupDamaged(path, found="it is not JSON") from None
    try:
        if told["form"] != FORM:
            raise BackupDamaged(path, found=f"its form is {told['form']!r}, not {FORM}")
        if told["sha256"] != _sum_of(told["told"]):
            raise BackupDamaged(path, found="its sum is another than the one it tells")
        manifest = _manifest(told["told"])
    except (KeyError, TypeError, AttributeError) as error:
        raise BackupDamaged(path, found=f"it lacks {error}") from None
    if manifest.holds != holds:
        found = f"it holds the {manifest.holds}, not the {holds}"
        would_do = "name the other of the two folders"
        raise PlaceRefused(folder, found=found, would_do=would_do)
    return manifest


def check(folder: Path, manifest: Manifest) -> None:
    """See that every file of a backup is what was written.

    Raises:
        BackupDamaged: The first that is not, with what was found.
    """
    for name, wanted in manifest.files.items():
        path = folder / name
        try:
            found = sum_of(path)
        except OSError as error:
            raise BackupDamaged(path, found=error.strerror or "unreadable") from None
        if found.size_bytes != wanted.size_bytes:
            size = f"{found.size_bytes} bytes of {wanted.size_bytes}"
            raise BackupDamaged(path, found=size)
        if found.sha256 != wanted.sha256:
            sums = f"its sum is {found.sha256[:12]}…, written was {wanted.sha256[:12]}…"
            raise BackupDamaged(path, found=sums)


def sum_of(path: Path) -> Sum:
    """Return the size and sum of a file.

    Raises:
        OSError: It cannot be read, or is a link or no file.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(0, "it is no file")
        counted, size_bytes = hashlib.sha256(), 0
        while block := file.read(_BLOCK_BYTES):
            counted.update(block)
            size_bytes += len(block)
    return Sum(size_bytes=size_bytes, sha256=counted.hexdigest())


def _sum_of(told: Mapping[str, Any]) -> str:
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _manifest(told: Mapping[str, Any]) -> Manifest:
    files = {_inside(name): Sum(**one) for name, one in told["files"].items()}
    return Manifest(**{**told, "files": files})


def _inside(name: str) -> str:
    """Return a path of a file in the folder; what leads out of it is none of ours."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or str(path) != name:
        raise KeyError(name)
    return name
