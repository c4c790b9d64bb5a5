"""Ships the journal into the tables of record, each entry exactly once."""

import asyncio
from collections.abc import Sequence
from typing import TypeAlias

import asyncpg
import structlog
from pydantic_core import from_json, to_json
from sqlalchemy.exc import DBAPIError

from acd.vocabulary.facts import Fact
from acd.vocabulary.wire import WireError
from services.store.errors import (
    JournalDamaged,
    ShippedElsewhere,
    StoreError,
    in_its_words,
)
from services.store.journal import Journal
from services.store.migrate import upgrade
from services.store.records import fold
from services.store.segments import Entry, Origin, Reader
from services.store.statements import BEGIN_SHIPPING, SHIP, SHIPPED, TOUCHED

log = structlog.get_logger()

_BATCH_EVERY_S = 0.3
_BATCH_ENTRIES = 200
"""So few that the loop is not held up for more than some milliseconds."""
_CONNECT_S = 5.0
_STATEMENT_S = 30.0
_STATEMENT_CHARS = 1 << 20
"""asyncpg prepares a longer one anew each time it is run; ours has some 21,000."""
_FIRST_RETRY_S = 0.2
_LAST_RETRY_S = 5.0

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_DATABASE_AWAY = (
    OSError,  # and with it TimeoutError
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    DBAPIError,
    StoreError,
)
_NOT_FOR_THE_DATABASE = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    ValueError,  # asyncpg's own, before the value is sent
)


class Shipper:
    """Takes a journal's entries to a database as they come, and catches up."""

    def __init__(self, journal: Journal, url: str) -> None:
        """Ship nothing yet.

        Args:
            journal: Where the entries are.
            url: A ``postgresql://`` address; brought to the newest schema at the
                first connection.
        """
        self._journal = journal
        self._url = url
        self._is_migrated = False
        self._shipped_seq: int | None = None
        self._reader: Reader | None = None
        self._progress = asyncio.Condition()
        self._problem: str | None = "database: not reached yet"
        self._is_away_told = False

    @property
    def journaled_seq(self) -> int:
        """The number of the newest entry in the journal; 0 for none."""
        return self._journal.last_seq

    @property
    def shipped_seq(self) -> int:
        """Up to which entry all is on record; 0 before the first connection."""
        return self._shipped_seq or 0

    @property
    def problem(self) -> str | None:
        """What keeps entries from the database, or None."""
        return self._problem

    async def caught_up(self, within_s: float) -> bool:
        """Wait until all that was journaled by now is on record.

        Returns:
            False when that did not happen in time.
        """
        wanted = self._journal.last_seq
        try:
            async with asyncio.timeout(within_s), self._progress:
                await self._progress.wait_for(lambda: self.shipped_seq >= wanted)
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Ship until cancelled; a database that is away is waited for.

        Cancelled in the middle of a batch, that batch is shipped at the next start.
        Call ``caught_up`` before, to ship what there is.
        """
        retry_s = _FIRST_RETRY_S
        while True:
            shipped_before = self._shipped_seq
            try:
                await self._ship_while_connected()
            except _DATABASE_AWAY as error:
                self._tell_problem(error)
            if self._shipped_seq != shipped_before:
                retry_s = _FIRST_RETRY_S
            await asyncio.sleep(retry_s)
            retry_s = min(retry_s * 2, _LAST_RETRY_S)

    async def _ship_while_connected(self) -> None:
        if not self._is_migrated:
            await upgrade(self._url)
            self._is_migrated = True
        connection = await asyncpg.connect(
            self._url,
            timeout=_CONNECT_S,
            command_timeout=_STATEMENT_S,
            max_cacheable_statement_size=_STATEMENT_CHARS,
            server_settings={"application_name": "tieline shipper"},
        )
        try:
            await self._ship_on(connection)
        finally:
            # Nothing of worth is in flight, and a dead peer would not say goodbye.
            connection.terminate()

    async def _ship_on(self, connection: Connection) -> None:
        journal_id = self._journal.journal_id
        await connection.execute(BEGIN_SHIPPING, journal_id)
        position: int = await connection.fetchval(SHIPPED, journal_id)
        await self._tell_position(position)
        self._tell_missing(position)
        try:
            while True:
                position = await self._ship_next(connection, position)
        finally:
            self._let_go_of_reader()

    def _tell_missing(self, position: int) -> None:
        first_seq = self._journal.first_seq
        if position + 1 < first_seq:
            log.error(
                "facts_missing",
                from_seq=position + 1,
                to_seq=first_seq - 1,
                why="the journal has let them go and the database does not have them;"
                " was it restored from a backup older than TIELINE_JOURNAL__KEEP_DAYS?",
            )

    def _reader_from(self, seq: int) -> Reader:
        if self._reader is None or self._reader.next_seq != seq:
            self._let_go_of_reader()
            self._reader = self._journal.reader(seq, on_damage=_tell_damage)
        return self._reader

    def _let_go_of_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    async def _ship_next(self, connection: Connection, position: int) -> int:
        self._journal.grown.clear()
        up_to_seq = self._journal.flushed_seq
        if up_to_seq <= position:
            self._tell_mended()
            await self._journal.grown.wait()
            # What else comes in the next moment goes along.
            await asyncio.sleep(_BATCH_EVERY_S / 2)
            return position
        entries = self._journal.take_recent(
            position + 1, limit=_BATCH_ENTRIES, up_to_seq=up_to_seq
        )
        if entries is None:
            reader = self._reader_from(position + 1)
            entries = reader.batch(limit=_BATCH_ENTRIES, up_to_seq=up_to_seq)
        is_full = len(entries) == _BATCH_ENTRIES
        reached = entries[-1].seq if is_full else up_to_seq
        try:
            await self._ship(connection, entries, position, reached)
        except _NOT_FOR_THE_DATABASE:
            await self._ship_one_by_one(connection, entries, position, reached)
        self._tell_mended()
        await self._tell_position(reached)
        if not is_full:
            await asyncio.sleep(_BATCH_EVERY_S / 2)
        return reached

    async def _ship(
        self,
        connection: Connection,
        entries: Sequence[Entry],
        position: int,
        reached: int,
    ) -> None:
        """Ship a batch and move the position, all or nothing."""
        journal_id = self._journal.journal_id
        values = _values(entries)
        values |= {"journal_id": journal_id, "position": position, "reached": reached}
        try:
            await connection.fetchval(SHIP.sql, *map(values.get, SHIP.names))
        except asyncpg.DivisionByZeroError:
            found = await connection.fetchval(SHIPPED, journal_id)
            raise ShippedElsewhere(journal_id, expected=position, found=found) from None

    async def _ship_one_by_one(
        self,
        connection: Connection,
        entries: Sequence[Entry],
        position: int,
        reached: int,
    ) -> None:
        """Ship all of a batch but what the database cannot hold.

        That stays in the journal, and is told.
        """
        for entry in entries:
            try:
                await self._ship(connection, [entry], position, entry.seq)
            except _NOT_FOR_THE_DATABASE as error:
                log.error(  # noqa: TRY400 - a trace would show callers' numbers
                    "entry_refused_by_database", seq=entry.seq, why=type(error).__name__
                )
                await self._ship(connection, [], position, entry.seq)
            position = entry.seq
        if position != reached:
            await self._ship(connection, [], position, reached)

    async def _tell_position(self, seq: int) -> None:
        async with self._progress:
            self._shipped_seq = seq
            self._progress.notify_all()

    def _tell_problem(self, error: Exception) -> None:
        why = in_its_words(error)
        if not self._is_away_told:
            log.warning("database_away", why=why)
            self._is_away_told = True
        self._problem = f"database: {why}; entries wait in the journal until it is back"

    def _tell_mended(self) -> None:
        # Not before something was shipped: a database that answers may still refuse.
        if self._problem is not None:
            log.info("database_reached")
            self._problem = None
            self._is_away_told = False


def _tell_damage(damage: JournalDamaged) -> None:
    log.error("journal_damaged", why=str(damage))


def _values(entries: Sequence[Entry]) -> dict[str, object]:
    """Return the rows of a batch by table, as JSON."""
    entries = [_storable(entry) for entry in entries]
    counted: list[tuple[int, Fact]] = []
    for entry in entries:
        if entry.origin is not Origin.REFUSED:
            counted += _counted(entry)
    changes = fold(counted)
    touched = changes.touched.items()
    rows = {TOUCHED + name: list(them.values()) for name, them in touched}
    rows |= {name: list(them.values()) for name, them in changes.whole.items()}
    values: dict[str, object] = {
        name: to_json(them).decode() for name, them in rows.items() if them
    }
    # The rest of a fact's row the database finds in its body.
    told = [f'{{"seq":{e.seq},"origin":"{e.origin}","body":{e.text}}}' for e in entries]
    values["facts"] = f"[{','.join(told)}]"
    return values


def _storable(entry: Entry) -> Entry:
    """Return an entry as PostgreSQL can hold it: its text has no NUL."""
    if "\\u0000" not in entry.text:
        return entry
    told = {
        name: value.replace("\0", "\ufffd") if isinstance(value, str) else value
        for name, value in from_json(entry.text).items()
    }
    return Entry(seq=entry.seq, origin=entry.origin, text=to_json(told).decode())


def _counted(entry: Entry) -> list[tuple[int, Fact]]:
    try:
        return [(entry.seq, entry.fact())]
    except WireError as error:
        log.error(  # noqa: TRY400 - the sentence says it all
            "fact_not_readable", seq=entry.seq, why=str(error)
        )
        return []
