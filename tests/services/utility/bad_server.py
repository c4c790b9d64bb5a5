"""A real HTTP server that answers as it is told, also as no server should."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Serve = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class BadServer:
    """What came in, and where it listens."""

    port: int = 0
    serve: Serve
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[BadServer]:
    bad = BadServer(serve=serve)
    talking: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        bad.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = 0
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        length = int(line.partition(b":")[2])
                body = await reader.readexactly(length)
                bad.requests.append(head + body)
                await bad.serve(writer)
        talking.discard(task)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    bad.port = server.sockets[0].getsockname()[1]
    try:
        yield bad
    finally:
        server.close()
        for task in set(talking):
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)


def response(body: bytes, *, status: int = 200, more: tuple[str, ...] = ()) -> bytes:
    head = "\r\n".join(
        (
            f"HTTP/1.1 {status} Whatever",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *more,
        )
    )
    return head.encode() + b"\r\n\r\n" + body


def sending(raw: bytes) -> Serve:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return serve


def answering(told: object) -> Serve:
    return sending(response(json.dumps(told).encode()))


def found(**values: object) -> Serve:
    return answering({"found": True, "values": values})


async def silence(_writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def dripping(writer: asyncio.StreamWriter) -> None:
    """Send a right answer, a byte each tenth of a second: each comes in time."""
    for byte in response(b'{"found": true, "values": {"amount": 1}}'):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.1)


async def pouring(writer: asyncio.StreamWriter) -> None:
    """Send ten megabytes in chunks, without saying how much it will be."""
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    part = b"x" * 65_536
    for _ in range(160):
        writer.write(b"10000\r\n" + part + b"\r\n")
        await writer.drain()
    writer.write(b"0\r\n\r\n")
