"""The watchdog's own door answers this machine, in few bytes, and nobody hangs it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from services.watchdog.door import Door

REPORT = {"light": "red", "components": [{"component": "engine", "light": "red"}]}


@asynccontextmanager
async def client() -> AsyncIterator[httpx.AsyncClient]:
    server = await Door(lambda: REPORT).start("127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    async with server, httpx.AsyncClient(base_url=url, trust_env=False) as asking:
        yield asking


async def test_it_tells_how_things_are() -> None:
    async with client() as asking:
        assert (await asking.get("/health")).json() == {"status": "alive"}
        assert (await asking.get("/health/components")).json() == REPORT
        figures = (await asking.get("/metrics")).text
        assert 'tieline_component_light{component="engine"} 2' in figures


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("POST", "/health", 405), ("GET", "/../etc/passwd", 404)],
)
async def test_it_knows_few_pages(method: str, path: str, status: int) -> None:
    async with client() as asking:
        assert (await asking.request(method, path)).status_code == status


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", ""])
async def test_a_page_of_elsewhere_is_not_answered(host: str) -> None:
    async with client() as asking:
        answer = await asking.get("/health", headers={"host": host})

        assert answer.status_code == 403


@pytest.mark.parametrize(
    "sent", [b"", b"\0" * 100, b"GET / HTTP/1.1\r\n" + b"a" * 100_000, b"\r\n\r\n"]
)
async def test_one_who_misbehaves_harms_nobody(sent: bytes) -> None:
    async with client() as asking:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", asking.base_url.port
        )
        writer.write(sent)
        writer.close()

        assert (await asking.get("/health")).status_code == 200
        reader.feed_eof()
