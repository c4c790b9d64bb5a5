"""What the records say of recordings, for who wants to hear or destroy them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.store.asked import asked
from services.store.audit import Act
from services.store.queries import is_uuid

_COLUMNS = """
SELECT r.call_id::text, r.offer_id::text, r.path, r.sha256,
  r.province, r.unit, c.queue_id, c.agent_id, c.started_at
FROM recordings r LEFT JOIN conversations c USING (offer_id)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRecord:
    """One recording, as its record has it."""

    call_id: str
    offer_id: str
    path: str | None
    """Below the recordings folder; None where there is none."""
    sha256: str | None
    """Of the plain sound."""
    province: str
    unit: str
    queue_id: str | None
    agent_id: str | None


async def one(url: str, call_id: str, offer_id: str) -> OnRecord | None:
    """Return the recording of a conversation, or None when there is no such.

    Raises:
        DatabaseAway: It cannot be asked.
    """
    if not (is_uuid(call_id) and is_uuid(offer_id)):
        return None
    question = f"{_COLUMNS} WHERE r.call_id = $1 AND r.offer_id = $2"
    found = await _rows(url, question, call_id, offer_id)
    return _told(found[0]) if found else None


async def of_call(url: str, call_id: str) -> list[OnRecord]:
    """Return the recordings of a call, oldest first.

    Raises:
        DatabaseAway: It cannot be asked.
    """
    if not is_uuid(call_id):
        return []
    question = f"{_COLUMNS} WHERE r.call_id = $1 ORDER BY c.started_at, r.offer_id"
    return [_told(row) for row in await _rows(url, question, call_id)]


async def shredded_cases(url: str) -> list[str]:
    """Return the calls whose case the audit says was shredded.

    Raises:
        DatabaseAway: It cannot be asked.
    """
    question = "SELECT DISTINCT object FROM audit WHERE act = $1"
    return [row["object"] for row in await _rows(url, question, Act.SHREDDED.value)]


async def _rows(url: str, question: str, *values: str) -> Sequence[Any]:
    async with asked(url, by="recordings") as connection:
        rows: Sequence[Any] = await connection.fetch(question, *values)
    return rows


def _told(row: Any) -> OnRecord:  # noqa: ANN401 - asyncpg has no types
    return OnRecord(**{name: row[name] for name in OnRecord.__slots__})
