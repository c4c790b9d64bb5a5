"""What the engine expects of agents: shown, written, and taken anew."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from acd.vocabulary.agent_facts import AgentReady, AgentSignedIn, WrapUpDone
from acd.vocabulary.ids import LegId
from acd.vocabulary.leg_facts import LegAnswered, LegJoined
from services.runtime import estimating
from services.runtime.estimating import Estimator
from tests.services.api.conftest import JournaledFloor, tieline
from tests.support.builders import (
    ALICE,
    FAULT,
    arrived,
    at,
    call_id,
    caller_leg,
    hung_up,
    queued,
)

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def served_calls(floor: JournaledFloor, count: int) -> None:
    """Let Alice serve some callers, each for a minute."""
    ready = AgentReady(at=at(-1), agent_id=ALICE)
    floor.take(AgentSignedIn(at=at(-2), agent_id=ALICE), ready)
    for n in range(1, count + 1):
        start = 100.0 * n
        floor.take(arrived(n, start), queued(n, start + 1))
        leg = LegId(str(floor.engine.floor.calls[call_id(n)].offer_id))
        bridge = f"bridge-{n}"
        floor.take(
            LegAnswered(at=at(start + 2), leg_id=leg),
            LegJoined(at=at(start + 2), leg_id=caller_leg(n), bridge_id=bridge),
            LegJoined(at=at(start + 2), leg_id=leg, bridge_id=bridge),
            hung_up(caller_leg(n), start + 62),
            WrapUpDone(at=at(start + 70), agent_id=ALICE),
        )


async def rows(url: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch("SELECT * FROM handling_times"))
    finally:
        await connection.close()


def estimator(floor: JournaledFloor, url: str) -> Estimator:
    return Estimator(floor.engine.floor, url, tell=floor.tell, now=floor.now)


async def eventually(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the database says so."""
    async with asyncio.timeout(20):
        while not await is_so():  # noqa: ASYNC110 - a database sets no event
            await asyncio.sleep(0.02)


async def worked(one: Estimator, until: Callable[[], Awaitable[bool]]) -> None:
    """Let it work until something is so."""
    task = asyncio.create_task(one.run())
    try:
        await eventually(until)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_what_is_expected_is_shown_with_the_average(
    running: Path, floor: JournaledFloor
) -> None:
    served_calls(floor, 3)

    result = await tieline("estimates", "show", "--json", "--data", str(running))

    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    (one,) = told["estimates"]
    assert (one["agent_id"], one["kind"], one["calls"]) == (ALICE, FAULT, 3.0)
    assert one["low_s"] < one["expected_s"] < one["high_s"]
    assert told["average_s"][FAULT] == pytest.approx(240)


async def test_a_table_tells_people_the_same(
    running: Path, floor: JournaledFloor
) -> None:
    served_calls(floor, 3)

    result = await tieline("estimates", "show", "--data", str(running))

    assert "alice" in result.stdout
    assert "90 % interval" in result.stdout


async def test_of_nobody_known_a_sentence_is_told(running: Path) -> None:
    result = await tieline("estimates", "show", "--data", str(running))

    assert "everybody counts as average" in result.stdout


async def test_one_command_works_out_anew_what_the_engine_then_has(
    running: Path, floor: JournaledFloor
) -> None:
    served_calls(floor, 3)
    times = floor.engine.floor.handling_times
    before = times.sums(ALICE, FAULT)
    await eventually_on_record(floor, 3)
    times.learn(ALICE, FAULT, 9_000.0, at(400))

    result = await tieline("estimates", "rebuild", "--json", "--data", str(running))

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"agents": 1, "pairs": 1}
    assert times.sums(ALICE, FAULT) == pytest.approx(before)
    assert 0 < floor.engine.floor.quality.calls(ALICE) <= 3


async def eventually_on_record(floor: JournaledFloor, calls: int) -> None:
    async def is_so() -> bool:
        connection = await asyncpg.connect(floor.database_url)
        sql = "SELECT count(*) FROM conversations WHERE wrap_up_ended_at IS NOT NULL"
        try:
            return bool(await connection.fetchval(sql) == calls)
        finally:
            await connection.close()

    await eventually(is_so)


@pytest.mark.usefixtures("running")
async def test_what_is_learned_is_written_and_an_engine_that_knows_nothing_takes_it(
    floor: JournaledFloor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(estimating, "WRITE_EVERY_S", 0.05)
    served_calls(floor, 3)

    async def is_written() -> bool:
        return bool(await rows(floor.database_url))

    await worked(estimator(floor, floor.database_url), is_written)
    known = floor.engine.floor.handling_times.sums(ALICE, FAULT)
    new = JournaledFloor(floor.journal)
    times = new.engine.floor.handling_times

    async def is_taken() -> bool:
        return times.day is not None

    await worked(estimator(new, floor.database_url), is_taken)

    assert times.sums(ALICE, FAULT) == pytest.approx(known)


async def test_what_could_not_be_written_waits(floor: JournaledFloor) -> None:
    served_calls(floor, 1)
    waiting = dict(floor.engine.floor.handling_times.unwritten)
    task = asyncio.create_task(estimator(floor, NOWHERE).run())
    await asyncio.sleep(0.2)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert (
        floor.engine.floor.handling_times.unwritten == waiting == {(ALICE, FAULT): None}
    )
