"""Whether the engine lives, and whether calls can be served."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from services.api.agents import OfFloor

router = APIRouter(tags=["health"])


class HealthOut(BaseModel):
    """The engine answers."""

    status: Literal["alive"] = "alive"


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


@router.get("/health")
async def health() -> HealthOut:
    """Answer, as long as the one loop turns."""
    return HealthOut()


@router.get("/readiness", responses={503: {"model": ReadinessOut}})
async def readiness(floor: OfFloor, response: Response) -> ReadinessOut:
    """Ask every part; 503 when one does not do its work."""
    found = ReadinessOut.model_validate(await floor.readiness())
    if not found.is_ready:
        response.status_code = 503
    return found
