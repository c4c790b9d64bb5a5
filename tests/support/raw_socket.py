"""A WebSocket client of a few lines, which can do what a good one would not."""

import asyncio
import os
import struct


class RawSocket:
    """One socket of ours to a live stream, as bytes."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> "RawSocket":
        """Connect and shake hands."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4096)
        own = f"127.0.0.1:{port}"
        writer.write(
            (
                f"GET /live HTTP/1.1\r\nHost: {own}\r\nOrigin: http://{own}\r\n"
                "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            ).encode()
        )
        answer = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in answer.partition(b"\r\n")[0]:
            raise ConnectionRefusedError(answer.decode())
        return cls(reader, writer)

    def say(self, payload: bytes, *, opcode: int = 1) -> None:
        """Write one whole message, without waiting for anybody."""
        mask = os.urandom(4)
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
        # Zeros stay what the mask is, which spares the test a loop.
        masked = bytes(b ^ mask[n % 4] for n, b in enumerate(payload[:200]))
        self.writer.write(head + mask + masked + payload[200:])

    async def ended(self) -> bytes:
        """Read to the end of the connection, and return the last bytes."""
        last = b""
        while more := await self.reader.read(1 << 16):
            last = (last + more)[-256:]
        return last

    def cut(self) -> None:
        """Let go at once."""
        self.writer.transport.abort()
