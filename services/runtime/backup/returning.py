"""Brings a backup back into a data folder of its own: whole, or not at all."""

import fcntl
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from services.runtime.backup import manifest as manifests
from services.runtime.backup.copies import Copies, put_back, whole_end
from services.runtime.backup.dump import Position, bring_back
from services.runtime.backup.errors import BackupDamaged, BackupProblem, PlaceRefused
from services.runtime.backup.manifest import Manifest
from services.runtime.backup.taking import DATABASE
from services.runtime.backup.whole import draft_of, made_whole
from services.runtime.embedded import postgres
from services.runtime.embedded.postgres import PostgresPlace
from services.runtime.parts.postgres import PostgresPart
from services.runtime.privileges import ServiceUser
from services.store.segments import first_seq_of, segments

_HEARD = "recordings/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What is brought back, each seen to be whole."""

    records: Path
    told: Manifest
    keys: Path | None
    keys_told: Manifest | None
    journal: Path | None = None
    """A journal that went on after the backup; None takes the backup's."""

    @property
    def names(self) -> list[str]:
        """The files that go to the data folder as they are.

        Recordings stay out where there is no key to open them.
        """
        left_out: tuple[str, ...] = (DATABASE,)
        if self.keys is None:
            left_out += (_HEARD,)
        if self.journal:
            left_out += ("journal/",)
        return [name for name in self.told.files if not name.startswith(left_out)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A backup that was brought back."""

    position: Position
    journaled_seq: int
    """The last entry of the journal; what is beyond the position comes by shipping."""


def looked_at(
    records: Path, keys: Path | None, journal: Path | None, *, without_keys: bool
) -> Sources:
    """See that a backup is whole, and all that is given belongs together.

    Raises:
        PlaceRefused: Something is no backup, or does not belong to it.
        BackupDamaged: A file is not what was written.
    """
    told = manifests.read(records, "records")
    manifests.check(records, told)
    keys_told = None
    if keys:
        keys_told = manifests.read(keys, "keys")
        if keys_told.backup_id != told.backup_id:
            raise PlaceRefused(
                keys,
                found=f"it has the keys of the backup of {keys_told.made_at}",
                would_do=f"those of the backup of {told.made_at} would do",
            )
        manifests.check(keys, keys_told)
    elif not without_keys:
        raise PlaceRefused(
            records,
            found="its keys were not given",
            would_do="name their folder by --keys-from, or say --without-keys: no"
            " recording comes back then, and all passwords are made anew",
        )
    if journal:
        _refuse_journal(journal, told)
    return Sources(
        records=records, told=told, keys=keys, keys_told=keys_told, journal=journal
    )


def _refuse_journal(journal: Path, told: Manifest) -> None:
    try:
        found_id = (journal / "id").read_text(encoding="ascii").strip()
        lock = (journal / "lock").open("a")
    except (OSError, ValueError):
        _refuse(journal, "it is no journal", "name DIR/journal of the instance")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _refuse(journal, "an engine writes it", "stop that instance first")
    if found_id != told.journal_id:
        _refuse(journal, "it is another instance's", "that of the one backed up")
    there = segments(journal)
    last_seq = whole_end(there[-1])[0] if there else 0
    if last_seq < told.journaled_seq:
        found = f"it ends at entry {last_seq}, the backup at {told.journaled_seq}"
        _refuse(journal, found, "leave it away: the backup's own goes further")
    if there and first_seq_of(there[0]) > told.shipped_seq + 1:
        found = f"it begins at entry {first_seq_of(there[0])}"
        would_do = f"the backup's database ends at {told.shipped_seq}; a newer backup"
        _refuse(journal, found, would_do)


def _refuse(path: Path, found: str, would_do: str) -> NoReturn:
    raise PlaceRefused(path, found=found, would_do=would_do)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Where a backup is brought back to."""

    data: Path
    part: PostgresPart
    user: ServiceUser | None
    url: str | None
    """The owner's address of a database elsewhere; None makes one in the folder."""


async def restore(sources: Sources, goal: Goal) -> Returned:
    """Bring a backup back; the data folder is there when all of it is in it.

    Raises:
        PlaceRefused: The folder is there already.
        BackupDamaged: What came back is not what the backup tells.
        BackupProblem: It cannot be done; nothing is left of it.
    """
    for there in (goal.data, draft_of(goal.data)):
        if there.exists():
            _refuse(there, "it is there already", "name a folder that is not")
    try:
        with made_whole(goal.data) as draft:
            _files(sources, draft)
            position = await _database(sources, goal, draft)
    except OSError as error:
        where = error.filename or goal.data
        why = f"{where}: cannot be restored, {error.strerror}; nothing is left of it"
        raise BackupProblem(why) from error
    kept = segments(goal.data / "journal")
    journaled_seq = whole_end(kept[-1])[0] if kept else 0
    return Returned(position=position, journaled_seq=journaled_seq)


def _files(sources: Sources, draft: Path) -> None:
    put_back(sources.records, draft, sources.names, sources.told.files)
    if sources.keys and sources.keys_told:
        files = sources.keys_told.files
        put_back(sources.keys, draft, files, files)
    if sources.journal:
        Copies(draft).journal(sources.journal)


async def _database(sources: Sources, goal: Goal, draft: Path) -> Position:
    source, journal_id = sources.records / DATABASE, sources.told.journal_id
    if goal.url:
        position = await bring_back(goal.part, goal.url, source, journal_id=journal_id)
    else:
        place = PostgresPlace(
            part=goal.part,
            data=draft,
            host="127.0.0.1",
            port=_free_port(),
            user=goal.user,
        )
        child = await postgres.start(place)
        try:
            position = await bring_back(
                goal.part, place.url(), source, journal_id=journal_id
            )
        finally:
            await postgres.stop(child)
    told = sources.told
    if (position.shipped_seq, position.counts) != (told.shipped_seq, told.counts):
        found = f"it came back with {position}, the manifest tells {told.counts}"
        raise BackupDamaged(source, found=found)
    return position


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
