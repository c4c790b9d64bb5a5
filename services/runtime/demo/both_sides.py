"""What the telephones saw and what stands on record, figure beside figure."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.phone.sipp_log import SippCall
from services.runtime.bench.trail import Connection

ANSWERED_IN_S = 20.0
"""The hotline's service level is told for this limit."""
TALK_TOLERANCE_S = 0.3
"""A conversation begins when both are joined and ends when one leaves; a phone sees
its own 200 and its own BYE, which a busy machine delays."""

_LOOK_EVERY_S = 0.2

_TALKS = """
    SELECT c.caller_number AS number, t.offer_id,
        extract(epoch FROM t.ended_at - t.started_at)::float8 AS talked_s
    FROM conversations t JOIN calls c USING (call_id) WHERE t.ended_at IS NOT NULL"""
_SERVICE = """
    SELECT count(*) FILTER (WHERE queued_at IS NOT NULL) AS queued,
        count(connected_at) AS answered,
        count(*) FILTER (WHERE connected_at - queued_at <= $1 * interval '1 s')
            AS in_time,
        coalesce(avg(extract(epoch FROM connected_at - queued_at)), 0)::float8
            AS waited_s,
        coalesce(max(extract(epoch FROM coalesce(connected_at, ended_at) - queued_at)),
            0)::float8 AS longest_s
    FROM calls"""
_RECORDINGS = "SELECT count(*) FROM recordings WHERE sha256 IS NOT NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of both sides."""

    name: str
    found: float
    """On record."""
    expected: float
    """By the telephones."""
    tolerance: float = 0.0

    @property
    def agrees(self) -> bool:
        """Whether both sides tell the same."""
        return abs(self.found - self.expected) <= self.tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """How the floor served, by its records."""

    queued: int
    answered: int
    in_time: int
    """Answered within 20 s of entering the queue."""
    waited_s: float
    """Mean of those who were answered."""
    longest_s: float
    """The longest wait of all, answered or not."""
    talked_s: float
    """Mean talk."""


async def talks(records: Connection) -> list[float]:
    """Return how long each conversation on record was."""
    return [row["talked_s"] for row in await records.fetch(_TALKS)]


async def recordings(records: Connection, *, wanted: int, within_s: float) -> int:
    """Return how many recordings were stored, as soon as there are so many."""
    limit_s = time.monotonic() + within_s
    while True:
        found: int = await records.fetchval(_RECORDINGS)
        if found >= wanted or time.monotonic() > limit_s:
            return found
        await asyncio.sleep(_LOOK_EVERY_S)


async def service(records: Connection) -> Service:
    """Read how the floor served."""
    row = await records.fetchrow(_SERVICE, ANSWERED_IN_S)
    lengths = await talks(records)
    told = dict(row) if row is not None else {}
    return Service(**told, talked_s=sum(lengths) / len(lengths) if lengths else 0.0)


def talk_rows(on_record: Sequence[float], devices: Iterable[SippCall]) -> list[Row]:
    """Compare conversations by number and by length."""
    seen = [length for call in devices if (length := _talked_s(call)) is not None]
    return [
        Row(name="conversations", found=len(on_record), expected=len(seen)),
        Row(
            name="seconds talked",
            found=round(sum(on_record), 1),
            expected=round(sum(seen), 1),
            tolerance=TALK_TOLERANCE_S * max(1, len(seen)),
        ),
    ]


def _talked_s(call: SippCall) -> float | None:
    """Return how long a device talked; None when nobody was joined with it.

    Who is answered too late is told so and hung up, which is no conversation.
    """
    begun, ended = call.at.get("picked_up"), call.at.get("hung_up")
    if begun is None or ended is None:
        return None
    return (ended - begun).total_seconds()


def device_rows(
    offers: Mapping[str, int], devices: Sequence[SippCall], ring_s: float
) -> list[Row]:
    """Compare what agents' devices did with how offers ended."""
    counted: dict[str, Callable[[SippCall], bool]] = {
        "answered": lambda call: "picked_up" in call.at,
        "declined": lambda call: "refused" in call.at,
        "timed_out": lambda call: _rang_out(call, ring_s),
    }
    words = {"answered": "answers", "declined": "refusals", "timed_out": "no-answers"}
    return [
        Row(
            name=words[outcome],
            found=offers.get(outcome, 0),
            expected=sum(map(did, devices)),
        )
        for outcome, did in counted.items()
    ]


def _rang_out(call: SippCall, ring_s: float) -> bool:
    cancelled: datetime | None = call.at.get("cancelled")
    rang = call.at.get("rang")
    if cancelled is None or rang is None:
        return False
    return (cancelled - rang).total_seconds() > ring_s - 0.1
