"""The HTTP edge as one app, made for one floor and its records."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.api import agents, calls, health, live, metrics, problems
from services.api.figures import Figures
from services.api.gate import Gate
from services.api.ports import Floor, Shipping
from services.api.safe_headers import SafeHeaders
from services.live.fan_out import FanOut
from services.live.viewers import Viewers
from services.store.queries import Records


def create_app(
    floor: Floor,
    *,
    fan_out: FanOut,
    figures: Figures,
    shipping: Shipping,
    database: str,
) -> FastAPI:
    """Make the app.

    Args:
        floor: The switchboard.
        fan_out: The live streams of its facts.
        figures: What operators read; the app adds those of its own.
        shipping: How far the records are behind the floor.
        database: A ``postgresql://`` address, where the records are. It need not
            answer yet. Its connections are let go of when the app ends.
    """
    records = Records(database)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await records.close()

    app = FastAPI(
        title="Tieline",
        summary="Agents in and out, live calls, and calls on record.",
        version="0.1.0",
        lifespan=lifespan,
        # Their pages load scripts from elsewhere; the schema is at /openapi.json.
        docs_url=None,
        redoc_url=None,
    )
    app.state.floor = floor
    app.state.records = records
    app.state.shipping = shipping
    app.state.viewers = Viewers(now=floor.now)
    sockets = live.LiveSockets(fan_out, app.state.viewers)
    sockets.add_figures(figures)
    app.state.registry = metrics.registry_of(figures)
    for one in (agents, calls, health, live, metrics):
        app.include_router(one.router)
    app.router.routes.append(sockets.route())
    problems.install(app)
    app.add_middleware(Gate)
    app.add_middleware(SafeHeaders)
    return app
