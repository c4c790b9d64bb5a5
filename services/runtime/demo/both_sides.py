"""What the telephones saw and what stands on record, figure beside figure."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.phone.sipp_log import SippCall
from services.runtime.bench.trail import Connection

ANSWERED_IN_S = 20.0
"""The hotline's service level is told for this limit."""
TALK_TOLERANCE_S = 0.3
"""A conversation begins when both are joined and ends when one leaves; a phone sees
its own 200 and its own BYE, which a busy machine delays."""

LATE_S = 0.6
"""An offer's time runs from the engine's decision, a device's from the INVITE: by so
much a busy machine may lie between the two."""
_SURE_S = 0.02
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
    crossed: int = 0
    """So many more it may be: signals of both sides crossed on the way."""
    tolerance: float = 0.0

    @property
    def agrees(self) -> bool:
        """Whether both sides tell the same."""
        least = self.expected - self.tolerance
        return least <= self.found <= self.expected + self.crossed + self.tolerance

    @property
    def told(self) -> str:
        """What the telephones tell, in a word."""
        most = self.expected + self.crossed
        return f"{self.expected:g} to {most:g}" if self.crossed else f"{most:g}"


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
    seen = [(call, length) for call in devices if (length := _talked_s(call))]
    crossed = sum(_is_late(call) for call, _ in seen)
    return [
        Row(
            name="conversations",
            found=len(on_record),
            expected=len(seen) - crossed,
            crossed=crossed,
        ),
        Row(
            name="seconds talked",
            found=round(sum(on_record), 1),
            expected=round(sum(length for _, length in seen), 1),
            tolerance=TALK_TOLERANCE_S * max(1, len(seen)),
        ),
    ]


def _talked_s(call: SippCall) -> float | None:
    """Return how long a device was picked up; None when it never was."""
    begun, ended = call.at.get("picked_up"), call.at.get("hung_up")
    if begun is None or ended is None:
        return None
    return (ended - begun).total_seconds()


def _is_late(call: SippCall) -> bool:
    """Tell whether a device may have been picked up too late to be joined."""
    if "picked_up" not in call.at:
        return False
    lasted_s = _talked_s(call)
    was_left = call.hung_up_by == "them"
    return "cancelled" in call.at or (
        lasted_s is not None and was_left and lasted_s < LATE_S
    )


def device_rows(
    offers: Mapping[str, int],
    devices: Sequence[SippCall],
    ring_s: float,
    *,
    left_at: Mapping[str, datetime],
    crossing_s: float,
) -> list[Row]:
    """Compare what agents' devices did with how offers ended.

    Args:
        offers: How many ended how, on record.
        devices: What the devices saw.
        ring_s: How long a device may ring.
        left_at: When callers left, by their number: an offer whose caller leaves just
            when the agent refuses it was withdrawn, or refused, by who was first.
        crossing_s: Signals that leave two phones within so long may cross.
    """
    picked = [call for call in devices if "picked_up" in call.at]
    late = sum(map(_is_late, picked))
    rang_s = [_rang_s(call) for call in devices if "cancelled" in call.at]
    sure = sum(length > ring_s - _SURE_S for length in rang_s)
    likely = sum(length > ring_s - LATE_S for length in rang_s)
    refused = [call for call in devices if "refused" in call.at]
    met = sum(_has_met(call, left_at, crossing_s) for call in refused)
    return [
        Row(
            name="answers",
            found=offers.get("answered", 0),
            expected=len(picked) - late,
            crossed=late,
        ),
        Row(
            name="refusals",
            found=offers.get("declined", 0),
            expected=len(refused) - met,
            crossed=met,
        ),
        Row(
            name="no-answers",
            found=offers.get("timed_out", 0),
            expected=sure,
            crossed=likely - sure,
        ),
    ]


def _has_met(
    call: SippCall, left_at: Mapping[str, datetime], crossing_s: float
) -> bool:
    """Tell whether a device refused just when its caller left."""
    left = left_at.get(call.number)
    if left is None:
        return False
    return abs((call.at["refused"] - left).total_seconds()) < crossing_s


def _rang_s(call: SippCall) -> float:
    """Return how long a device rang until it was told to stop."""
    return (call.at["cancelled"] - call.at["rang"]).total_seconds()
