"""The HTTP edge as one app, made for one floor and its records."""

from fastapi import FastAPI

from services.api import agents, calls, health, problems
from services.api.gate import Gate
from services.api.ports import Floor, Shipping
from services.store.queries import Records


def create_app(floor: Floor, *, records: Records, shipping: Shipping) -> FastAPI:
    """Make the app.

    Args:
        floor: The switchboard.
        records: The calls on record.
        shipping: How far the records are behind the floor.
    """
    app = FastAPI(
        title="Tieline",
        summary="Agents in and out, live calls, and calls on record.",
        version="0.1.0",
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
