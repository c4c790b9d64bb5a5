"""A floor that is watched over real sockets, as the engine serves them."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from services.api.app import create_app
from services.api.figures import Figures
from services.runtime import operator_figures
from services.runtime.web_socket import served
from services.store.journal import Journal
from tests.services.api.conftest import JournaledFloor
from tests.support.doors import AS_OPERATOR, doors_to
from tests.support.postgres import free_port

_AWAY = "postgresql://nobody@127.0.0.1:1/none"


class Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        pass


class NoRecords:
    """Records of a floor whose database is away."""

    journaled_seq = 0
    shipped_seq = 0

    async def caught_up(self, within_s: float) -> bool:
        return False


@dataclass(slots=True, kw_only=True)
class Hotline:
    """A floor, and where it is watched."""

    floor: JournaledFloor
    http: httpx.AsyncClient
    port: int

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def ticket(self, **reach: object) -> dict[str, str]:
        answer = await self.http.post("/live/tickets", json=reach)
        assert answer.status_code == 201, answer.text
        told: dict[str, str] = answer.json()
        return told

    def socket(self, **options: Any) -> connect:
        given = {"origin": self.origin, "compression": None, "proxy": None} | options
        return connect(f"ws://127.0.0.1:{self.port}/live", **given)

    @contextlib.asynccontextmanager
    async def watching(
        self, resume: dict[str, object] | None = None, **reach: object
    ) -> AsyncIterator[ClientConnection]:
        ticket = (await self.ticket(**reach))["ticket"]
        async with self.socket() as socket:
            told = {"ticket": ticket} | ({"resume": resume} if resume else {})
            await socket.send(json.dumps(told))
            yield socket


async def message(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(5):
        told: dict[str, Any] = json.loads(await socket.recv())
        return told


@pytest.fixture
async def hotline(tmp_path: Path) -> AsyncIterator[Hotline]:
    async with Journal(tmp_path / "journal") as journal:
        floor = JournaledFloor(journal)
        figures = Figures()
        operator_figures.add_streams(figures, floor.fan_out)
        port = free_port()
        app = create_app(
            floor,
            fan_out=floor.fan_out,
            figures=figures,
            shipping=NoRecords(),
            database=_AWAY,
            doors=doors_to(_AWAY, now=floor.now),
        )
        server = Server(served(app, host="127.0.0.1", port=port))
        serving = asyncio.create_task(server._serve())
        spreading = asyncio.create_task(floor.fan_out.run())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            trust_env=False,
            headers=AS_OPERATOR,
        ) as http:
            yield Hotline(floor=floor, http=http, port=port)
        server.should_exit = True
        await serving
        spreading.cancel()
        await asyncio.gather(spreading, return_exceptions=True)
