"""Versions of what is published, in PostgreSQL: each whole, in a row never changed."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from services.store.asked import Connection, asked
from services.store.audit import Act, Audit, add
from services.store.errors import StoreError

MOST_SHOWN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is published in versions."""

    name: str
    """As messages and the audit call it."""
    table: str
    showing: str
    """The command that shows one version; ``{}`` is its number."""
    listing: str
    """The command that lists them."""


FLOOR = Kind(
    name="floor",
    table="floor_versions",
    showing="./tieline floor show {}",
    listing="./tieline floor history",
)


class Stale(StoreError):
    """Somebody else published after the version that a new one was made from."""

    def __init__(self, kind: Kind, made_from: int | None, newest: int | None) -> None:
        """Say both versions."""
        was = "no version" if made_from is None else f"version {made_from}"
        now = "none is published" if newest is None else f"version {newest} is in force"
        super().__init__(
            f"{kind.name}: made from {was}, but {now}; "
            f"{kind.showing.format(newest or '')} tells it, make yours from that"
        )
        self.of = kind.name
        self.made_from = made_from
        self.newest = newest


class UnknownVersion(StoreError):
    """No such version was ever published."""

    def __init__(self, kind: Kind, number: int) -> None:
        """Say which."""
        super().__init__(
            f"{kind.name}: no version {number} was published; {kind.listing} lists"
            " those there are"
        )
        self.of = kind.name
        self.number = number


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version, without its text."""

    number: int
    published_at: datetime
    by: str
    note: str
    made_from: int | None
    """The version before it, which whoever made it knew; None for the first."""
    sum: str
    """SHA-256 of the text, in hex."""
    file_sum: str
    """Of the text of the file that it, or what it was edited from, came from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeVersion(Version):
    """One version with its text."""

    text: str


def sum_of(text: str) -> str:
    """Return the sum of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


class Versions:
    """Reads and adds versions of one kind."""

    kind = FLOOR

    def __init__(self, url: str, audit: Audit) -> None:
        """Connect to nothing yet.

        Args:
            url: A ``postgresql://`` address of a role that may add versions.
            audit: Gets a row with each.
        """
        self._url = url
        self._audit = audit

    async def newest(self) -> WholeVersion | None:
        """Return the version that was published last; None before the first.

        Raises:
            DatabaseAway: It cannot be asked.
        """
        found = await self._rows("SELECT * FROM {} ORDER BY number DESC LIMIT 1")
        return WholeVersion(**found[0]) if found else None

    async def version(self, number: int) -> WholeVersion:
        """Return one version.

        Raises:
            UnknownVersion: There is none of that number.
            DatabaseAway: It cannot be asked.
        """
        found = await self._rows("SELECT * FROM {} WHERE number = $1", number)
        if not found:
            raise UnknownVersion(self.kind, number)
        return WholeVersion(**found[0])

    async def history(self, limit: int = MOST_SHOWN) -> list[Version]:
        """Return the last versions, the newest first.

        Raises:
            DatabaseAway: It cannot be asked.
        """
        question = (
            "SELECT number, published_at, by, note, made_from, sum, file_sum"
            " FROM {} ORDER BY number DESC LIMIT $1"
        )
        return [Version(**row) for row in await self._rows(question, limit)]

    async def _add(
        self,
        text: str,
        *,
        made_from: int | None,
        by: str,
        note: str,
        file_sum: str | None,
        also: "_Also",
    ) -> WholeVersion:
        """Add a version, its row of audit and what else there is; all or nothing."""
        table, summed = self.kind.table, sum_of(text)
        async with self._asked() as connection, connection.transaction():
            latest = await self._latest(connection)
            if latest != made_from:
                raise Stale(self.kind, made_from, latest)
            number = await _highest(connection, table) + 1
            values = (number, by, note, made_from, text, summed, file_sum or summed)
            try:
                row = await connection.fetchrow(_ADD.format(table), *values)
            except asyncpg.UniqueViolationError:
                # Somebody else was quicker by less than a look.
                raise Stale(self.kind, made_from, number) from None
            await also(connection, number)
            audited = await add(
                connection,
                Act.PUBLISHED,
                actor=by,
                what=f"{self.kind.name} version {number}",
                detail={"made_from": made_from, "note": note, "sum": summed},
            )
        self._audit.anchor(audited)
        return WholeVersion(**row)

    async def _latest(self, connection: Connection) -> int | None:
        """Return the version that a new one must have been made from."""
        return await _highest(connection, self.kind.table) or None

    def _asked(self) -> AbstractAsyncContextManager[Connection]:
        return asked(self._url, by=self.kind.name)

    async def _rows(self, question: str, *values: object) -> list[Mapping[str, Any]]:
        async with self._asked() as connection:
            found = await connection.fetch(question.format(self.kind.table), *values)
            return list(found)


_Also = Callable[[Connection, int], Awaitable[None]]
_ADD = """
INSERT INTO {} (number, by, note, made_from, text, sum, file_sum)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *
"""


async def _highest(connection: Connection, table: str) -> int:
    found = await connection.fetchval(f"SELECT max(number) FROM {table}")  # noqa: S608 - our own name
    return int(found or 0)


class FloorVersions(Versions):
    """The floor's versions; the newest is in force."""

    async def publish(
        self,
        text: str,
        *,
        made_from: int | None,
        by: str,
        note: str = "",
        file_sum: str | None = None,
    ) -> WholeVersion:
        """Add a version, and its row of audit; both or neither.

        Args:
            text: The whole floor, as it would stand in a file.
            made_from: The version in force, as whoever made the text knows it.
            by: Who publishes.
            note: Why.
            file_sum: Of the file that it comes from, where the text was edited since;
                None for a text that comes from a file itself.

        Raises:
            Stale: ``made_from`` is not in force any more.
            DatabaseAway: It could not be added.
        """
        return await self._add(
            text,
            made_from=made_from,
            by=by,
            note=note,
            file_sum=file_sum,
            also=_nothing,
        )


async def _nothing(_connection: Connection, _number: int) -> None:
    """Add nothing besides."""
