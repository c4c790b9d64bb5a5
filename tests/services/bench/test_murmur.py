"""An ear answers: one that is only silent would have its talk ended by the switch."""

import asyncio
import socket

from services.runtime.bench.chaos.murmur import murmuring


async def test_an_ear_answers_where_it_hears_from() -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(type=socket.SOCK_DGRAM) as switch:
        switch.bind(("127.0.0.1", 0))
        switch.setblocking(False)
        async with murmuring(2) as ears:
            switch.sendto(b"\x80" + bytes(11) + b"sound", ("127.0.0.1", ears[1]))
            async with asyncio.timeout(20):
                packet, whence = await loop.sock_recvfrom(switch, 2048)

    assert whence[1] == ears[1]
    assert packet[0] == 0x80
    assert len(packet) == 12 + 160
