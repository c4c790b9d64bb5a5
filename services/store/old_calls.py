"""Calls on record with what their flows told of them, to be walked again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from pydantic_core import from_json

from acd.vocabulary.fact import FactOf
from acd.vocabulary.facts import Fact
from acd.vocabulary.flow_facts import CallArrived, CallRouted, FlowEnded, TraceOf
from acd.vocabulary.offer_facts import CallClosed
from acd.vocabulary.open_facts import OpenQueueJoined
from acd.vocabulary.wire import from_wire, kind_of
from services.store.asked import Connection

AT_ONCE = 200
"""Calls whose facts are read together."""
_COUNT = "SELECT count(*) FROM calls WHERE arrived_at >= $1 AND arrived_at < $2"
_CALLS = """
SELECT c.call_id, CASE WHEN c.caller_number ~ '[0-9]' THEN (
    SELECT count(*) FROM calls b WHERE b.caller_number = c.caller_number
    AND b.arrived_at < c.arrived_at
    AND b.arrived_at >= c.arrived_at - interval '2 hours'
) ELSE 0 END AS repeats
FROM calls c WHERE c.arrived_at >= $1 AND c.arrived_at < $2
ORDER BY c.arrived_at DESC, c.call_id LIMIT $3
"""
_FACTS = """
SELECT call_id, body FROM facts
WHERE call_id = ANY($1) AND kind = ANY($2) AND origin <> 'refused'
ORDER BY call_id, at, journal_id, seq
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OldCall:
    """One call on record."""

    facts: tuple[Fact, ...]
    """What its flow told of it, and how it ended, in order."""
    repeats: int
    """How often its number had called within the two hours before."""


def _kinds(fact: type[FactOf]) -> list[str]:
    return [kind_of(fact), *(it for one in fact.__subclasses__() for it in _kinds(one))]


_WANTED = [
    kind
    for fact in (
        *(CallArrived, CallRouted, FlowEnded, TraceOf),
        *(CallClosed, OpenQueueJoined),
    )
    for kind in _kinds(fact)
]


async def count_calls(
    connection: Connection, *, since: datetime, until: datetime
) -> int:
    """Return how many calls arrived in a period."""
    return int(await connection.fetchval(_COUNT, since, until))


async def old_calls(
    connection: Connection, *, since: datetime, until: datetime, limit: int
) -> AsyncIterator[OldCall]:
    """Yield the newest calls that arrived in a period, the newest first.

    Args:
        connection: In a transaction of its own.
        since: The period's beginning, which is part of it.
        until: Its end, which is not.
        limit: So many at most.

    Raises:
        WireError: A fact was written by a newer release.
    """
    wanted = await connection.fetch(_CALLS, since, until, limit)
    for begin in range(0, len(wanted), AT_ONCE):
        part = wanted[begin : begin + AT_ONCE]
        ids = [row["call_id"] for row in part]
        facts: dict[object, list[Fact]] = {it: [] for it in ids}
        for row in await connection.fetch(_FACTS, ids, _WANTED):
            facts[row["call_id"]].append(from_wire(from_json(row["body"])))
        for row in part:
            yield OldCall(facts=tuple(facts[row["call_id"]]), repeats=row["repeats"])
