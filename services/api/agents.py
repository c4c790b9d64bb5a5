"""Agents over HTTP: who they are, and what they wish."""

from datetime import datetime
from typing import Annotated, Any, Final

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
from acd.vocabulary.wire import kind_of
from services.api.ports import AgentView, Floor
from services.api.problems import told_by
from services.api.rights import OfAsker, OfNotes, needs, of_agent
from services.people.notes import Notes
from services.people.rights import Asker, Kind, Right, may
from services.store.audit import Act

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


class Noted:
    """Has it audited who acts for an agent: the wish itself does not tell."""

    def __init__(self, asker: Asker, notes: Notes) -> None:
        """Join who asks with what is written of it."""
        self._asker = asker
        self._notes = notes

    def acted_for(self, agent_id: str, wish: str, **detail: object) -> None:
        """Note a wish, but for the agent's own and this machine's."""
        asker = self._asker
        if asker.kind is not Kind.OPERATOR and asker.agent_id != agent_id:
            act = Act.ACTED_FOR
            self._notes.note(act, actor=asker.name, what=agent_id, wish=wish, **detail)


OfFloor = Annotated[Floor, Depends(floor_of)]


async def noted_of(asker: OfAsker, notes: OfNotes) -> Noted:
    """Return what has it audited who acts for an agent."""
    return Noted(asker, notes)


OfNoted = Annotated[Noted, Depends(noted_of)]
OfAgent = Annotated[str, Path(max_length=64, examples=["1001"])]

_WISH: Final[dict[str, Any]] = {
    "status_code": 202,
    "responses": told_by(404, 409),
    **needs(Right.ACT_AS_AGENT, of="agent"),
}


@router.get("", **needs(Right.SEE_AGENTS, of="many"))
async def agents(floor: OfFloor, asker: OfAsker) -> list[AgentOut]:
    """List the agents of the floor that one may see, by id."""
    return [
        AgentOut.model_validate(view)
        for view in floor.agents()
        if may(asker, Right.SEE_AGENTS, of_agent(view)).is_allowed
    ]


@router.get(
    "/{agent_id}", responses=told_by(404), **needs(Right.SEE_AGENTS, of="agent")
)
async def agent(floor: OfFloor, agent_id: OfAgent) -> AgentOut:
    """Show one agent."""
    return AgentOut.model_validate(_view(floor, AgentId(agent_id)))


@router.post("/{agent_id}/sign-in", **_WISH)
async def sign_in(floor: OfFloor, agent_id: OfAgent, noted: OfNoted) -> AgentOut:
    """Begin a session; the agent is not ready yet."""
    who = AgentId(agent_id)
    wish = AgentSignedIn(at=floor.now(), agent_id=who)
    return await _tell(floor, who, wish, noted)


@router.post("/{agent_id}/sign-out", **_WISH)
async def sign_out(floor: OfFloor, agent_id: OfAgent, noted: OfNoted) -> AgentOut:
    """End a session; with a call, when that is over."""
    who = AgentId(agent_id)
    wish = AgentSignedOut(at=floor.now(), agent_id=who)
    return await _tell(floor, who, wish, noted)


@router.post("/{agent_id}/ready", **_WISH)
async def ready(floor: OfFloor, agent_id: OfAgent, noted: OfNoted) -> AgentOut:
    """Ask for work."""
    who = AgentId(agent_id)
    return await _tell(floor, who, AgentReady(at=floor.now(), agent_id=who), noted)


@router.post("/{agent_id}/not-ready", **_WISH)
async def not_ready(
    floor: OfFloor, agent_id: OfAgent, why: NotReadyIn, noted: OfNoted
) -> AgentOut:
    """Ask for no more work; with a call, when that is over."""
    who = AgentId(agent_id)
    wish = AgentNotReady(at=floor.now(), agent_id=who, reason=why.reason)
    return await _tell(floor, who, wish, noted)


@router.post("/{agent_id}/wrap-up-done", **_WISH)
async def wrap_up_done(floor: OfFloor, agent_id: OfAgent, noted: OfNoted) -> AgentOut:
    """Say that the work after the call is finished."""
    who = AgentId(agent_id)
    return await _tell(floor, who, WrapUpDone(at=floor.now(), agent_id=who), noted)


async def _tell(
    floor: Floor, who: AgentId, wish: AgentWish, noted: "Noted"
) -> AgentOut:
    await floor.tell(wish)
    noted.acted_for(who, kind_of(type(wish)))
    return AgentOut.model_validate(_view(floor, who))


def _view(floor: Floor, who: AgentId) -> AgentView:
    view = floor.agent(who)
    if view is None:
        raise UnknownAgent(who)
    return view
