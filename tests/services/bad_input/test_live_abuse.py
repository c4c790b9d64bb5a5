"""T-15, S-04: what sockets of bad will cost the engine, over real ones."""

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.instance import RunningInstance
from tests.support.raw_socket import RawSocket

MB = 1 << 20
IDLE, LARGE, STALLED = 1000, 50, 20


def rss_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(row for row in status.splitlines() if row.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@pytest.fixture
def engine(instance: RunningInstance) -> Iterator[int]:
    pid = instance.pid("engine")
    assert pid is not None
    yield pid
    assert instance.pid("engine") == pid


async def wish(client: httpx.AsyncClient, rounds: int) -> None:
    """Have facts flow: an agent signs in and out, again and again."""
    for _ in range(rounds):
        for what in ("sign-in", "ready", "sign-out"):
            answer = await client.post(f"/agents/1001/{what}")
            assert answer.status_code == 202, answer.text


async def stalled(client: httpx.AsyncClient, port: int) -> RawSocket:
    """Begin to watch and never read, with the smallest room that there is."""
    ticket = (await client.post("/live/tickets", json={})).json()["ticket"]
    reader = await RawSocket.open(port)
    sock = reader.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    reader.say(json.dumps({"ticket": ticket}).encode())
    reader.writer.transport.pause_reading()  # type: ignore[attr-defined]
    return reader


async def test_sockets_of_bad_will_cost_little_and_are_gone_in_seconds(
    instance: RunningInstance, engine: int
) -> None:
    port = instance.base_port + 1
    before_bytes, before_files = rss_bytes(engine), open_files(engine)
    most_bytes = before_bytes
    async with httpx.AsyncClient(
        base_url=instance.http, headers=instance.headers, trust_env=False, timeout=20
    ) as client:
        still = [await stalled(client, port) for _ in range(STALLED)]
        # Before the idle ones, who leave no room for others as long as they stay.
        for _ in range(LARGE):
            large = await RawSocket.open(port)
            large.say(bytes(MB))
            most_bytes = max(most_bytes, rss_bytes(engine))
            large.cut()
        idle: list[RawSocket] = []
        turned_away = 0
        for _ in range(IDLE):
            try:
                idle.append(await RawSocket.open(port))
            except (ConnectionError, asyncio.IncompleteReadError):
                turned_away += 1
        most_bytes = max(most_bytes, rss_bytes(engine))
        await wish(client, 30)
        most_bytes = max(most_bytes, rss_bytes(engine))

        async with asyncio.timeout(20):
            last = await asyncio.gather(*(one.ended() for one in idle))
        health = await client.get("/health")
    for one in still:
        one.cut()
    for one in idle:
        one.cut()

    grew_mb = (most_bytes - before_bytes) / MB
    print(f"memory +{grew_mb:.1f} MB at the most; {turned_away} turned away")  # noqa: T201 - the figure is the point
    assert health.status_code == 200
    assert sum(b"no ticket came" in end for end in last) == len(idle)
    assert grew_mb <= 50
    async with asyncio.timeout(20):
        while open_files(engine) > before_files + 5:  # noqa: ASYNC110 - a process
            await asyncio.sleep(0.1)


async def test_a_reader_who_reads_nothing_is_let_go_and_holds_up_nobody(
    instance: RunningInstance, engine: int
) -> None:
    port = instance.base_port + 1
    async with httpx.AsyncClient(
        base_url=instance.http, headers=instance.headers, trust_env=False, timeout=20
    ) as client:
        reader = await stalled(client, port)

        async def closed() -> bool:
            text = (await client.get("/metrics")).text
            return 'tieline_live_sockets_closed_total{code="4408"}' in text

        async with asyncio.timeout(60):
            while not await closed():
                await wish(client, 20)
    reader.cut()


async def test_no_log_tells_a_ticket(instance: RunningInstance) -> None:
    async with httpx.AsyncClient(
        base_url=instance.http, headers=instance.headers, trust_env=False
    ) as client:
        ticket = (await client.post("/live/tickets", json={})).json()["ticket"]
    reader = await RawSocket.open(instance.base_port + 1)
    reader.say(json.dumps({"ticket": ticket, "more": 1}).encode())
    async with asyncio.timeout(10):
        end = await reader.ended()
    reader.cut()

    logs = [log for log in (instance.data / "log").iterdir() if log.is_file()]
    assert b"the first message tells a ticket" in end
    assert logs
    assert [log for log in logs if ticket in log.read_text(errors="replace")] == []
