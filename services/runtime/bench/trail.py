"""What the records of a bench's instance say of the calls that SIPp placed."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

import asyncpg

from services.runtime.bench.problems import BenchFailed

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_LOOK_EVERY_S = 0.02

_CLOSED = "SELECT sip_call_id FROM calls WHERE ended_at IS NOT NULL"
_CALLS = """
    SELECT call_id, sip_call_id, caller_number, state, close_reason, ended_by
    FROM calls
"""
_FACTS = """
    SELECT call_id, kind, min(at) AS first_at, count(*) AS times
    FROM facts WHERE call_id IS NOT NULL AND origin <> 'refused'
    GROUP BY call_id, kind
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTrail:
    """One call on record, with its facts."""

    call_id: str
    sip_call_id: str
    number: str
    """The caller's."""
    state: str
    close_reason: str | None
    ended_by: str | None
    at: Mapping[str, datetime] = field(default_factory=dict)
    """When each kind of fact was first so."""
    times: Mapping[str, int] = field(default_factory=dict)
    """How often each kind of fact was so."""


@asynccontextmanager
async def connected(database: str) -> AsyncIterator[Connection]:
    """Connect to the records for the block."""
    connection: Connection = await asyncpg.connect(database)
    try:
        yield connection
    finally:
        await connection.close()


async def until_closed(
    connection: Connection, sip_call_ids: Collection[str], *, within_s: float
) -> None:
    """Wait until all these calls have a closed record.

    Raises:
        BenchFailed: Some have none in time.
    """
    limit_s = time.monotonic() + within_s
    wanted = set(sip_call_ids)
    while missing := wanted - {row[0] for row in await connection.fetch(_CLOSED)}:
        if time.monotonic() > limit_s:
            raise BenchFailed(
                "reading the records",
                found=f"{len(missing)} of {len(wanted)} calls not closed"
                f" after {within_s:g} s, as {min(missing)}",
                would_do="the engine's log says more",
            )
        await asyncio.sleep(0.1)


async def trails(connection: Connection) -> list[CallTrail]:
    """Return every call on record."""
    at: dict[str, dict[str, datetime]] = {}
    times: dict[str, dict[str, int]] = {}
    for row in await connection.fetch(_FACTS):
        call_id = str(row["call_id"])
        at.setdefault(call_id, {})[row["kind"]] = row["first_at"]
        times.setdefault(call_id, {})[row["kind"]] = row["times"]
    return [
        CallTrail(
            call_id=call_id,
            sip_call_id=row["sip_call_id"] or "",
            number=row["caller_number"] or "",
            state=row["state"],
            close_reason=row["close_reason"],
            ended_by=row["ended_by"],
            at=at.get(call_id, {}),
            times=times.get(call_id, {}),
        )
        for row in await connection.fetch(_CALLS)
        for call_id in (str(row["call_id"]),)
    ]


class RecordWatch:
    """Looks again and again which calls are closed on record."""

    def __init__(self, connection: Connection) -> None:
        """Have seen nothing yet."""
        self.seen_at: dict[str, datetime] = {}
        """By SIP Call-ID: when the closed record was first read, by the wall clock."""
        self._connection = connection

    async def run(self) -> None:
        """Look every 20 ms, until cancelled."""
        while True:
            rows = await self._connection.fetch(_CLOSED)
            now = datetime.now(UTC)
            for row in rows:
                self.seen_at.setdefault(row[0], now)
            await asyncio.sleep(_LOOK_EVERY_S)
