"""What an agent does with the call in hand, over HTTP; what comes of it are facts."""

from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from acd.vocabulary.control_facts import (
    HoldAsked,
    NuisanceMarked,
    PauseAsked,
    ResumeAsked,
    TakeBackAsked,
    TransferAsked,
)
from acd.vocabulary.facts import ControlWish
from acd.vocabulary.ids import AgentId, CallId, QueueId
from acd.vocabulary.wire import kind_of
from services.api.agents import Noted, OfAgent, OfFloor, OfNoted
from services.api.ports import Floor
from services.api.problems import told_by
from services.api.rights import needs
from services.people.rights import Right

router = APIRouter(prefix="/agents/{agent_id}", tags=["calls in hand"])

_UUID: Final = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_EXAMPLE: Final = "7c5c2a0e-5f0e-4b39-9d0e-0d7c9f0f6b11"
_CONTROL: Final[dict[str, Any]] = {
    "status_code": 202,
    "responses": told_by(404, 409),
    **needs(Right.CONTROL_CALLS, of="agent"),
}


class InHandIn(BaseModel):
    """Which call: a click that comes late must not hit the next one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"call_id": _EXAMPLE}}
    )

    call_id: Annotated[str, Field(pattern=_UUID)]


class PauseIn(InHandIn):
    """Which call, and after how long its recording goes on by itself."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"call_id": _EXAMPLE, "for_s": 60}},
    )

    for_s: Annotated[float, Field(gt=0, le=300)] = 60.0


class TransferIn(InHandIn):
    """Which call, and who goes on with its caller: a queue, or one agent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "call_id": _EXAMPLE,
                "queue_id": "q_bill",
                "note": "a bill",
            }
        },
    )

    queue_id: Annotated[str, Field(max_length=64)] | None = None
    to_agent: Annotated[str, Field(max_length=64)] | None = None
    """Who must be ready, and is rung first; who lets it ring leaves it to the queue."""
    note: Annotated[str, Field(max_length=2000)] = ""


class NuisanceIn(InHandIn):
    """Which call, and what happened."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"call_id": _EXAMPLE, "note": "shouts"}},
    )

    note: Annotated[str, Field(max_length=2000)] = ""


class AskedOut(BaseModel):
    """What was asked, and taken in; whether it is done, a fact tells."""

    call_id: str
    agent_id: str
    asked: str


@router.post("/hold", **_CONTROL)
async def hold(
    floor: OfFloor, agent_id: OfAgent, which: InHandIn, noted: OfNoted
) -> AskedOut:
    """Let the caller hear music for a while."""
    return await _ask(
        floor, HoldAsked(at=floor.now(), **_whose(agent_id, which)), noted
    )


@router.post("/take-back", **_CONTROL)
async def take_back(
    floor: OfFloor, agent_id: OfAgent, which: InHandIn, noted: OfNoted
) -> AskedOut:
    """Talk with the caller on hold again."""
    return await _ask(
        floor, TakeBackAsked(at=floor.now(), **_whose(agent_id, which)), noted
    )


@router.post("/pause-recording", **_CONTROL)
async def pause_recording(
    floor: OfFloor, agent_id: OfAgent, which: PauseIn, noted: OfNoted
) -> AskedOut:
    """Have nothing recorded for a while; the record tells from when to when."""
    whose = _whose(agent_id, which)
    asked = PauseAsked(at=floor.now(), for_s=which.for_s, **whose)
    return await _ask(floor, asked, noted)


@router.post("/resume-recording", **_CONTROL)
async def resume_recording(
    floor: OfFloor, agent_id: OfAgent, which: InHandIn, noted: OfNoted
) -> AskedOut:
    """Have the recording go on before its pause is over."""
    return await _ask(
        floor, ResumeAsked(at=floor.now(), **_whose(agent_id, which)), noted
    )


@router.post("/transfer", **_CONTROL)
async def transfer(
    floor: OfFloor, agent_id: OfAgent, which: TransferIn, noted: OfNoted
) -> AskedOut:
    """Have others go on with the caller, who keeps the place; there is no way back."""
    asked = TransferAsked(
        at=floor.now(),
        to_queue=QueueId(which.queue_id) if which.queue_id else None,
        to_agent=AgentId(which.to_agent) if which.to_agent else None,
        note=which.note,
        **_whose(agent_id, which),
    )
    return await _ask(floor, asked, noted)


@router.post("/mark-nuisance", **_CONTROL)
async def mark_nuisance(
    floor: OfFloor, agent_id: OfAgent, which: NuisanceIn, noted: OfNoted
) -> AskedOut:
    """Say that a caller calls to disturb; also in wrap-up. The call goes on."""
    whose = _whose(agent_id, which)
    marked = NuisanceMarked(at=floor.now(), note=which.note, **whose)
    return await _ask(floor, marked, noted)


def _whose(agent_id: str, which: InHandIn) -> dict[str, Any]:
    return {"agent_id": AgentId(agent_id), "call_id": CallId(which.call_id)}


async def _ask(floor: Floor, wish: ControlWish, noted: Noted) -> AskedOut:
    await floor.tell(wish)
    asked = kind_of(type(wish))
    noted.acted_for(wish.agent_id, asked, call_id=wish.call_id)
    return AskedOut(call_id=wish.call_id, agent_id=wish.agent_id, asked=asked)
