"""The HTTP edge as one app, made for one floor and its records."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI

from services.api import (
    agents,
    calls,
    health,
    in_hand,
    live,
    log_in,
    metrics,
    people,
    problems,
    rights,
)
from services.api.figures import Figures
from services.api.gate import Gate
from services.api.ports import Floor, Shipping
from services.api.safe_headers import SafeHeaders
from services.api.who_asks import Doors, WhoAsks
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
    doors: Doors,
) -> FastAPI:
    """Make the app.

    Args:
        floor: The switchboard.
        fan_out: The live streams of its facts.
        figures: What operators read; the app adds those of its own.
        shipping: How far the records are behind the floor.
        database: A ``postgresql://`` address, where the records are. It need not
            answer yet. Its connections are let go of when the app ends.
        doors: By what somebody can be known who asks.
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
        # Before every path, also of what is included later: none is without a right.
        dependencies=[Depends(rights.guard)],
    )
    app.state.floor = floor
    app.state.records = records
    app.state.shipping = shipping
    app.state.doors = doors
    app.state.who_asks = WhoAsks(doors)
    app.state.notes = doors.notes
    app.state.viewers = Viewers(now=floor.now)
    doors.sessions.ended = app.state.viewers.end
    doors.log_ins.present = app.state.viewers.owners
    log_in.add_figures(figures, doors.log_ins)
    sockets = live.LiveSockets(fan_out, app.state.viewers)
    sockets.add_figures(figures)
    app.state.registry = metrics.registry_of(figures)
    for one in (agents, in_hand, calls, health, live, log_in, metrics, people):
        app.include_router(one.router)
    app.router.routes.append(sockets.route())
    problems.install(app)
    rights.install(app)
    log_in.install(app)
    app.add_middleware(Gate)
    app.add_middleware(SafeHeaders)
    return app
