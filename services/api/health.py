"""Whether the engine lives, and whether calls can be served."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict

from services.api.agents import OfFloor
from services.api.calls import OfShipping
from services.api.rights import anybody, needs
from services.people.rights import Right

router = APIRouter(tags=["health"])


class HealthOut(BaseModel):
    """The engine answers, and how far the records are behind the journal."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"status": "alive", "journaled_seq": 1200, "shipped_seq": 1198}
        }
    )

    status: Literal["alive"] = "alive"
    journaled_seq: int
    """Number of the newest entry in the journal …"""
    shipped_seq: int
    """… and on record."""
    utility: str = ""
    """Who is asked for customers' balances and orders; SIMULATED where it is that."""
    utility_answers: bool | None = None
    """Whether it did when it was asked last; None where there is none."""


class LiveOut(BaseModel):
    """Which calls the engine knows to live."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"call_ids": ["0b8f3f0e-7c1d-4c55-9a54-3f5a4a1f0001"]}
        }
    )

    call_ids: tuple[str, ...]


class PartOut(BaseModel):
    """Whether one part does its work."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "part": "database",
                "is_ready": False,
                "sentence": "database: connection refused; entries wait in the journal",
            }
        },
    )

    part: str
    is_ready: bool
    sentence: str


class ReadinessOut(BaseModel):
    """Whether calls can be served, part by part."""

    model_config = ConfigDict(from_attributes=True)

    is_ready: bool
    parts: tuple[PartOut, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilityTold:
    """Who is asked for customers' data, in a sentence, and whether it answers."""

    sentence: str = ""
    answers: bool | None = None


def install(app: FastAPI, utility: Callable[[], UtilityTold]) -> None:
    """Let the app tell who is asked for customers' data."""
    app.state.utility = utility


@router.get("/health", **anybody())
async def health(request: Request, floor: OfFloor, shipping: OfShipping) -> HealthOut:
    """Answer, as long as the one loop turns."""
    await floor.turned()
    asked: Callable[[], UtilityTold] = getattr(
        request.app.state, "utility", UtilityTold
    )
    utility = asked()
    return HealthOut(
        journaled_seq=shipping.journaled_seq,
        shipped_seq=shipping.shipped_seq,
        utility=utility.sentence,
        utility_answers=utility.answers,
    )


@router.get("/health/calls", **needs(Right.SEE_CALLS, of="centre"))
async def live_calls(floor: OfFloor) -> LiveOut:
    """List the calls that have not ended, by their ids alone."""
    return LiveOut(call_ids=tuple(floor.live_ids()))


@router.get("/readiness", responses={503: {"model": ReadinessOut}}, **anybody())
async def readiness(floor: OfFloor, response: Response) -> ReadinessOut:
    """Ask every part; 503 when one does not do its work."""
    found = ReadinessOut.model_validate(await floor.readiness())
    if not found.is_ready:
        response.status_code = 503
    return found
