"""The HTTP edge as one app, made for one floor and its records."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.api import agents, calls, health, problems
from services.api.gate import Gate
from services.api.ports import Floor, Shipping
from services.store.queries import Records


def create_app(floor: Floor, *, shipping: Shipping, database: str) -> FastAPI:
    """Make the app.

    Args:
        floor: The switchboard.
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
    for router in (agents.router, calls.router, health.router):
        app.include_router(router)
    problems.install(app)
    app.add_middleware(Gate)
    return app
