"""Estimates in a real PostgreSQL: rebuilt from records, written, and read back."""

import asyncio
import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from acd.routing.handling_time import HandlingTimes, day_of
from acd.routing.quality import Outcomes
from acd.vocabulary.ids import AgentId, QueueId
from acd.vocabulary.offer_facts import Party
from services.store import estimates
from services.store.errors import DatabaseAway
from services.store.journal import Journal
from services.store.roles import Role
from services.store.shipper import Shipper
from tests.services.store.stories import Teller
from tests.support.builders import ALICE, BOB, FAULT, YZ, at, call_id
from tests.support.roles import granted_roles

CALLS = 12


async def shipped(url: str, folder: Path) -> Teller:
    """Put twelve answered calls and one that was not on record."""
    teller = Teller()
    for n in range(CALLS):
        teller.answered_call(n, 100 * n)
    teller.abandoned_call(CALLS, 100 * CALLS)
    async with Journal(folder) as journal:
        for fact, origin in teller.story:
            journal.append(fact, origin)
        shipper = Shipper(journal, url)
        task = asyncio.create_task(shipper.run())
        assert await shipper.caught_up(20), shipper.problem
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return teller


async def rebuilt(
    url: str, kinds: dict[QueueId, str] | None = None, days: int = 112
) -> tuple[HandlingTimes, dict[AgentId, Outcomes]]:
    now = at(100 * CALLS + 60)
    return await estimates.rebuild(url, kinds or {}, at=now, days=days)


async def asked(url: str, sql: str, *values: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(sql, *values))
    finally:
        await connection.close()


async def test_the_records_tell_what_the_engine_learned(
    database: str, tmp_path: Path
) -> None:
    teller = await shipped(database, tmp_path)
    lived = teller.desk.engine.floor.handling_times

    times, outcomes = await rebuilt(database)

    assert set(times.pairs()) == set(lived.pairs())
    for pair in lived.pairs():
        assert times.sums(*pair) == pytest.approx(lived.sums(*pair))
        assert times.expected_s(*pair) == pytest.approx(lived.expected_s(*pair))
    assert sum(found.calls for found in outcomes.values()) == CALLS
    for table in ("handling_times", "agent_quality"):
        places = await asked(database, f"SELECT province, unit FROM {table}")  # noqa: S608 - ours
        assert {tuple(row) for row in places} == {(YZ.province, YZ.unit)}


async def test_a_kind_that_a_queue_names_is_learned_under_its_name(
    database: str, tmp_path: Path
) -> None:
    await shipped(database, tmp_path)

    times, _ = await rebuilt(database, {FAULT: "power"})

    assert {kind for _, kind in times.pairs()} == {"power"}


async def test_what_is_older_than_was_asked_for_is_not_looked_at(
    database: str, tmp_path: Path
) -> None:
    await shipped(database, tmp_path)
    await asked(
        database,
        "UPDATE conversations SET wrap_up_ended_at = wrap_up_ended_at"
        " - interval '9 days' WHERE call_id = $1",
        call_id(0),
    )

    times, _ = await rebuilt(database, days=8)

    assert times.known().calls == CALLS - 1


async def test_who_calls_again_within_a_day_was_not_helped(
    database: str, tmp_path: Path
) -> None:
    await shipped(database, tmp_path)
    again = [call_id(n) for n in range(3)]
    sql = "UPDATE calls SET caller_number = '13900001111' WHERE call_id = ANY($1)"
    await asked(database, sql, again)
    late = "UPDATE calls SET arrived_at = arrived_at + interval '25 hours'"
    await asked(database, f"{late} WHERE call_id = $1", call_id(2))

    _, outcomes = await rebuilt(database)

    assert sum(found.repeats for found in outcomes.values()) == 1


async def test_callers_without_a_number_are_not_taken_for_one(
    database: str, tmp_path: Path
) -> None:
    await shipped(database, tmp_path)
    await asked(database, "UPDATE calls SET caller_number = 'anonymous'")

    _, outcomes = await rebuilt(database)

    assert sum(found.repeats for found in outcomes.values()) == 0


async def test_calls_that_an_agent_cut_short_are_counted_and_not_quick(
    database: str, tmp_path: Path
) -> None:
    await shipped(database, tmp_path)
    await asked(database, "UPDATE conversations SET ended_by = $1", Party.AGENT.value)

    times, outcomes = await rebuilt(database)

    assert sum(found.cut for found in outcomes.values()) == CALLS
    for who, kind in times.pairs():
        assert times.expected_s(who, kind) >= times.average_s(kind)


async def test_what_is_on_record_is_told_as_one_fact(
    database: str, tmp_path: Path
) -> None:
    await shipped(database, tmp_path)
    times, outcomes = await rebuilt(database)

    connection = await estimates.connected(database)
    told = await estimates.on_record(connection, at=at(2000))
    await connection.close()

    assert told is not None
    assert told.day == day_of(at(0))
    assert {it.agent_id for it in told.agents} == {who for who, _ in times.pairs()}
    for it in told.agents:
        sums = json.loads(it.sums)
        assert sums[FAULT] == pytest.approx(list(times.sums(it.agent_id, FAULT)))
        assert it.calls == outcomes[it.agent_id].calls


async def test_rows_of_several_days_are_faded_to_the_newest(database: str) -> None:
    old, new = HandlingTimes(), HandlingTimes()
    for _ in range(10):
        old.learn(ALICE, FAULT, 100.0, at(0))
        new.learn(BOB, FAULT, 100.0, at(0) + timedelta(days=28))
    connection = await estimates.connected(database)
    await estimates.write(connection, old, [(ALICE, FAULT)], {}, at=at(0))
    await estimates.write(connection, new, [(BOB, FAULT)], {}, at=at(0))

    told = await estimates.on_record(connection, at=at(1))
    await connection.close()

    assert told is not None
    calls = {it.agent_id: json.loads(it.sums)[FAULT][0] for it in told.agents}
    assert calls == {ALICE: pytest.approx(5), BOB: pytest.approx(10)}


async def test_nothing_on_record_is_told_as_nothing(database: str) -> None:
    connection = await estimates.connected(database)

    assert await estimates.on_record(connection, at=at(0)) is None

    await connection.close()


async def test_the_engines_role_writes_and_reads_what_it_learns(database: str) -> None:
    times = HandlingTimes()
    times.learn(ALICE, FAULT, 100.0, at(0))

    async with granted_roles(database) as roles:
        connection = await estimates.connected(roles.url(Role.ENGINE))
        for _ in range(2):
            await estimates.write(
                connection, times, times.pairs(), {ALICE: YZ}, at=at(0)
            )
        told = await estimates.on_record(connection, at=at(0))
        await connection.close()

    assert told is not None
    (row,) = await asked(database, "SELECT * FROM handling_times")
    assert (row["agent_id"], row["kind"], row["calls"]) == (ALICE, FAULT, 1.0)
    assert (row["province"], row["unit"]) == (YZ.province, YZ.unit)
    assert row["low_s"] < row["expected_s"] < row["high_s"]


async def test_a_rebuild_that_breaks_off_leaves_what_was_there(
    database: str, tmp_path: Path
) -> None:
    await shipped(database, tmp_path)
    await rebuilt(database)
    await asked(database, "ALTER TABLE agent_quality ADD CHECK (calls < 0) NOT VALID")

    with pytest.raises(DatabaseAway):
        await rebuilt(database)

    assert await asked(database, "SELECT * FROM handling_times")
