"""Estimates in the database: written as they are learned, rebuilt from the records."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

import asyncpg

from acd.routing.handling_time import (
    HALF_LIFE_DAYS,
    HandlingTimes,
    day_of,
    is_cut,
    is_whole,
)
from acd.routing.quality import Outcomes
from acd.vocabulary.estimate_facts import AgentLearned, EstimatesRebuilt
from acd.vocabulary.ids import CENTRE, AgentId, Place, QueueId
from acd.vocabulary.offer_facts import Party
from services.store.errors import DatabaseAway, in_its_words

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Pair = tuple[AgentId, str]
Places = Mapping[AgentId, Place]

REPEAT_WITHIN_H = 24
"""Who calls again within so many hours was not helped, as a rule."""
_CONNECT_S = 5.0
_STATEMENT_S = 30.0
_READ_S = 3600.0
_AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
_COLUMNS = (
    "agent_id, kind, day, calls, log_total, log_squares, expected_s, low_s, high_s, "
    "spread, written_at, province, unit"
)
_PUT_QUALITY = """
INSERT INTO agent_quality VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_PUT = f"""
INSERT INTO handling_times ({_COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (agent_id, kind) DO UPDATE SET
  day = excluded.day, calls = excluded.calls, log_total = excluded.log_total,
  log_squares = excluded.log_squares, expected_s = excluded.expected_s,
  low_s = excluded.low_s, high_s = excluded.high_s, spread = excluded.spread,
  written_at = excluded.written_at, province = excluded.province,
  unit = excluded.unit
"""  # noqa: S608 - ours
_HANDLED = """
SELECT t.agent_id, t.queue_id, t.wrap_up_ended_at AS at, t.ended_by,
  extract(epoch FROM t.ended_at - t.started_at)::float8 AS talk_s,
  extract(epoch FROM t.wrap_up_ended_at - t.wrap_up_started_at)::float8 AS wrap_up_s,
  c.caller_number ~ '^[0-9+]{5,}$' AND EXISTS (
    SELECT FROM calls n WHERE n.caller_number = c.caller_number
      AND n.arrived_at > t.ended_at AND n.arrived_at <= t.ended_at + $2::interval
  ) AS is_repeat
FROM conversations t LEFT JOIN calls c USING (call_id)
WHERE t.wrap_up_ended_at >= $1 AND t.ended_at IS NOT NULL AND t.started_at IS NOT NULL
ORDER BY t.wrap_up_ended_at, t.offer_id
"""
_LAST_PLACES = """
SELECT DISTINCT ON (agent_id) agent_id, province, unit
FROM agent_states WHERE at >= $1 ORDER BY agent_id, at DESC
"""


async def connected(url: str) -> Connection:
    """Return a connection, to be closed.

    Raises:
        DatabaseAway: There is none to be had.
    """
    try:
        return await asyncpg.connect(
            url,
            timeout=_CONNECT_S,
            command_timeout=_STATEMENT_S,
            server_settings={"application_name": "tieline estimates"},
        )
    except _AWAY as error:
        raise DatabaseAway(in_its_words(error)) from error


async def write(
    connection: Connection,
    times: HandlingTimes,
    pairs: Iterable[Pair],
    places: Places,
    *,
    at: datetime,
) -> None:
    """Put on record what is known of some agents and kinds.

    Args:
        connection: Of the engine's role.
        times: What is known.
        pairs: Of whom and which kind.
        places: Where agents belong; who is not named belongs to the centre.
        at: Now.

    Raises:
        DatabaseAway: It was not put there.
    """
    rows = [_row(times, pair, places, at) for pair in pairs]
    try:
        await connection.executemany(_PUT, rows)
    except _AWAY as error:
        raise DatabaseAway(in_its_words(error)) from error


async def rebuild(
    url: str, kinds: Mapping[QueueId, str], *, at: datetime, days: int
) -> tuple[HandlingTimes, dict[AgentId, Outcomes]]:
    """Work out handling times and quality from the records, and put them there.

    Args:
        url: Of the database's owner.
        kinds: The kind of call of each queue; one that is not named is a kind.
        at: Now.
        days: How far back; what is older hardly counts.

    Raises:
        DatabaseAway: It cannot be asked; what was on record stays.
    """
    connection = await connected(url)
    try:
        async with connection.transaction():
            times, outcomes = await _read_calls(connection, kinds, at, days)
            places = await _places(connection, at, days)
            await _replace(connection, times, outcomes, places, at)
    except _AWAY as error:
        raise DatabaseAway(in_its_words(error)) from error
    finally:
        await connection.close(timeout=_CONNECT_S)
    return times, outcomes


async def on_record(connection: Connection, *, at: datetime) -> EstimatesRebuilt | None:
    """Return what is on record as the fact that lets an engine take it, or None.

    Rows of several days are faded to the newest.

    Raises:
        DatabaseAway: It cannot be asked.
    """
    try:
        asked = f"SELECT {_COLUMNS} FROM handling_times ORDER BY agent_id, kind"  # noqa: S608 - ours
        rows = await connection.fetch(asked)
        quality = await connection.fetch("SELECT * FROM agent_quality")
    except _AWAY as error:
        raise DatabaseAway(in_its_words(error)) from error
    if not rows:
        return None
    day = max(row["day"] for row in rows)
    own: dict[AgentId, dict[str, tuple[float, float, float]]] = {}
    for row in rows:
        share = _share(day - row["day"])
        sums = (row["calls"], row["log_total"], row["log_squares"])
        calls, total, squares = (share * number for number in sums)
        if calls > 0:
            own.setdefault(row["agent_id"], {})[row["kind"]] = calls, total, squares
    found = {row["agent_id"]: row for row in quality}
    return EstimatesRebuilt(
        at=at,
        day=day,
        agents=tuple(
            AgentLearned(
                agent_id=agent_id,
                sums=json.dumps(sums, ensure_ascii=False),
                **_outcomes(found.get(agent_id), day),
            )
            for agent_id, sums in own.items()
        ),
    )


async def _read_calls(
    connection: Connection, kinds: Mapping[QueueId, str], at: datetime, days: int
) -> tuple[HandlingTimes, dict[AgentId, Outcomes]]:
    times, today = HandlingTimes(), day_of(at)
    found: dict[AgentId, list[float]] = {}
    since, again = at - timedelta(days=days), timedelta(hours=REPEAT_WITHIN_H)
    asked = connection.cursor(_HANDLED, since, again, prefetch=1000, timeout=_READ_S)
    async for row in asked:
        agent_id, queue_id = AgentId(row["agent_id"]), QueueId(row["queue_id"] or "")
        by, talk_s = Party(row["ended_by"]), float(row["talk_s"])
        times.learn(
            agent_id,
            kinds.get(queue_id, queue_id),
            talk_s + (row["wrap_up_s"] or 0.0),
            row["at"],
            is_whole=is_whole(talk_s, by),
        )
        share = _share(today - day_of(row["at"]))
        counts = found.setdefault(agent_id, [0.0, 0.0, 0.0])
        counts[0] += share
        counts[1] += share * bool(row["is_repeat"])
        counts[2] += share * is_cut(talk_s, by)
    return times, {
        agent_id: Outcomes(calls=calls, repeats=repeats, cut=cut)
        for agent_id, (calls, repeats, cut) in found.items()
    }


async def _replace(
    connection: Connection,
    times: HandlingTimes,
    outcomes: Mapping[AgentId, Outcomes],
    places: Places,
    at: datetime,
) -> None:
    await connection.execute("DELETE FROM handling_times; DELETE FROM agent_quality")
    rows = [_row(times, pair, places, at) for pair in times.pairs()]
    await connection.executemany(_PUT, rows)
    told = [
        (
            *(who, day_of(at), o.calls, o.repeats, o.cut, o.rated, o.dissatisfied, at),
            *_codes(places, who),
        )
        for who, o in outcomes.items()
    ]
    await connection.executemany(_PUT_QUALITY, told)


async def _places(
    connection: Connection, at: datetime, days: int
) -> dict[AgentId, Place]:
    """Return where agents belonged when they were last heard of."""
    rows = await connection.fetch(_LAST_PLACES, at - timedelta(days=days))
    return {
        row["agent_id"]: Place(province=row["province"], unit=row["unit"])
        for row in rows
    }


def _codes(places: Places, agent_id: AgentId) -> tuple[str, str]:
    place = places.get(agent_id, CENTRE)
    return place.province, place.unit


def _row(
    times: HandlingTimes, pair: Pair, places: Places, at: datetime
) -> tuple[object, ...]:
    expected = times.estimate(*pair)
    numbers = (expected.expected_s, expected.low_s, expected.high_s, expected.spread)
    known = (times.day or 0, *times.sums(*pair), *numbers)
    return (*pair, *known, at, *_codes(places, pair[0]))


def _share(days: int) -> float:
    """Return how much of a count is left after some days."""
    return float(0.5 ** (max(0, days) / HALF_LIFE_DAYS))


def _outcomes(row: "asyncpg.Record | None", day: int) -> dict[str, float]:
    share = _share(day - row["day"]) if row else 0.0
    names = ("calls", "repeats", "cut", "rated", "dissatisfied")
    return {name: share * row[name] if row else 0.0 for name in names}
