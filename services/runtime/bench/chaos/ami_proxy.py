"""A manager's link that can be made bad on purpose, between engine and Asterisk."""

import asyncio
import contextlib
import random
import socket
import struct
from collections import Counter
from typing import Final

from services.runtime.bench.chaos.mangling import UNHARMED, Mangler, Mangling

_END: Final = b"\r\n\r\n"
_READ_BYTES: Final = 1 << 16
_HOLD_S: Final = 0.2
"""A message that shall be overtaken waits so long for one to overtake it."""
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER of nothing: the peer sees RST, not an orderly end."""


class AmiProxy:
    """Stands where the engine looks for Asterisk's manager, and spoils what passes.

    Messages towards the engine are mangled; its actions pass as they are. What is
    asked of it takes effect at once, for every link there is.
    """

    def __init__(self, host: str, port: int, *, seed: int = 0) -> None:
        """Prepare to stand before the manager at ``host`` and ``port``."""
        self.counts: Counter[str] = Counter()
        """What befell the messages (``Mangler``); ``links`` made, too."""
        self.port = 0
        """Where it listens, once it does."""
        self._to = (host, port)
        self._pick = random.Random(seed)  # noqa: S311 - the same again, no secret
        self._mangling = UNHARMED
        self._links: set[_Link] = set()
        self._server: asyncio.Server | None = None
        self._stalls_new = False

    @property
    def links(self) -> int:
        """How many links there are now."""
        return len(self._links)

    async def start(self, port: int = 0) -> int:
        """Listen on loopback and return the port; 0 takes one that is free.

        Raises:
            OSError: The port is taken.
        """
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def close(self) -> None:
        """Listen no more and end every link."""
        if self._server is not None:
            self._server.close()
        self.resume()
        self.reset()
        await asyncio.gather(*(link.ended.wait() for link in self._links))

    def mangle(self, mangling: Mangling = UNHARMED) -> None:
        """Lose, double and swap messages from now on; without a word, no more."""
        self._mangling = mangling
        for link in self._links:
            link.mangler.mangling = mangling

    def stall(self) -> None:
        """Carry nothing either way until ``resume``, on links made later too.

        They stay open, as half-open ones do.
        """
        self._stalls_new = True
        for link in self._links:
            link.flows.clear()

    def blackhole(self) -> None:
        """Swallow all that comes, either way, on the links there are, for good."""
        for link in self._links:
            link.swallows = True

    def resume(self) -> None:
        """Let stalled links flow again, with what they kept."""
        self._stalls_new = False
        for link in self._links:
            link.flows.set()

    def reset(self) -> int:
        """End every link by RST; return how many there were."""
        for link in self._links:
            link.reset()
        return len(self._links)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.counts["links"] += 1
        mangler = Mangler(self._pick, self.counts)
        mangler.mangling = self._mangling
        link = _Link(mangler, writer)
        if self._stalls_new:
            link.flows.clear()
        self._links.add(link)
        try:
            await link.run(reader, *self._to)
        finally:
            self._links.discard(link)
            link.ended.set()


class _Link:
    """One connection of the engine's, and ours to Asterisk behind it."""

    def __init__(self, mangler: Mangler, engine: asyncio.StreamWriter) -> None:
        self.mangler = mangler
        self.flows = asyncio.Event()
        self.flows.set()
        self.swallows = False
        self.ended = asyncio.Event()
        self._writers = [engine]
        self._pumps: set[asyncio.Task[None]] = set()

    async def run(self, reader: asyncio.StreamReader, host: str, port: int) -> None:
        """Carry both ways until one side ends."""
        try:
            with contextlib.suppress(OSError):
                far_reader, far_writer = await asyncio.open_connection(host, port)
                self._writers.append(far_writer)
                self._pumps = {
                    asyncio.create_task(self._up(reader, far_writer)),
                    asyncio.create_task(self._down(far_reader, self._writers[0])),
                }
                await asyncio.wait(self._pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in self._pumps:
                pump.cancel()
            await asyncio.gather(*self._pumps, return_exceptions=True)
            for writer in self._writers:
                writer.transport.abort()

    def reset(self) -> None:
        """End both sides at once."""
        for writer in self._writers:
            sock = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
        for pump in self._pumps:
            pump.cancel()

    async def _up(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while chunk := await reader.read(_READ_BYTES):
            await self._carry(writer, chunk)

    async def _down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await self._carry(writer, await reader.readline())  # the greeting
        kept = b""
        while True:
            chunk = await self._read(reader)
            if chunk == b"":
                return
            *frames, kept = (kept + (chunk or b"")).split(_END)
            gone = [out for f in frames for out in self.mangler.take(f + _END)]
            if chunk is None:
                gone += self.mangler.flush()
            if gone:
                await self._carry(writer, b"".join(gone))

    async def _read(self, reader: asyncio.StreamReader) -> bytes | None:
        """Return what came, b"" at the end, None when what is held waited enough."""
        if not self.mangler.is_holding:
            return await reader.read(_READ_BYTES)
        try:
            async with asyncio.timeout(_HOLD_S):
                return await reader.read(_READ_BYTES)
        except TimeoutError:
            return None

    async def _carry(self, writer: asyncio.StreamWriter, chunk: bytes) -> None:
        await self.flows.wait()
        if not self.swallows:
            writer.write(chunk)
            await writer.drain()
