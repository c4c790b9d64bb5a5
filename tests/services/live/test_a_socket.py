"""The stream over real sockets: order, resuming, rights, and who is turned away."""

import asyncio
import contextlib
import json
from datetime import timedelta
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from acd.vocabulary.agent_facts import AgentSignedIn
from services.api import live
from services.live.board import Board
from services.runtime.web_socket import HEARD_BYTES
from tests.services.live.conftest import Hotline, message
from tests.support.builders import ALICE, BOB, YZ, arrived, at, call_id, hung_up, queued
from tests.support.builders import caller_leg as leg_of


async def closed(socket: ClientConnection) -> tuple[int, str]:
    """Read to the end, and return the code and the reason of it."""
    async with asyncio.timeout(6):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.recv()
    return socket.close_code or 0, socket.close_reason or ""


async def facts(socket: ClientConnection, wanted: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while len(found) < wanted:
        told = await message(socket)
        assert told["kind"] == "facts", told
        found += told["facts"]
    return found


async def test_a_snapshot_comes_first_then_each_fact_with_its_number(
    hotline: Hotline,
) -> None:
    hotline.floor.take(arrived(1, 1))

    async with hotline.watching() as socket:
        snapshot = await message(socket)
        hotline.floor.take(queued(1, 2))
        hotline.floor.take(hung_up(leg_of(1), 3))
        told = await facts(socket, 2)

    assert snapshot["kind"] == "snapshot"
    assert (snapshot["part"], snapshot["parts"]) == (1, 1)
    assert [agent["agent_id"] for agent in snapshot["agents"]] == [
        "alice",
        "bob",
        "carol",
    ]
    assert [queue["waiting"] for queue in snapshot["queues"]] == [0, 0]
    assert [call["call_id"] for call in snapshot["calls"]] == [call_id(1)]
    first = snapshot["seq"] + 1
    assert [(fact["seq"], fact["kind"]) for fact in told] == [
        (first, "call_queued"),
        (first + 1, "call_closed"),
    ]


async def test_a_snapshot_says_who_waits_and_since_when(hotline: Hotline) -> None:
    hotline.floor.take(arrived(1, 1), queued(1, 2), arrived(2, 3), queued(2, 4))

    async with hotline.watching() as socket:
        snapshot = await message(socket)

    fault = next(q for q in snapshot["queues"] if q["queue_id"] == "q_fault")
    assert fault["waiting"] == 2
    assert fault["oldest_at"] == "2026-11-01T08:00:02.000000Z"


async def test_every_fact_of_a_busy_time_comes_once_and_in_order(
    hotline: Hotline,
) -> None:
    board = Board()
    async with hotline.watching() as socket:
        board.take(await message(socket))
        for n in range(1, 301):
            hotline.floor.take(arrived(n, n), queued(n, n))
            if n % 50 == 0:
                await asyncio.sleep(0.02)
        # A gap would raise.
        while len(board.calls) < 300 or board.queues()[1]["waiting"] < 300:
            board.take(await message(socket))

    assert board.seq == 600


async def test_reading_is_resumed_where_it_was_left_off(hotline: Hotline) -> None:
    async with hotline.watching() as socket:
        snapshot = await message(socket)
        hotline.floor.take(arrived(1, 1))
        last = (await facts(socket, 1))[0]["seq"]
    hotline.floor.take(queued(1, 2))

    place = {"stream": snapshot["stream"], "seq": last}
    async with hotline.watching(resume=place) as socket:
        missed = await facts(socket, 1)

    assert [(fact["seq"], fact["kind"]) for fact in missed] == [
        (last + 1, "call_queued")
    ]


@pytest.mark.parametrize(
    ("stream", "seq"), [("of-another-engine", 0), (None, 999), (None, 10**12)]
)
async def test_what_cannot_be_resumed_begins_with_a_snapshot(
    hotline: Hotline, stream: str | None, seq: int
) -> None:
    async with hotline.watching() as socket:
        name = (await message(socket))["stream"]

    place = {"stream": stream or name, "seq": seq}
    async with hotline.watching(resume=place) as socket:
        assert (await message(socket))["kind"] == "snapshot"


async def test_another_stream_is_not_resumed_with_other_rights(
    hotline: Hotline,
) -> None:
    hotline.floor.take(arrived(1, 1))
    async with hotline.watching() as socket:
        whole = await message(socket)

    place = {"stream": whole["stream"], "seq": whole["seq"]}
    async with hotline.watching(resume=place, province="HL") as socket:
        narrow = await message(socket)

    assert narrow["kind"] == "snapshot"
    assert narrow["calls"] == narrow["agents"] == narrow["queues"] == []


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", None, "http://localhost:1", ""],
    ids=["foreign", "null", "missing", "other port", "empty"],
)
async def test_a_page_of_elsewhere_gets_no_socket(
    hotline: Hotline, origin: str | None
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with hotline.socket(origin=origin):
            pass

    assert refused.value.response.status_code == 403


async def test_a_name_that_only_resolves_to_this_machine_gets_no_socket(
    hotline: Hotline,
) -> None:
    name = f"rebound.example:{hotline.port}"

    with pytest.raises(InvalidStatus) as refused:
        async with connect(
            f"ws://{name}/live",
            origin=Origin(f"http://{name}"),
            host="127.0.0.1",
            port=hotline.port,
            proxy=None,
        ):
            pass

    assert refused.value.response.status_code == 403


async def test_a_ticket_opens_one_socket_once(hotline: Hotline) -> None:
    ticket = (await hotline.ticket())["ticket"]
    said = json.dumps({"ticket": ticket})

    async with hotline.socket() as first, hotline.socket() as second:
        await first.send(said)
        assert (await message(first))["kind"] == "snapshot"
        await second.send(said)
        end = await closed(second)

    assert end == (4401, "ticket unknown, used or expired")


async def test_a_ticket_is_worth_nothing_after_half_a_minute(hotline: Hotline) -> None:
    ticket = (await hotline.ticket())["ticket"]
    hotline.floor._now += timedelta(seconds=30)

    async with hotline.socket() as socket:
        await socket.send(json.dumps({"ticket": ticket}))
        assert (await closed(socket))[0] == live.NO_TICKET


async def test_an_invented_ticket_is_worth_nothing(hotline: Hotline) -> None:
    async with hotline.socket() as socket:
        await socket.send(json.dumps({"ticket": "x" * 32}))
        assert (await closed(socket))[0] == live.NO_TICKET


async def test_a_socket_without_a_ticket_is_closed_in_seconds(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "TICKET_WITHIN_S", 0.2)

    async with hotline.socket() as socket:
        assert await closed(socket) == (4401, "no ticket came")


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{}",
        "[]",
        b"\x00\x01",
        '{"ticket": 7}',
        '{"ticket": "x", "more": 1}',
        '{"ticket": "' + "x" * 65 + '"}',
        '{"ticket": "x", "resume": {"stream": "s", "seq": -1}}',
        '{"ticket": "x", "resume": {"stream": "s", "seq": "1"}}',
        "[" * 2000,
    ],
)
async def test_a_first_message_that_tells_no_ticket_closes(
    hotline: Hotline, said: str | bytes
) -> None:
    async with hotline.socket() as socket:
        await socket.send(said)
        assert (await closed(socket))[0] == live.NOT_UNDERSTOOD


async def test_nothing_is_taken_after_the_ticket(hotline: Hotline) -> None:
    async with hotline.watching() as socket:
        await message(socket)
        await socket.send("more")
        assert (await closed(socket))[0] == live.NOT_UNDERSTOOD


async def test_a_large_frame_is_not_read(hotline: Hotline) -> None:
    async with hotline.socket() as socket:
        with contextlib.suppress(ConnectionClosed):
            await socket.send("x" * (1 << 20))
        code, _ = await closed(socket)

    # Its sender may still be writing when the answer is gone: then there is none.
    assert code in {1009, 1006}
    assert not any(hotline.floor.fan_out._readers.values())


async def test_who_says_too_much_is_cut_off(hotline: Hotline) -> None:
    async with hotline.watching() as socket:
        await message(socket)
        said_bytes = 0
        with contextlib.suppress(ConnectionClosed):
            while said_bytes < 4 * HEARD_BYTES:
                await socket.ping(f"{said_bytes:0125}")
                said_bytes += 125
                await asyncio.sleep(0)

    assert socket.close_code == 1006
    assert said_bytes < 4 * HEARD_BYTES


async def test_rights_that_are_taken_close_the_socket(hotline: Hotline) -> None:
    told = await hotline.ticket()
    async with hotline.socket() as socket:
        await socket.send(json.dumps({"ticket": told["ticket"]}))
        await message(socket)

        answer = await hotline.http.delete(f"/live/viewers/{told['viewer_id']}")
        end = await closed(socket)

    assert answer.status_code == 204
    assert end == (4403, "rights were taken")


async def test_rights_that_are_taken_before_the_socket_void_the_ticket(
    hotline: Hotline,
) -> None:
    told = await hotline.ticket()
    await hotline.http.delete(f"/live/viewers/{told['viewer_id']}")

    async with hotline.socket() as socket:
        await socket.send(json.dumps({"ticket": told["ticket"]}))
        assert (await closed(socket))[0] == live.NO_TICKET


async def test_rights_that_change_begin_another_stream(hotline: Hotline) -> None:
    hotline.floor.take(arrived(1, 1))
    told = await hotline.ticket(shows_numbers=True)
    async with hotline.socket() as socket:
        await socket.send(json.dumps({"ticket": told["ticket"]}))
        before = await message(socket)

        path = f"/live/viewers/{told['viewer_id']}"
        await hotline.http.put(path, json={"province": "HL"})
        after = await message(socket)
        hotline.floor.take(queued(1, 2))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), 0.3)

    assert len(before["calls"]) == 1
    assert after["kind"] == "snapshot"
    assert after["stream"] != before["stream"]
    assert after["calls"] == []


async def test_the_rights_of_nobody_cannot_be_taken(hotline: Hotline) -> None:
    answer = await hotline.http.delete("/live/viewers/nobody")

    assert answer.status_code == 404
    assert answer.json()["type"] == "unknown_viewer"


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"unit": "YZ"}, 422),
        ({"province": "YJ", "agent_id": "alice"}, 422),
        ({"province": "YJ; drop"}, 422),
        ({"agent_id": "mallory"}, 404),
        ({"everything": True}, 422),
    ],
)
async def test_a_ticket_for_what_there_is_not_is_refused(
    hotline: Hotline, wanted: dict[str, object], status: int
) -> None:
    answer = await hotline.http.post("/live/tickets", json=wanted)

    assert answer.status_code == status, answer.text


async def test_a_session_ends_though_nothing_happens(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await hotline.ticket()
    async with hotline.socket() as socket:
        # Of its hours there is left what the floor's clock steps in one look.
        monkeypatch.setattr(
            "services.live.viewers.Viewers.seconds_left", lambda *_: 0.2
        )
        await socket.send(json.dumps({"ticket": told["ticket"]}))
        assert await closed(socket) == (4401, "the session is over")


async def test_an_agent_sees_their_own_work_and_no_other(hotline: Hotline) -> None:
    board = Board()
    async with hotline.watching(agent_id=str(ALICE)) as socket:
        board.take(await message(socket))
        assert list(board.agents) == ["alice"]
        await hotline.floor.tell(AgentSignedIn(at=at(1), agent_id=BOB))
        hotline.floor.take(arrived(1, 2), queued(1, 3))
        for wish in ("sign-in", "ready"):
            await hotline.http.post(f"/agents/{ALICE}/{wish}")
        while not board.calls:
            board.take(await message(socket))

    assert list(board.agents) == ["alice"]
    assert list(board.calls) == [call_id(1)]
    assert board.calls[call_id(1)]["caller_number"] == "***01"
    assert board.queues() == []


async def test_callers_numbers_are_shown_to_those_who_may_see_them(
    hotline: Hotline,
) -> None:
    hotline.floor.take(arrived(1, 1))
    seen = {}
    for shows in (True, False):
        async with hotline.watching(shows_numbers=shows) as socket:
            snapshot = await message(socket)
            hotline.floor.take(arrived(2 + shows, 2))
            fact = (await facts(socket, 1))[0]
            seen[shows] = (
                snapshot["calls"][0]["caller_number"],
                fact["caller_number"],
            )

    assert seen[True] == ("13800130001", "13800130003")
    assert seen[False] == ("***01", "***02")


async def test_the_place_of_a_viewer_bounds_what_enters_their_stream(
    hotline: Hotline,
) -> None:
    there = YZ.province
    reaches: list[tuple[dict[str, Any], bool]] = [
        ({}, True),
        ({"province": there}, True),
        ({"province": there, "unit": YZ.unit}, True),
        ({"province": there, "unit": "JK"}, False),
        ({"province": "HL"}, False),
        ({"province": "HL", "unit": YZ.unit}, False),
    ]
    for n, (reach, sees) in enumerate(reaches, 1):
        async with hotline.watching(**reach) as socket:
            snapshot = await message(socket)
            hotline.floor.take(arrived(n, n))
            try:
                told = await asyncio.wait_for(socket.recv(), 0.5)
            except TimeoutError:
                told = ""
            assert bool(snapshot["agents"]) is sees, reach
            assert bool(snapshot["queues"]) is sees, reach
            assert (call_id(n) in told) is sees, reach


async def test_no_answer_says_what_program_gave_it(hotline: Hotline) -> None:
    answer = await hotline.http.get("/health")
    async with hotline.watching() as socket:
        assert socket.response is not None
        headers = socket.response.headers

    assert "server" not in answer.headers
    assert "server" not in headers
