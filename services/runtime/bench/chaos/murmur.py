"""Ears that answer what they hear by a packet a second, so that a talk is not idle."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import cast

from services.runtime.bench.rtp import is_sound

_EVERY_S = 1.0
_SILENCE = b"\xff" * 160
"""20 ms of G.711 µ-law."""
_LOOPBACK = "127.0.0.1"


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, ssrc: int) -> None:
        self._ssrc = ssrc
        self._sent = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._heard_from: tuple[str, int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Python 3.11's transport of datagrams is no DatagramTransport by its class.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if is_sound(data):
            self._heard_from = addr

    def murmur(self) -> None:
        """Send one packet to where the sound comes from."""
        if self._transport is None or self._heard_from is None:
            return
        header = struct.pack(
            "!BBHII", 0x80, 0, self._sent & 0xFFFF, self._sent * 160, self._ssrc
        )
        self._transport.sendto(header + _SILENCE, self._heard_from)
        self._sent += 1


@asynccontextmanager
async def murmuring(count: int) -> AsyncIterator[tuple[int, ...]]:
    """Have so many ears on loopback until the block ends; yields their ports."""
    loop = asyncio.get_running_loop()
    ears: list[_Ear] = []
    transports: list[asyncio.DatagramTransport] = []
    try:
        for ssrc in range(1, count + 1):
            transport, ear = await loop.create_datagram_endpoint(
                partial(_Ear, ssrc),
                local_addr=(_LOOPBACK, 0),
            )
            transports.append(transport)
            ears.append(ear)
        task = asyncio.create_task(_keep_murmuring(ears), name="murmur")
        try:
            yield tuple(t.get_extra_info("sockname")[1] for t in transports)
        finally:
            task.cancel()
    finally:
        for transport in transports:
            transport.close()


async def _keep_murmuring(ears: list[_Ear]) -> None:
    while True:
        for ear in ears:
            ear.murmur()
        await asyncio.sleep(_EVERY_S)
