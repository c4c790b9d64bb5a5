"""Asking the engine: over one connection, which may have been closed meanwhile."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.watchdog.asking import Asking
from services.watchdog.errors import EngineSilent

TRUST = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
ALIVE = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"alive": true}'
REFUSED = b"HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno"


class Server:
    """Answers each question with the next of its answers; None ends the link."""

    def __init__(self, *answers: bytes | None) -> None:
        self._answers = list(answers)
        self.links = 0
        self.asked: list[bytes] = []
        self.heads: list[bytes] = []

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.links += 1
        try:
            while self._answers:
                head = await reader.readuntil(b"\r\n\r\n")
                self.asked.append(head.split(b" ")[1])
                self.heads.append(head)
                answer = self._answers.pop(0)
                if answer is None:
                    return
                writer.write(answer)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def asking(server: Server) -> AsyncIterator[Asking]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    one = Asking(f"http://127.0.0.1:{port}", TRUST)
    async with listening:
        try:
            yield one
        finally:
            await asyncio.to_thread(one.close)


async def test_questions_go_over_one_connection() -> None:
    server = Server(ALIVE, ALIVE, ALIVE)
    async with asking(server) as one:
        answers = [await one.get("/health", limit_s=5) for _ in range(2)]
        assert [answer.told for answer in answers] == [{"alive": True}] * 2
        assert server.links == 1

        await one.get("/readiness", limit_s=5, is_fresh=True)

    assert server.links == 2
    assert server.asked == [b"/health", b"/health", b"/readiness"]


async def test_a_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    server = Server(ALIVE, None, ALIVE)
    async with asking(server) as one:
        await one.get("/health", limit_s=5)

        answer = await one.get("/health", limit_s=5)

    assert (answer.told, server.links) == ({"alive": True}, 2)


async def test_a_refusal_is_an_answer() -> None:
    async with asking(Server(REFUSED)) as one:
        answer = await one.get("/readiness", limit_s=5)

    assert (answer.status, answer.is_error, answer.told) == (503, True, {})


async def test_no_answer_is_told_with_the_question() -> None:
    server = Server(None, None)
    async with asking(server) as one:
        with pytest.raises(EngineSilent, match="no answer to /health: "):
            await one.get("/health", limit_s=5)


async def test_an_engine_that_is_silent_is_not_asked_twice() -> None:
    server = Server(ALIVE, b"", ALIVE)
    async with asking(server) as one:
        await one.get("/health", limit_s=5)
        with pytest.raises(EngineSilent, match="timed out"):
            await one.get("/health", limit_s=0.2)

    assert server.asked == [b"/health", b"/health"]


async def test_a_token_is_shown_only_where_it_is_needed() -> None:
    server = Server(ALIVE, ALIVE)
    async with asking(server) as one:
        await one.get("/health", limit_s=5)
        await one.get("/health/calls", limit_s=5, token="a-token")

    assert [b"Authorization: Bearer a-token" in head for head in server.heads] == [
        False,
        True,
    ]
