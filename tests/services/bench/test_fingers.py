"""Callers of a bench press their keys as telephones do, and when they should."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.runtime.bench.fingers import Finger, fingers
from tests.support.eventually import eventually

_RTP = b"\x80" + bytes(11)
TONE = _RTP + b"\x20" * 160
STILL = _RTP + b"\xff" * 160


class Switch(asyncio.DatagramProtocol):
    """The other end of a caller's sound."""

    def __init__(self) -> None:
        self.events: list[tuple[int, int, bool, int]] = []
        """Sequence number, key, whether it is up, and how long it lasts."""
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        sequence = struct.unpack("!H", data[2:4])[0]
        key, flags, length = struct.unpack("!BBH", data[12:])
        assert data[1] & 0x7F == 101
        self.events.append((sequence, key, bool(flags & 0x80), length))

    def say(self, finger: Finger, packet: bytes, times: int = 1) -> None:
        for _ in range(times):
            self.transport.sendto(packet, ("127.0.0.1", finger.port))

    def pressed(self, key: int, times: int) -> bool:
        return sum(one[1] == key and one[2] for one in self.events) == times


@asynccontextmanager
async def a_switch() -> AsyncIterator[Switch]:
    loop = asyncio.get_running_loop()
    transport, switch = await loop.create_datagram_endpoint(
        Switch, local_addr=("127.0.0.1", 0), family=socket.AF_INET
    )
    try:
        yield switch
    finally:
        transport.close()


async def test_each_key_is_pressed_when_it_is_still_after_some_sound() -> None:
    async with a_switch() as switch:
        with fingers(1, "12") as (finger,):
            switch.say(finger, STILL, 3)
            await asyncio.sleep(0)
            assert not finger.presses
            switch.say(finger, TONE, 3)
            await eventually(lambda: switch.pressed(1, 3))
            switch.say(finger, TONE)
            await eventually(lambda: switch.pressed(2, 3))
            switch.say(finger, TONE)
            await eventually(lambda: finger.presses[-1].heard_s is not None)

    assert [press.key for press in finger.presses] == ["1", "2"]
    for press in finger.presses:
        assert press.up_s is not None
        assert press.heard_s is not None
        assert press.down_s < press.up_s <= press.heard_s
    numbers = [one[0] for one in switch.events]
    assert numbers == sorted(set(numbers)), "a number twice is one packet"
    assert {one[3] for one in switch.events if one[2]} == {800}, "100 ms"


async def test_what_is_heard_while_a_key_is_down_is_not_its_answer() -> None:
    async with a_switch() as switch:
        with fingers(1, "1") as (finger,):
            switch.say(finger, TONE)
            await eventually(lambda: bool(switch.events))
            switch.say(finger, TONE)
            await eventually(lambda: switch.pressed(1, 3))

            assert finger.presses[0].heard_s is None
