"""Where the steps of flows led callers, counted from what is on record."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.store.asked import asked

_LIMIT_S = 60.0
_STEPS = """
SELECT (arrived_at AT TIME ZONE 'UTC' + $3)::date AS day, flow_version, flow, step,
    count(*) AS entered, sum(asked_again)::bigint AS asked_again,
    count(*) FILTER (WHERE gave_up) AS gave_up
FROM step_traces($1, $2) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
_WAYS = """
SELECT (arrived_at AT TIME ZONE 'UTC' + $3)::date AS day, flow_version, flow, step,
    way, next_flow, next_step, count(*) AS calls
FROM step_traces($1, $2) WHERE next_step IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """What became of callers at one step, on one day, by one version of the flows."""

    day: date
    """On which the calls arrived."""
    flow_version: int | None
    """None of calls that were led by none that was published."""
    flow: str
    step: str
    entered: int
    """How often it was entered; a call can come again."""
    asked_again: int
    """How often it said its words again: no key, a wrong one, or the one to repeat."""
    gave_up: int
    """How many callers hung up in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WayCount:
    """How often callers left a step by one way."""

    day: date
    flow_version: int | None
    flow: str
    step: str
    way: str
    """``key 1``; ``timeout`` or ``other key`` when tries were over, or a saying was cut
    short by it; ``on`` by itself."""
    next_flow: str
    next_step: str
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What callers of a period did in flows."""

    steps: tuple[StepCount, ...]
    ways: tuple[WayCount, ...]


async def traffic(
    url: str, *, since: datetime, until: datetime, ahead: timedelta = timedelta()
) -> Traffic:
    """Count the steps of calls that arrived in a period.

    Args:
        url: A ``postgresql://`` address.
        since: The period's beginning, which is part of it.
        until: Its end, which is not.
        ahead: By how much the clock that days are told by is ahead of UTC.

    Raises:
        DatabaseAway: The database cannot be asked.
    """
    async with asked(url, by="flows", statement_s=_LIMIT_S) as connection:
        steps = await connection.fetch(_STEPS, since, until, ahead)
        ways = await connection.fetch(_WAYS, since, until, ahead)
    return Traffic(
        steps=tuple(StepCount(**row) for row in steps),
        ways=tuple(WayCount(**row) for row in ways),
    )
