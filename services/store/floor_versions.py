"""The floor's versions in PostgreSQL: each whole, in a row that is never changed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from services.store.asked import asked
from services.store.audit import Act, Audit, add
from services.store.errors import StoreError

_ADD = """
INSERT INTO floor_versions (number, by, note, made_from, text, sum, file_sum)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *
"""
_NEWEST = "SELECT * FROM floor_versions ORDER BY number DESC LIMIT 1"
_ONE = "SELECT * FROM floor_versions WHERE number = $1"
_HISTORY = """
SELECT number, published_at, by, note, made_from, sum, file_sum
FROM floor_versions ORDER BY number DESC LIMIT $1
"""
MOST_SHOWN = 500


class FloorStale(StoreError):
    """Somebody else published after the version that a new one was made from."""

    def __init__(self, made_from: int | None, newest: int | None) -> None:
        """Say both versions."""
        was = "no version" if made_from is None else f"version {made_from}"
        now = "none is published" if newest is None else f"version {newest} is in force"
        super().__init__(
            f"floor: made from {was}, but {now}; "
            f"./tieline floor show {newest or ''} tells it, make yours from that"
        )
        self.made_from = made_from
        self.newest = newest


class UnknownVersion(StoreError):
    """No such version was ever published."""

    def __init__(self, number: int) -> None:
        """Say which."""
        super().__init__(
            f"floor: no version {number} was published; ./tieline floor history lists"
            " those there are"
        )
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
    """Return the sum of a floor's text."""
    return hashlib.sha256(text.encode()).hexdigest()


class FloorVersions:
    """Reads and adds versions."""

    def __init__(self, url: str, audit: Audit) -> None:
        """Connect to nothing yet.

        Args:
            url: A ``postgresql://`` address of a role that may add versions.
            audit: Gets a row with each.
        """
        self._url = url
        self._audit = audit

    async def newest(self) -> WholeVersion | None:
        """Return the version in force; None before the first.

        Raises:
            DatabaseAway: It cannot be asked.
        """
        found = await self._rows(_NEWEST)
        return WholeVersion(**found[0]) if found else None

    async def version(self, number: int) -> WholeVersion:
        """Return one version.

        Raises:
            UnknownVersion: There is none of that number.
            DatabaseAway: It cannot be asked.
        """
        found = await self._rows(_ONE, number)
        if not found:
            raise UnknownVersion(number)
        return WholeVersion(**found[0])

    async def history(self, limit: int = MOST_SHOWN) -> list[Version]:
        """Return the last versions, the newest first.

        Raises:
            DatabaseAway: It cannot be asked.
        """
        return [Version(**row) for row in await self._rows(_HISTORY, limit)]

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
            FloorStale: ``made_from`` is not in force any more.
            DatabaseAway: It could not be added.
        """
        number = (made_from or 0) + 1
        summed = sum_of(text)
        values = (number, by, note, made_from, text, summed, file_sum or summed)
        async with asked(self._url, by="floor") as connection, connection.transaction():
            newest = await connection.fetchval("SELECT max(number) FROM floor_versions")
            if newest != made_from:
                raise FloorStale(made_from, newest)
            try:
                row = await connection.fetchrow(_ADD, *values)
            except asyncpg.UniqueViolationError:
                # Somebody else was quicker by less than a look.
                raise FloorStale(made_from, number) from None
            audited = await add(
                connection,
                Act.PUBLISHED,
                actor=by,
                what=f"floor version {number}",
                detail={"made_from": made_from, "note": note, "sum": summed},
            )
        self._audit.anchor(audited)
        return WholeVersion(**row)

    async def _rows(self, question: str, *values: object) -> list[Mapping[str, Any]]:
        async with asked(self._url, by="floor") as connection:
            return list(await connection.fetch(question, *values))
