"""Which flags were put up and down, by whom and until when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.store.asked import asked
from services.store.audit import Act, Audit, add

MOST_SHOWN = 500
_ADD = """
INSERT INTO flag_changes (by, note, name, is_up, until) VALUES ($1, $2, $3, $4, $5)
RETURNING at, by, note, name, is_up, until
"""
_LATEST = """
SELECT at, by, note, name, is_up, until FROM flag_changes ORDER BY nth DESC LIMIT $1
"""
_UNTIL = """
SELECT at, by, note, name, is_up, until FROM flag_changes WHERE at < $1 ORDER BY nth
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagChange:
    """One flag put up or down."""

    at: datetime
    by: str
    note: str
    name: str
    is_up: bool
    until: datetime | None
    """When one that is up falls back by itself; None for never."""


class FlagChanges:
    """Reads and adds changes of flags."""

    def __init__(self, url: str, audit: Audit) -> None:
        """Connect to nothing yet.

        Args:
            url: A ``postgresql://`` address of a role that may add changes.
            audit: Gets a row with each.
        """
        self._url = url
        self._audit = audit

    async def add(
        self, name: str, *, is_up: bool, until: datetime | None, by: str, note: str
    ) -> FlagChange:
        """Add a change and its row of audit, both or neither.

        Raises:
            DatabaseAway: It could not be added: the flag must stay as it is.
        """
        async with (
            asked(self._url, by="flags") as connection,
            connection.transaction(),
        ):
            row = await connection.fetchrow(_ADD, by, note, name, is_up, until)
            audited = await add(
                connection,
                Act.FLAGGED,
                actor=by,
                what=f"flag {name}",
                detail={"is_up": is_up, "until": until, "note": note},
            )
        self._audit.anchor(audited)
        return FlagChange(**row)

    async def latest(self, limit: int = MOST_SHOWN) -> list[FlagChange]:
        """Return the last changes, the newest first.

        Raises:
            DatabaseAway: It cannot be asked.
        """
        async with asked(self._url, by="flags") as connection:
            rows = await connection.fetch(_LATEST, limit)
        return [FlagChange(**row) for row in rows]


async def changes_before(url: str, until: datetime) -> list[FlagChange]:
    """Return every change before an instant, in order.

    Raises:
        DatabaseAway: The database cannot be asked.
    """
    async with asked(url, by="flags") as connection:
        rows = await connection.fetch(_UNTIL, until)
    return [FlagChange(**row) for row in rows]


def was_up(changes: Iterable[FlagChange], name: str, at: datetime) -> bool:
    """Tell whether a flag was up at an instant.

    Args:
        changes: In order.
        name: The flag.
        at: The instant, aware.
    """
    of_name = [one for one in changes if one.name == name and one.at <= at]
    if not of_name:
        return False
    last = of_name[-1]
    return last.is_up and (last.until is None or at < last.until)
