"""Small receivers of alarms on loopback: a web server and a mail server."""

import asyncio
import contextlib
import email
import email.policy
import json
from email.message import EmailMessage
from typing import Any, Self


class _Receiver:
    """A server on a free port, for the length of a context."""

    def __init__(self) -> None:
        self.port = 0
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for talk in self._talks:
            talk.cancel()
        if self._talks:
            await asyncio.wait(self._talks)

    def _begin(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        talk = asyncio.ensure_future(self._serve(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):
                await self._talk(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        raise NotImplementedError


class WebhookReceiver(_Receiver):
    """Takes JSON by POST, after some refusals."""

    def __init__(self, *, refusals: int = 0, moved_to: str = "") -> None:
        super().__init__()
        self.came: list[dict[str, Any]] = []
        self.tries = 0
        self._refusals = refusals
        self._moved_to = moved_to

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/alarm"

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.split("content-length: ")[1].split("\r\n")[0])
        body = await reader.readexactly(size)
        self.tries += 1
        more = ""
        if self._moved_to:
            status, more = "302 Found", f"Location: {self._moved_to}\r\n"
        elif self.tries <= self._refusals:
            status = "500 Broken"
        else:
            status = "204 No Content"
            self.came.append(json.loads(body))
        told = f"HTTP/1.1 {status}\r\n{more}Content-Length: 0\r\n\r\n"
        writer.write(told.encode())
        await writer.drain()


class SmtpReceiver(_Receiver):
    """Takes letters."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[EmailMessage] = []

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"220 tests\r\n")
        while line := await reader.readline():
            match line.split()[0].upper():
                case b"EHLO" | b"HELO":
                    writer.write(b"250 tests\r\n")
                case b"DATA":
                    writer.write(b"354 go on\r\n")
                    raw = await reader.readuntil(b"\r\n.\r\n")
                    policy = email.policy.default
                    letter = email.message_from_bytes(raw[:-3], policy=policy)
                    assert isinstance(letter, EmailMessage)
                    self.came.append(letter)
                    writer.write(b"250 taken\r\n")
                case b"QUIT":
                    writer.write(b"221 bye\r\n")
                    return
                case _:
                    writer.write(b"250 fine\r\n")
