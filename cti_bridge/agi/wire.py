"""The bytes of one AGI session, waited for until an end or a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, cast

from cti_bridge.agi.errors import BlockTooLong, SessionEnded

_READ_AHEAD: Final = 2
"""So many times the limit may lie unread before the peer is made to wait."""


class Wire(asyncio.Protocol):
    """Hands on blocks of bytes, each up to its end; one at a time is asked for.

    asyncio's streams do the same for anyone, at three times the cost: they wake the
    reader for each piece, and a limit in time is a context of its own.
    """

    def __init__(self, made: Callable[[Wire], None], *, limit_bytes: int) -> None:
        """Begin without a connection.

        Args:
            made: Called once there is one.
            limit_bytes: How long a block may be.
        """
        self._made = made
        self._limit_bytes = limit_bytes
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._is_paused = False
        self._ended: SessionEnded | None = None
        self._wanted = b""
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # Of TCP, so it both reads and writes; uvloop's own is of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._made(self)

    def data_received(self, data: bytes) -> None:
        """Keep what came, and wake who waits for it."""
        searched = max(0, len(self._buffer) - len(self._wanted))
        self._buffer += data
        size = len(self._buffer)
        if size > self._limit_bytes * _READ_AHEAD and self._transport is not None:
            self._transport.pause_reading()
            self._is_paused = True
        if self._buffer.find(self._wanted, searched) >= 0 or size > self._limit_bytes:
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits that nothing comes any more."""
        self._ended = SessionEnded(f"lost: {exc}" if exc else "closed by asterisk")
        self._wake()

    async def until(self, end: bytes, *, deadline_s: float) -> bytes:
        """Return what comes up to an end, and that end.

        Raises:
            TimeoutError: It did not come by the deadline, an instant of the loop's.
            SessionEnded: The peer closed before.
            BlockTooLong: More came without the end than a block may have.
        """
        found = self._buffer.find(end)
        while found < 0:
            if len(self._buffer) > self._limit_bytes:
                raise BlockTooLong(self._limit_bytes)
            if self._ended is not None:
                raise self._ended
            await self._more(end, deadline_s)
            found = self._buffer.find(end)
        return self._cut(found + len(end))

    def write(self, block: bytes) -> None:
        """Send.

        Raises:
            SessionEnded: There is nobody to send to.
        """
        if self._ended is not None:
            raise self._ended
        if self._transport is not None:
            self._transport.write(block)

    def close(self) -> None:
        """Let go of the connection; again is harmless.

        What the peer has not read by now is not waited for.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size():
            transport.abort()
        else:
            transport.close()

    def abort(self) -> None:
        """Break the connection off."""
        if self._transport is not None:
            self._transport.abort()

    async def _more(self, end: bytes, deadline_s: float) -> None:
        self._wanted = end
        waiter = self._waiter = self._loop.create_future()
        alarm = self._loop.call_at(deadline_s, _time_out, waiter)
        try:
            await waiter
        finally:
            alarm.cancel()
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _cut(self, size: int) -> bytes:
        block = bytes(self._buffer[:size])
        del self._buffer[:size]
        if self._is_paused and len(self._buffer) <= self._limit_bytes:
            self._is_paused = False
            if self._transport is not None and not self._transport.is_closing():
                self._transport.resume_reading()
        return block


def _time_out(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())
