"""Makes a backup of a running instance: whole under its name, or not at all."""

import asyncio
import os
import tomllib
import uuid
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from recordings.master_keys import MasterKeys
from services.runtime.backup import manifest as manifests
from services.runtime.backup.copies import Copies
from services.runtime.backup.dump import dump
from services.runtime.backup.errors import BackupProblem, PlaceRefused
from services.runtime.backup.manifest import Manifest
from services.runtime.backup.whole import draft_of, made_whole
from services.runtime.instance import Instance
from services.runtime.parts.postgres import PostgresPart
from services.runtime.secrets_kept import FOLDER as SECRETS
from services.runtime.settings import CHECKOUT

DATABASE = "database.dump"
APART = (SECRETS, "tls")
"""What is kept apart from the recordings: who has both can hear them."""


class KeysRotated(BackupProblem):
    """Master keys changed while they were copied."""

    def __init__(self, folder: Path) -> None:
        """Keep their folder."""
        super().__init__(
            f"{folder}: the recordings' master keys were rotated while the backup was"
            " made, and what was copied may need one that is gone; make it again"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A backup that was made."""

    records: Manifest
    keys: Manifest | None
    """None where keys were left out."""
    took_s: float


async def take(
    found: Instance, part: PostgresPart, to: Path, keys_to: Path | None
) -> Taken:
    """Make a backup while the instance runs.

    Args:
        found: The instance.
        part: Whose pg_dump is used.
        to: The folder that is made, with all but the keys.
        keys_to: The folder that is made with the keys; None leaves them out.

    Raises:
        PlaceRefused: One of the folders is there, or lies where it must not.
        DumpFailed: The database cannot be written down.
        KeysRotated: It has to be made again.
        BackupProblem: A file cannot be read or written.
    """
    began_at = datetime.now(UTC)
    _refuse_places(found.data, to, keys_to)
    try:
        apart = made_whole(keys_to) if keys_to else nullcontext()
        with made_whole(to) as draft, apart as keys_draft:
            records = await _records(found, part, draft, began_at)
            keys = None
            if keys_draft:
                keys = _keys(found.data, keys_draft, records)
    except OSError as error:
        where = error.filename or to
        raise BackupProblem(
            f"{where}: the backup cannot be made, {error.strerror}; nothing is left of"
            " it, make it again when that is mended"
        ) from error
    took_s = (datetime.now(UTC) - began_at).total_seconds()
    return Taken(records=records, keys=keys, took_s=took_s)


def _refuse_places(data: Path, to: Path, keys_to: Path | None) -> None:
    for place in (to, keys_to):
        if place is None:
            continue
        for there in (place, draft_of(place)):
            if there.exists():
                raise PlaceRefused(
                    there,
                    found="it is there already",
                    would_do="nothing is overwritten: name a new folder, or remove it",
                )
        if place.resolve().is_relative_to(data.resolve()):
            raise PlaceRefused(
                place,
                found="it lies in the data folder",
                would_do="name one on another disk",
            )
    if keys_to and keys_to.resolve().is_relative_to(to.resolve()):
        raise PlaceRefused(
            keys_to,
            found="keys would lie with the recordings that they open",
            would_do="name one elsewhere, or shredding never reaches this backup",
        )


async def _records(
    found: Instance, part: PostgresPart, folder: Path, began_at: datetime
) -> Manifest:
    """Copy all but the keys, in the order in which each agrees with those before.

    Sums of the audit come before the database, which then has every row of theirs; the
    journal comes last, and so goes beyond both the database and the recordings.
    """
    data, copies = found.data, Copies(folder)
    journal_id = (data / "journal" / "id").read_text(encoding="ascii").strip()
    versions = MasterKeys(data / SECRETS).versions()
    copies.tree(data / "audit", "audit")
    position = await dump(
        part, found.database, folder / DATABASE, journal_id=journal_id
    )
    (folder / DATABASE).chmod(0o600)
    copies.made(DATABASE)
    await asyncio.to_thread(copies.recordings, data / "recordings")
    journaled_seq = await asyncio.to_thread(copies.journal, data / "journal")
    if MasterKeys(data / SECRETS).versions() != versions:
        raise KeysRotated(data / SECRETS)
    manifest = Manifest(
        backup_id=str(uuid.uuid4()),
        holds="records",
        release=release(),
        made_at=began_at.isoformat(timespec="seconds"),
        journal_id=journal_id,
        shipped_seq=position.shipped_seq,
        journaled_seq=journaled_seq,
        counts=position.counts,
        files=copies.sums,
    )
    _write(folder, manifest)
    return manifest


def _keys(data: Path, folder: Path, records: Manifest) -> Manifest:
    copies = Copies(folder)
    for name in APART:
        copies.tree(data / name, name)
    manifest = replace(records, holds="keys", counts={}, files=copies.sums)
    _write(folder, manifest)
    return manifest


def _write(folder: Path, manifest: Manifest) -> None:
    path = folder / manifests.NAME
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as out:
        out.write(manifests.written(manifest))
        out.flush()
        os.fsync(out.fileno())


def release() -> str:
    """Return the release of this code."""
    told = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    version: str = told["project"]["version"]
    return version
