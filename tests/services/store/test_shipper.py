import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from structlog.testing import capture_logs

from acd.vocabulary.facts import Fact
from acd.vocabulary.flow_facts import CallArrived
from acd.vocabulary.ids import CallId, DeviceId, OfferId
from acd.vocabulary.offer_facts import (
    CallClosed,
    CallConnected,
    CloseReason,
    ConversationEnded,
    OfferStarted,
    OfferWithdrawn,
    Party,
)
from services.store.errors import ShippedElsewhere
from services.store.journal import Journal
from services.store.segments import Entry, Origin
from services.store.shipper import Connection, Shipper
from tests.services.store.stories import Story, Teller
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
from tests.support.postgres import free_port

Rows = list[dict[str, object]]
DEVICE = DeviceId("dev-alice")


@asynccontextmanager
async def shipping(journal: Journal, url: str) -> AsyncIterator[Shipper]:
    shipper = Shipper(journal, url)
    task = asyncio.create_task(shipper.run())
    try:
        yield shipper
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def rows(url: str, sql: str) -> Rows:
    connection = await asyncpg.connect(url)
    try:
        return [dict(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


def told(journal: Journal, story: Story) -> None:
    for fact, origin in story:
        journal.append(fact, origin)


def a_call() -> Story:
    teller = Teller()
    teller.answered_call(1, 0)
    return teller.story


async def snapshot(url: str) -> dict[str, Rows]:
    tables = {
        "facts": "seq",
        "calls": "call_id",
        "legs": "leg_id",
        "steps": "call_id, nth",
        "offers": "offer_id",
        "routing_decisions": "offer_id",
        "conversations": "offer_id",
        "recordings": "offer_id",
        "agent_states": "seq",
    }
    return {
        name: await rows(url, f"SELECT * FROM {name} ORDER BY {key}")  # noqa: S608
        for name, key in tables.items()
    }


async def test_an_answered_call_is_one_whole_record(
    tmp_path: Path, empty_database: str
) -> None:
    async with (
        Journal(tmp_path) as journal,
        shipping(journal, empty_database) as shipper,
    ):
        told(journal, a_call())
        assert await shipper.caught_up(10)

    found = await snapshot(empty_database)
    (call,) = found["calls"]
    assert str(call["call_id"]) == call_id(1)
    assert call["state"] == "closed"
    assert (call["close_reason"], call["ended_by"]) == ("completed", "caller")
    assert (call["queued_at"], call["connected_at"]) == (at(1.1), at(3))
    assert call["ended_at"] == at(13)
    assert call["disposition"] == "fault"
    assert (call["province"], call["unit"]) == ("YJ", "YZ")
    endings = {leg["role"]: leg["ending"] for leg in found["legs"]}
    assert endings == {"caller": "hung_up", "agent": "hung_up"}
    assert [step["kind"] for step in found["steps"]] == ["step", "key", "route"]
    (offer,) = found["offers"]
    assert (offer["outcome"], offer["rang_at"]) == ("answered", at(1.3))
    (decision,) = found["routing_decisions"]
    assert decision["offer_id"] == offer["offer_id"]
    assert (decision["agent_id"], decision["ready"]) == (offer["agent_id"], 2)
    (talk,) = found["conversations"]
    assert (talk["started_at"], talk["ended_at"]) == (at(3), at(13))
    assert (talk["wrap_up_started_at"], talk["wrap_up_ended_at"]) == (at(13), at(15))
    (recording,) = found["recordings"]
    assert recording["size_bytes"] == 320044
    assert [state["state"] for state in found["agent_states"]][-4:] == [
        "reserved",
        "talking",
        "wrap_up",
        "ready",
    ]
    assert len(found["facts"]) == journal.last_seq


async def test_where_the_batches_are_cut_makes_no_difference(
    tmp_path: Path, database: str
) -> None:
    story = a_call()
    async with Journal(tmp_path) as journal:
        told(journal, story)
        await journal.flushed(len(story))
        connection = await asyncpg.connect(database)
        shipper = Shipper(journal, database)
        await connection.execute(
            "INSERT INTO shipping VALUES ($1, 0)", journal.journal_id
        )

        found: list[dict[str, Rows]] = []
        for size in (len(story), 1, 2, 3, 7):
            await connection.execute("UPDATE shipping SET seq = 0")
            await connection.execute(
                "TRUNCATE facts, calls, legs, steps, offers, conversations, "
                "recordings, agent_states, routing_decisions"
            )
            await ship_in_batches(shipper, connection, list(journal.read()), size)
            found.append(await snapshot(database))

        await connection.close()
    assert found == [found[0]] * 5


@pytest.mark.parametrize("size", [1, 2, 20])
async def test_a_clock_set_back_gives_no_length_below_zero_but_an_estimate(
    tmp_path: Path, database: str, size: int
) -> None:
    offer = OfferId("0ffe0000-0000-4000-8000-000000000001")
    of_offer: dict[str, Any] = {
        "call_id": call_id(1),
        "offer_id": offer,
        "agent_id": ALICE,
    }
    queue: dict[str, Any] = {"queue_id": FAULT}
    story: tuple[Fact, ...] = (
        arrived(1, 3600),
        queued(1, 3601),
        OfferStarted(
            at=at(3602), device_id=DEVICE, expires_at=at(3617), **of_offer, **queue
        ),
        CallConnected(at=at(3605), **of_offer, **queue),
        # An hour back, and another engine.
        ConversationEnded(at=at(20), ended_by=Party.CALLER, **of_offer),
        OfferWithdrawn(at=at(20), by=Party.CALLER, **of_offer),
        hung_up(caller_leg(1), 20),
        CallClosed(
            at=at(20),
            call_id=call_id(1),
            reason=CloseReason.COMPLETED,
            ended_by=Party.CALLER,
        ),
    )
    async with Journal(tmp_path) as journal:
        told(journal, [(fact, Origin.TOLD) for fact in story])
        await journal.flushed(len(story))
        connection = await asyncpg.connect(database)
        await connection.execute(
            "INSERT INTO shipping VALUES ($1, 0)", journal.journal_id
        )
        shipper = Shipper(journal, database)
        await ship_in_batches(shipper, connection, list(journal.read()), size)
        await connection.close()

    found = await snapshot(database)
    (call,), (talk,), (one,) = (
        found[name] for name in ("calls", "conversations", "offers")
    )
    assert (call["ended_at"], call["is_estimated"]) == (at(3605), True)
    assert (talk["started_at"], talk["ended_at"]) == (at(3605), at(3605))
    assert (one["started_at"], one["ended_at"]) == (at(3602), at(3602))
    ended = {leg["role"]: leg["ended_at"] for leg in found["legs"]}
    assert ended == {"caller": at(3600), "agent": None}


async def ship_in_batches(
    shipper: Shipper, connection: Connection, entries: list[Entry], size: int
) -> None:
    for start in range(0, len(entries), size):
        part = entries[start : start + size]
        await shipper._ship(connection, part, start, part[-1].seq)


async def test_a_shipper_killed_at_any_moment_ships_each_entry_once(
    tmp_path: Path, database: str
) -> None:
    teller = Teller()
    for n in range(1, 30):
        teller.answered_call(n, n * 100)
    async with Journal(tmp_path) as journal:
        told(journal, teller.story)
        await journal.flushed(journal.last_seq)

        for after_ms in range(0, 60, 4):
            task = asyncio.create_task(Shipper(journal, database).run())
            await asyncio.sleep(after_ms / 1000)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        async with shipping(journal, database) as shipper:
            assert await shipper.caught_up(20)

    found = await snapshot(database)
    assert [fact["seq"] for fact in found["facts"]] == list(
        range(1, len(teller.story) + 1)
    )
    assert len(found["calls"]) == len(found["conversations"]) == 29
    assert {call["state"] for call in found["calls"]} == {"closed"}


async def test_a_second_shipper_of_the_same_journal_is_refused(
    tmp_path: Path, database: str
) -> None:
    async with Journal(tmp_path) as journal:
        told(journal, a_call())
        await journal.flushed(journal.last_seq)
        async with shipping(journal, database) as shipper:
            assert await shipper.caught_up(10)
        connection = await asyncpg.connect(database)
        entries = list(journal.read())

        with pytest.raises(ShippedElsewhere) as caught:
            await shipper._ship(connection, entries, 0, entries[-1].seq)

        await connection.close()
        last = journal.last_seq
        assert str(caught.value) == (
            f"journal {journal.journal_id}: shipped up to {last} by somebody else, "
            "expected 0; is a second engine running on this journal?"
        )
        found = await snapshot(database)
        assert len(found["facts"]) == last


async def test_a_database_that_goes_away_and_comes_back_gets_all_that_waited(
    tmp_path: Path, database: str
) -> None:
    teller = Teller()
    port, via_relay = free_port(), urlsplit(database)
    host = f"{via_relay.username}:{via_relay.password}@127.0.0.1:{port}"
    async with (
        Journal(tmp_path) as journal,
        shipping(journal, via_relay._replace(netloc=host).geturl()) as shipper,
    ):
        told(journal, teller.story)
        assert not await shipper.caught_up(0.5)
        assert shipper.problem is not None
        assert shipper.problem.startswith("database: ")
        assert shipper.problem.endswith("wait in the journal until it is back")

        for n in range(1, 4):
            async with relay(port, database):
                assert await shipper.caught_up(20)
                assert shipper.problem is None
            teller.answered_call(n, n * 100)
            told(journal, teller.story[journal.last_seq :])

        async with relay(port, database):
            assert await shipper.caught_up(20)

    found = await snapshot(database)
    assert len(found["facts"]) == len(teller.story)
    assert len(found["calls"]) == 3


@asynccontextmanager
async def relay(port: int, url: str) -> AsyncIterator[None]:
    """Lead a port to the database; at the end cut all that goes through it."""
    writers: list[asyncio.StreamWriter] = []

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        writers.extend([writer, there[1]])
        with suppress(OSError):
            await asyncio.gather(pipe(reader, there[1]), pipe(there[0], writer))

    server = await asyncio.start_server(join, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()


async def pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while block := await source.read(1 << 16):
        sink.write(block)
    sink.close()


async def test_a_database_that_answers_but_refuses_is_told_once(
    tmp_path: Path, database: str
) -> None:
    await rows(database, "ALTER TABLE facts RENAME TO lost")
    async with Journal(tmp_path) as journal, shipping(journal, database) as shipper:
        with capture_logs() as logged:
            told(journal, a_call())
            assert not await shipper.caught_up(2)
        assert [line["event"] for line in logged] == ["database_away"]
        assert shipper.problem == (
            'database: relation "facts" does not exist; '
            "entries wait in the journal until it is back"
        )

        await rows(database, "ALTER TABLE lost RENAME TO facts")
        assert await shipper.caught_up(20)
        assert shipper.problem is None


async def test_a_shipper_that_finds_all_on_record_has_caught_up(
    tmp_path: Path, database: str
) -> None:
    async with Journal(tmp_path) as journal:
        for _ in range(2):
            async with shipping(journal, database) as shipper:
                told(journal, a_call()[journal.last_seq :])
                assert await shipper.caught_up(10)


async def test_a_connection_cut_while_shipping_is_made_again(
    tmp_path: Path, database: str
) -> None:
    teller = Teller()
    async with Journal(tmp_path) as journal, shipping(journal, database) as shipper:
        for n in range(1, 6):
            teller.answered_call(n, n * 100)
            told(journal, teller.story[journal.last_seq :])
            assert await shipper.caught_up(20)
            await rows(
                database,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'tieline shipper'",
            )

    found = await snapshot(database)
    assert len(found["calls"]) == 5
    assert len(found["facts"]) == len(teller.story)


async def test_a_refused_fact_is_kept_but_changes_no_record(
    tmp_path: Path, database: str
) -> None:
    async with Journal(tmp_path) as journal, shipping(journal, database) as shipper:
        journal.append(arrived(1, 0), Origin.REFUSED)
        assert await shipper.caught_up(10)

    found = await snapshot(database)
    assert found["calls"] == []
    assert [fact["origin"] for fact in found["facts"]] == ["refused"]


async def test_a_name_with_a_nul_is_on_record_without_it(
    tmp_path: Path, database: str
) -> None:
    async with Journal(tmp_path) as journal, shipping(journal, database) as shipper:
        journal.append(named(1, "A\0B\r\n王"), Origin.TOLD)
        assert await shipper.caught_up(10)
        (entry,) = journal.read()

    found = await snapshot(database)
    assert found["calls"][0]["caller_name"] == "A\ufffdB\r\n王"
    told_first = entry.fact()
    assert isinstance(told_first, CallArrived)
    assert told_first.caller_name == "A\0B\r\n王"


def named(n: int, name: str) -> CallArrived:
    first = arrived(n, 0)
    return CallArrived(
        at=first.at,
        place=first.place,
        call_id=first.call_id,
        leg_id=first.leg_id,
        number=first.number,
        caller_number=first.caller_number,
        caller_name=name,
        sip_call_id=first.sip_call_id,
    )


async def test_what_the_database_cannot_hold_does_not_stop_what_it_can(
    tmp_path: Path, database: str
) -> None:
    async with Journal(tmp_path) as journal, shipping(journal, database) as shipper:
        bad: Fact = CallArrived(
            at=at(1),
            call_id=CallId("no uuid; DROP TABLE calls"),
            leg_id=arrived(2, 0).leg_id,
            number="6000",
            caller_number="1",
            caller_name="",
            sip_call_id="2",
        )
        for fact in (arrived(1, 0), bad, arrived(3, 2)):
            journal.append(fact, Origin.TOLD)
        assert await shipper.caught_up(10)

    found = await snapshot(database)
    numbers = {call["caller_number"] for call in found["calls"]}
    assert numbers == {"13800130001", "13800130003"}
    assert [fact["seq"] for fact in found["facts"]] == [1, 3]


async def test_an_agent_has_states_before_any_call(
    tmp_path: Path, database: str
) -> None:
    async with Journal(tmp_path) as journal, shipping(journal, database) as shipper:
        told(journal, Teller().story)
        assert await shipper.caught_up(10)

    states = await rows(
        database, "SELECT agent_id, state FROM agent_states ORDER BY seq"
    )
    assert {"agent_id": ALICE, "state": "ready"} in states
