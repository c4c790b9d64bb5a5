"""The app over a real engine, journal and PostgreSQL, and a client to it."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn
from typer.testing import CliRunner, Result

from acd.core.agents import Agent
from acd.core.engine import Engine
from acd.vocabulary.errors import AcdError
from acd.vocabulary.facts import AgentWish, ControlWish, EstimateFact, ToldFact
from acd.vocabulary.ids import AgentId, CallId
from services.api import estimates
from services.api.app import create_app
from services.api.figures import Figures
from services.api.ports import AgentView, CallView, PartReadiness, Readiness
from services.live.fan_out import FanOut
from services.runtime import instance, operator_figures
from services.runtime.cli import build
from services.runtime.estimating import Estimator
from services.runtime.instance import Instance
from services.runtime.live_view import LiveView
from services.runtime.secrets_kept import OPERATOR, kept_secret
from services.runtime.switchboard import Switchboard
from services.runtime.views import agent_view, call_view
from services.runtime.web_socket import served
from services.store.journal import Journal
from services.store.segments import Origin
from services.store.shipper import Shipper
from tests.support.builders import a_floor, at, seen
from tests.support.doors import AS_OPERATOR, doors_to
from tests.support.postgres import free_port, fresh_database


class JournaledFloor:
    """A floor of one engine whose every fact goes to a journal."""

    def __init__(self, journal: Journal) -> None:
        self.engine = Engine(a_floor())
        self.journal = journal
        self.database = "answers"
        self.database_url = ""
        self._now = at(0)
        self.fan_out = FanOut(LiveView(self.engine.floor, now=self.now))
        self.take(seen(-100))

    def take(self, *facts: ToldFact) -> None:
        for fact in facts:
            outcome = self.engine.apply(fact)
            self.fan_out.take(outcome.facts)
            for n, established in enumerate(outcome.facts):
                origin = Origin.ESTABLISHED if n else Origin.TOLD
                self.journal.append(established, origin)

    def figures(self) -> Figures:
        figures = Figures()
        board = Switchboard(
            self.engine, self.journal, carry_out=lambda _: None, now=self.now
        )
        operator_figures.add_floor(figures, self.engine.floor, now=self.now)
        operator_figures.add_counts(figures, self.fan_out, board)
        return figures

    def now(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now

    async def tell(self, fact: AgentWish | ControlWish | EstimateFact) -> None:
        try:
            self.take(fact)
        except AcdError:
            self.journal.append(fact, Origin.REFUSED)
            raise

    def agents(self) -> Sequence[AgentView]:
        return [self._view(agent) for agent in self.engine.floor.agents.values()]

    def agent(self, agent_id: AgentId) -> AgentView | None:
        agent = self.engine.floor.agents.get(agent_id)
        return None if agent is None else self._view(agent)

    def _view(self, agent: Agent) -> AgentView:
        return agent_view(agent, started_at=at(-100))

    def live_calls(self) -> Sequence[CallView]:
        calls = self.engine.floor.calls.values()
        return [call_view(call, now=self._now) for call in calls]

    def live_ids(self) -> Iterable[CallId]:
        return self.engine.floor.calls

    def live_call(self, call_id: CallId) -> CallView | None:
        call = self.engine.floor.calls.get(call_id)
        return None if call is None else call_view(call, now=self._now)

    async def turned(self) -> None:
        """Take in a wish at once: there is no loop to come round."""

    async def readiness(self) -> Readiness:
        is_ready = self.database == "answers"
        part = PartReadiness(
            part="database", is_ready=is_ready, sentence=f"database: {self.database}"
        )
        return Readiness(parts=(part,))


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    async with Journal(tmp_path) as journal:
        yield journal


@pytest.fixture
def floor(journal: Journal) -> JournaledFloor:
    return JournaledFloor(journal)


@pytest.fixture
async def client(
    floor: JournaledFloor, journal: Journal
) -> AsyncIterator[httpx.AsyncClient]:
    async with fresh_database() as url:
        shipper = Shipper(journal, url)
        task = asyncio.create_task(shipper.run())
        # Brings the tables, too.
        assert await shipper.caught_up(30)
        doors = doors_to(url, now=floor.now)
        app = create_app(
            floor,
            fan_out=floor.fan_out,
            figures=floor.figures(),
            shipping=shipper,
            database=url,
            doors=doors,
        )
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://127.0.0.1:16001",
                headers=AS_OPERATOR,
            ) as client,
        ):
            yield client
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        pass


@pytest.fixture
async def running(
    floor: JournaledFloor, journal: Journal, tmp_path: Path
) -> AsyncIterator[Path]:
    """An instance that answers over HTTP, and its data folder."""
    async with fresh_database() as url:
        shipper = Shipper(journal, url)
        shipping = asyncio.create_task(shipper.run())
        assert await shipper.caught_up(30)
        port = free_port()
        app = create_app(
            floor,
            fan_out=floor.fan_out,
            figures=Figures(),
            shipping=shipper,
            database=url,
            doors=doors_to(url, now=floor.now, token=kept_secret(tmp_path, OPERATOR)),
        )
        floor.database_url = url
        now, estimated = floor.now, floor.engine.floor
        estimates.install(app, Estimator(estimated, url, tell=floor.tell, now=now))
        server = Server(served(app, host="127.0.0.1", port=port))
        serving = asyncio.create_task(server._serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        instance.write(
            Instance(
                data=tmp_path,
                sip="",
                http=f"http://127.0.0.1:{port}",
                ami="",
                agi="",
                database=url,
                numbers=(),
                pids={"supervisor": os.getpid()},
            )
        )
        yield tmp_path
        server.should_exit = True
        await serving
        shipping.cancel()
        await asyncio.gather(shipping, return_exceptions=True)


async def tieline(*words: str) -> Result:
    runner = CliRunner(env={"COLUMNS": "200", "TZ": "UTC"})
    return await asyncio.to_thread(runner.invoke, build(words[0]), list(words))
