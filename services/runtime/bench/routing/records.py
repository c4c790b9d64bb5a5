"""What stands on record of a bench of routing: offers, reasons, conversations."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.runtime.bench.trail import Connection

_OFFERS = """
    SELECT offer_id::text, call_id::text, agent_id, queue_id, outcome
    FROM offers ORDER BY started_at"""
_DECISIONS = """
    SELECT offer_id::text, call_id::text, agent_id, queue_id, decided_at, waited_s,
        step, by_step, rule, order_rule, terms, scored, ready, excluded
    FROM routing_decisions ORDER BY decided_at"""
_TALKS = """
    SELECT offer_id::text, call_id::text, agent_id, queue_id,
        extract(epoch FROM coalesce(wrap_up_ended_at, ended_at) - started_at)::float8
            AS handled_s
    FROM conversations WHERE ended_at IS NOT NULL ORDER BY started_at"""
_WAITS = """
    SELECT call_id::text, queue_id, queued_at, coalesce(connected_at, ended_at) AS until
    FROM calls WHERE queued_at IS NOT NULL"""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One caller's time in the queue."""

    call_id: str
    queue_id: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRecord:
    """All of it, each in the order of its time."""

    offers: Sequence[Row]
    decisions: Sequence[Row]
    talks: Sequence[Row]
    """With ``handled_s``: talk, hold and wrap-up."""
    waits: Sequence[Wait]


async def read(records: Connection) -> OnRecord:
    """Read all of it."""
    waits = [
        Wait(
            call_id=row["call_id"],
            queue_id=row["queue_id"],
            since=row["queued_at"],
            until=row["until"],
        )
        for row in await records.fetch(_WAITS)
        if row["until"] is not None
    ]
    return OnRecord(
        offers=[dict(row) for row in await records.fetch(_OFFERS)],
        decisions=[_decision(dict(row)) for row in await records.fetch(_DECISIONS)],
        talks=[dict(row) for row in await records.fetch(_TALKS)],
        waits=waits,
    )


def _decision(row: dict[str, Any]) -> Row:
    written = {name: json.loads(row[name]) for name in ("terms", "scored", "excluded")}
    return row | written
