"""The segments of a call on record: whose time each moment was."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from acd.core.segments import SegmentKind, segments_of
from acd.vocabulary.fact import FactOf
from acd.vocabulary.wire import WireError, from_wire


class SegmentOut(BaseModel):
    """A time of a call, and whose it was.

    Those of the caller lie end to end from arrival to end; ``talk`` and ``hold`` are
    of the agent whose leg the caller talks with. ``wrap_up`` lies behind them.
    """

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "kind": "talk",
                "started_at": "2026-11-22T08:00:03.000000Z",
                "ended_at": "2026-11-22T08:00:30.200000Z",
                "leg_id": "3f8f5d1a-4a4e-5c55-8f4e-6a1c9e5b7d22",
                "agent_id": "1001",
                "queue_id": "q_fault",
            }
        },
    )

    kind: SegmentKind
    started_at: datetime
    ended_at: datetime
    leg_id: str | None
    agent_id: str | None
    queue_id: str | None


def told_segments(rows: Iterable[Mapping[str, Any]]) -> list[SegmentOut]:
    """Return the segments of one call, in order.

    Args:
        rows: Its facts as they are on record, in order; what was refused, and what
            this release cannot read, counts for nothing.
    """
    return [SegmentOut.model_validate(one) for one in segments_of(_counted(rows))]


def _counted(rows: Iterable[Mapping[str, Any]]) -> Iterator[FactOf]:
    for row in rows:
        if row["origin"] == "refused":
            continue
        try:
            yield from_wire(row["body"])
        except WireError:
            continue
