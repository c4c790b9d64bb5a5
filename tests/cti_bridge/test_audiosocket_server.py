"""Clients of the AudioSocket server: whoever is no leg of ours costs nothing."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from cti_bridge.audiosocket.errors import NobodyCame
from cti_bridge.audiosocket.protocol import (
    FRAME_BYTES,
    Pressed,
    Sound,
    hang_up,
    named,
    pressed,
    sound,
)
from cti_bridge.audiosocket.server import AudioLimits, AudioServer, Leg
from tests.support.eventually import eventually


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / (1 << 20)


class Kept:
    """A taker that keeps what it is told."""

    def __init__(self, leg: Leg) -> None:
        self.leg = leg
        self.came: list[Pressed | Sound] = []
        self.reason = ""
        self.ticks = 0

    def heard(self, message: Pressed | Sound) -> None:
        self.came.append(message)

    def lost(self, reason: str) -> None:
        self.reason = reason

    def tick(self, now_s: float) -> None:
        self.ticks += 1


class Waiter:
    """Waits for one leg."""

    def __init__(self, server: AudioServer) -> None:
        self.kept: Kept | None = None
        self.awaited = server.await_leg(self._take)

    def _take(self, leg: Leg) -> Kept:
        self.kept = Kept(leg)
        return self.kept


@asynccontextmanager
async def served(limits: AudioLimits | None = None) -> AsyncIterator[AudioServer]:
    server = AudioServer(limits=limits)
    await server.start(0)
    try:
        yield server
    finally:
        await server.close()


async def connected(
    server: AudioServer,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    assert server.address is not None
    host, _, port = server.address.partition(":")
    return await asyncio.open_connection(host, int(port))


async def is_cut_off(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(20):
            while await reader.read(1000):
                pass
    except ConnectionError:
        pass
    return True


async def test_a_leg_that_is_waited_for_is_taken_paced_and_given_back() -> None:
    async with served() as server:
        waiter = Waiter(server)
        reader, writer = await connected(server)
        writer.write(named(waiter.awaited.id) + pressed("5"))
        await eventually(lambda: waiter.kept is not None)
        kept = waiter.kept
        assert kept is not None
        writer.write(sound(bytes(FRAME_BYTES)))
        await eventually(lambda: len(kept.came) == 2 and kept.ticks > 2)
        kept.leg.write(sound(b"\1\0"))
        kept.leg.hang_up()
        got = await reader.read()
        writer.close()

        assert kept.came == [Pressed("5"), Sound(bytes(FRAME_BYTES))]
        assert got == sound(b"\1\0") + hang_up()
        assert (server.legs, server.awaits, server.refusals) == (0, 0, 0)
        assert kept.reason == "", "who gave it back is not told that it is gone"


async def test_where_nobody_is_listened_to_nothing_ticks() -> None:
    async with served() as server:
        waiter = Waiter(server)
        _, writer = await connected(server)
        writer.write(named(waiter.awaited.id))
        await eventually(lambda: waiter.kept is not None and waiter.kept.ticks > 0)
        writer.close()
        await eventually(lambda: server.legs == 0)
        await eventually(lambda: server._clock is None)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(named(uuid4()), id="an unknown leg"),
        pytest.param(sound(bytes(FRAME_BYTES)), id="sound without a name"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", id="another client"),
        pytest.param(b"\xff" * 100_000, id="garbage"),
        pytest.param(struct.pack(">BH", 0x10, 65535), id="a frame without an end"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x01\x00", id="half a header"),
    ],
)
async def test_who_is_no_leg_of_ours_is_cut_off(said: bytes) -> None:
    async with served(AudioLimits(name_s=0.3)) as server:
        Waiter(server)
        reader, writer = await connected(server)
        writer.write(said)

        assert await is_cut_off(reader)
        assert (server.legs, server.awaits, server.refusals) == (0, 1, 1)
        writer.close()


async def test_a_name_opens_once() -> None:
    async with served() as server:
        waiter = Waiter(server)
        _, first = await connected(server)
        first.write(named(waiter.awaited.id))
        await eventually(lambda: waiter.kept is not None)
        reader, second = await connected(server)
        second.write(named(waiter.awaited.id))

        assert await is_cut_off(reader)
        assert server.legs == 1
        first.close()
        second.close()


async def test_a_leg_that_breaks_the_rules_is_lost_to_its_walk() -> None:
    async with served(AudioLimits(burst_s=1.0)) as server:
        waiter = Waiter(server)
        reader, writer = await connected(server)
        writer.write(named(waiter.awaited.id) + 200 * sound(bytes(FRAME_BYTES)))

        assert await is_cut_off(reader)
        assert waiter.kept is not None
        assert waiter.kept.reason == "sends more sound than time passes"
        writer.close()


async def test_who_reads_nothing_is_cut_off() -> None:
    async with served(AudioLimits(unsent_bytes=1000)) as server:
        waiter = Waiter(server)
        _, writer = await connected(server)
        writer.write(named(waiter.awaited.id))
        await eventually(lambda: waiter.kept is not None)
        kept = waiter.kept
        assert kept is not None
        for _ in range(200_000):
            if kept.reason:
                break
            kept.leg.write(sound(bytes(6400)))

        assert kept.reason == "reads no more what is played"
        writer.close()


async def test_a_leg_that_does_not_come_is_told_in_time_and_forgotten() -> None:
    async with served() as server:
        waiter = Waiter(server)
        never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with pytest.raises(NobodyCame):
            await waiter.awaited.wait(0.05, unless=never)
        waiter.awaited.forget()

        assert server.awaits == 0


async def test_among_a_thousand_strangers_a_leg_is_served() -> None:
    limits = AudioLimits(connections=60, nameless=50, name_s=1.0)
    before_mb = resident_mb()
    async with served(limits) as server:
        strangers = [await connected(server) for _ in range(1000)]
        assert server.legs <= limits.nameless
        await eventually(lambda: server.legs == 0, limit_s=30)
        waiter = Waiter(server)
        _, writer = await connected(server)
        writer.write(named(waiter.awaited.id))
        await eventually(lambda: waiter.kept is not None)
        assert server.refusals == 1000
        for _, stranger in [*strangers, (None, writer)]:
            stranger.close()

    assert resident_mb() - before_mb < 50


async def test_a_server_that_closes_loses_every_leg() -> None:
    server = AudioServer()
    await server.start(0)
    waiter = Waiter(server)
    reader, writer = await connected(server)
    writer.write(named(waiter.awaited.id))
    await eventually(lambda: waiter.kept is not None)
    await server.close()

    assert await is_cut_off(reader)
    assert waiter.kept is not None
    assert waiter.kept.reason == "the server closes"
    assert (server.address, server.legs) == (None, 0)
    writer.close()
