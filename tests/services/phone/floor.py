"""The HTTP door of an instance, played for tests of those who knock at it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response


class PlayedFloor:
    """Agents and calls as the test set them, and the wishes that came in."""

    def __init__(self) -> None:
        self.http = ""
        self.agents: dict[str, dict[str, Any]] = {}
        self.calls: dict[str, dict[str, Any]] = {}
        self.wishes: list[tuple[str, str, dict[str, Any]]] = []
        self.refused: dict[str, str] = {}
        """Agents whose wishes are refused, with the words."""

    def agent(self, agent_id: str, state: str = "signed_out") -> None:
        self.agents[agent_id] = {"agent_id": agent_id, "name": "", "state": state}

    def call(self, call_id: str, state: str, **told: Any) -> None:
        now = datetime.now(UTC).isoformat()
        before = self.calls.get(call_id, {"arrived_at": now, "agent_id": None})
        self.calls[call_id] = before | {"call_id": call_id, "state": state} | told


def _app(floor: PlayedFloor) -> FastAPI:
    app = FastAPI()
    after = {"sign-in": "not_ready", "ready": "ready", "wrap-up-done": "ready"}

    @app.get("/agents")
    def agents() -> list[dict[str, Any]]:
        return list(floor.agents.values())

    @app.get("/agents/{agent_id}")
    def agent(agent_id: str) -> Response:
        if agent_id not in floor.agents:
            return _problem(404, f"there is no agent {agent_id!r}")
        return JSONResponse(floor.agents[agent_id])

    @app.post("/agents/{agent_id}/{wish}")
    async def wish(agent_id: str, wish: str, request: Request) -> Response:
        if agent_id in floor.refused:
            return _problem(409, floor.refused[agent_id])
        floor.wishes.append((agent_id, wish, await request.json()))
        floor.agents[agent_id]["state"] = after.get(wish, "signed_out")
        return Response(status_code=202)

    @app.get("/calls")
    def calls(sip_call_id: str) -> dict[str, Any]:
        found = [
            call
            for call in floor.calls.values()
            if call.get("sip_call_id") in (sip_call_id, "any")
        ]
        return {"calls": found}

    @app.get("/calls/{call_id}")
    def call(call_id: str) -> Response:
        if call_id not in floor.calls:
            return _problem(404, f"there is no call {call_id!r}")
        return JSONResponse(floor.calls[call_id])

    return app


def _problem(status: int, detail: str) -> Response:
    return JSONResponse(
        {"type": "about:blank", "status": status, "detail": detail},
        status_code=status,
        media_type="application/problem+json",
    )


@asynccontextmanager
async def open_floor() -> AsyncIterator[PlayedFloor]:
    """Serve a played floor on a free port until the block ends."""
    floor = PlayedFloor()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        floor.http = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(_app(floor), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        # uvicorn would take the signals of the test run.
        serving = asyncio.create_task(server._serve(sockets=[listening]))
        # uvicorn has no event for it.
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        try:
            yield floor
        finally:
            server.should_exit = True
            await serving
