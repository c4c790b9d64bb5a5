"""Agents over HTTP: who they are, and what they wish."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from acd.vocabulary.agent_facts import (
    AgentNotReady,
    AgentReady,
    AgentSignedIn,
    AgentSignedOut,
    WrapUpDone,
)
from acd.vocabulary.errors import UnknownAgent
from acd.vocabulary.facts import AgentWish
from acd.vocabulary.ids import AgentId
from acd.vocabulary.states import AgentState
from services.api.ports import AgentView, Floor
from services.api.problems import told_by

router = APIRouter(prefix="/agents", tags=["agents"])


class AgentOut(BaseModel):
    """One agent, as the floor knows them now."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "agent_id": "1001",
                "name": "Alice",
                "state": "ready",
                "reason": "",
                "device_id": "dev-1001",
                "skills": ["fault", "mandarin"],
                "call_id": None,
                "offer_id": None,
                "since": "2026-11-21T08:00:00.000000Z",
            }
        },
    )

    agent_id: str
    name: str
    state: AgentState
    reason: str
    device_id: str
    skills: tuple[str, ...]
    call_id: str | None
    offer_id: str | None
    since: datetime


class NotReadyIn(BaseModel):
    """Why an agent wants no more work."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"reason": "break"}}
    )

    reason: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


def floor_of(request: Request) -> Floor:
    """Return the floor that the app was made for."""
    floor: Floor = request.app.state.floor
    return floor


OfFloor = Annotated[Floor, Depends(floor_of)]
OfAgent = Annotated[str, Path(max_length=64, examples=["1001"])]


@router.get("")
async def agents(floor: OfFloor) -> list[AgentOut]:
    """List all agents of the floor, by id."""
    return [AgentOut.model_validate(view) for view in floor.agents()]


@router.get("/{agent_id}", responses=told_by(404))
async def agent(floor: OfFloor, agent_id: OfAgent) -> AgentOut:
    """Show one agent."""
    return AgentOut.model_validate(_view(floor, AgentId(agent_id)))


@router.post("/{agent_id}/sign-in", status_code=202, responses=told_by(404, 409))
async def sign_in(floor: OfFloor, agent_id: OfAgent) -> AgentOut:
    """Begin a session; the agent is not ready yet."""
    who = AgentId(agent_id)
    return await _tell(floor, who, AgentSignedIn(at=floor.now(), agent_id=who))


@router.post("/{agent_id}/sign-out", status_code=202, responses=told_by(404, 409))
async def sign_out(floor: OfFloor, agent_id: OfAgent) -> AgentOut:
    """End a session; with a call, when that is over."""
    who = AgentId(agent_id)
    return await _tell(floor, who, AgentSignedOut(at=floor.now(), agent_id=who))


@router.post("/{agent_id}/ready", status_code=202, responses=told_by(404, 409))
async def ready(floor: OfFloor, agent_id: OfAgent) -> AgentOut:
    """Ask for work."""
    who = AgentId(agent_id)
    return await _tell(floor, who, AgentReady(at=floor.now(), agent_id=who))


@router.post("/{agent_id}/not-ready", status_code=202, responses=told_by(404, 409))
async def not_ready(floor: OfFloor, agent_id: OfAgent, why: NotReadyIn) -> AgentOut:
    """Ask for no more work; with a call, when that is over."""
    who = AgentId(agent_id)
    wish = AgentNotReady(at=floor.now(), agent_id=who, reason=why.reason)
    return await _tell(floor, who, wish)


@router.post("/{agent_id}/wrap-up-done", status_code=202, responses=told_by(404, 409))
async def wrap_up_done(floor: OfFloor, agent_id: OfAgent) -> AgentOut:
    """Say that the work after the call is finished."""
    who = AgentId(agent_id)
    return await _tell(floor, who, WrapUpDone(at=floor.now(), agent_id=who))


async def _tell(floor: Floor, who: AgentId, wish: AgentWish) -> AgentOut:
    await floor.tell(wish)
    return AgentOut.model_validate(_view(floor, who))


def _view(floor: Floor, who: AgentId) -> AgentView:
    view = floor.agent(who)
    if view is None:
        raise UnknownAgent(who)
    return view
