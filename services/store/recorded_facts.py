"""The facts of a time, as they were journaled, for living them through again."""

from datetime import datetime

from pydantic_core import from_json

from acd.vocabulary.facts import Fact
from acd.vocabulary.wire import from_wire
from services.store.asked import asked

_FACTS = """
    SELECT body FROM facts
    JOIN (SELECT journal_id, min(at) AS began_at FROM facts GROUP BY journal_id) j
    USING (journal_id)
    WHERE at < $2 AND (origin = 'told' OR at >= $1 AND origin <> 'refused')
    ORDER BY j.began_at, journal_id, seq
"""
_AT_ONCE = 5_000


async def facts_on_record(url: str, *, since: datetime, until: datetime) -> list[Fact]:
    """Return the facts on record up to an instant, in their order.

    Args:
        url: A ``postgresql://`` address.
        since: From here on all facts; before it only what was told from outside.
        until: Where they end.

    Raises:
        DatabaseAway: The database cannot be asked.
        WireError: A fact was written by a newer release.
    """
    found: list[Fact] = []
    async with (
        asked(url, by="simulation", statement_s=None) as connection,
        connection.transaction(readonly=True),
    ):
        rows = connection.cursor(_FACTS, since, until, prefetch=_AT_ONCE)
        async for row in rows:
            found.append(from_wire(from_json(row["body"])))  # noqa: PERF401
    return found
