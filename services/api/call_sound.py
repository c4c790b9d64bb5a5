"""How a call sounded in an agent's page, over HTTP."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from acd.vocabulary.agent_facts import SoundMeasured
from acd.vocabulary.ids import AgentId, CallId
from services.api.agents import OfFloor
from services.api.call_reach import OfReach
from services.api.calls import OfCall, OfRecords, OfShipping, found_call
from services.api.problems import NotWithAnAgent, told_by
from services.api.rights import needs
from services.people.rights import Right

router = APIRouter(prefix="/calls", tags=["calls"])

_Milliseconds = Annotated[float, Field(ge=0, le=60_000)]


class SoundIn(BaseModel):
    """What a browser measured of a call."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "packets": 4512,
                "loss": 0.002,
                "jitter_ms": 3.5,
                "round_trip_ms": 24.0,
                "mos": 4.35,
            }
        },
    )

    packets: Annotated[int, Field(ge=0, le=100_000_000)]
    loss: Annotated[float, Field(ge=0, le=1)]
    jitter_ms: _Milliseconds
    round_trip_ms: _Milliseconds
    mos: Annotated[float, Field(ge=1, le=4.5)]


@router.post(
    "/{call_id}/sound",
    status_code=204,
    responses=told_by(404, 409),
    **needs(Right.OWN_PHONE, of="call"),
)
async def keep_sound(
    floor: OfFloor,
    records: OfRecords,
    shipping: OfShipping,
    call_id: OfCall,
    said: SoundIn,
    reach: OfReach,
) -> None:
    """Keep with a call of one's own how it sounded."""
    shown, thing = await found_call(floor, records, shipping, call_id)
    reach.must(Right.OWN_PHONE, thing, call_id)
    if shown.agent_id is None:
        raise NotWithAnAgent(call_id)
    await floor.tell(
        SoundMeasured(
            at=floor.now(),
            call_id=CallId(call_id),
            agent_id=AgentId(shown.agent_id),
            **said.model_dump(),
        )
    )
