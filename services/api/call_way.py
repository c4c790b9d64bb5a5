"""How a caller came to an agent: the number and the queue by name, and the steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel, ConfigDict

from acd.vocabulary.ids import CallId
from services.api.agents import OfFloor
from services.api.call_reach import OfReach, of_row
from services.api.calls import OfCall, OfRecords, OfShipping
from services.api.problems import UnknownRecord, told_by
from services.api.rights import needs, of_call
from services.people.rights import Right

router = APIRouter(prefix="/calls", tags=["calls"])

_CATCH_UP_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What numbers and queues are called on the floor in force."""

    numbers: Mapping[str, str]
    queues: Mapping[str, str]


class StepOut(BaseModel):
    """One point of a flow that the caller came through."""

    flow: str
    step: str
    at: datetime


class WayOut(BaseModel):
    """A caller's way; no key that was pressed is in it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "call_id": "3f2a77e1-0c56-4a0e-9b8e-5d1c0f4f7a10",
                "number_name": "Hotline",
                "queue_name": "Faults",
                "steps": [
                    {
                        "flow": "main",
                        "step": "welcome",
                        "at": "2026-11-21T08:00:00.100000Z",
                    }
                ],
                "is_complete": True,
            }
        }
    )

    call_id: str
    number_name: str | None
    queue_name: str | None
    """None for who is in no queue, and for what the floor does not name any more."""
    steps: list[StepOut]
    is_complete: bool
    """False where the records are behind: there may be more steps."""


def install(app: FastAPI, names: Callable[[], Names]) -> None:
    """Add the path to an app.

    Args:
        app: The app.
        names: Returns the names on the floor in force.
    """
    app.state.names_of_floor = names
    app.include_router(router)


def names_of(request: Request) -> Names:
    """Return the names on the floor in force."""
    names: Names = request.app.state.names_of_floor()
    return names


@router.get(
    "/{call_id}/way", responses=told_by(404, 503), **needs(Right.SEE_CALLS, of="call")
)
async def way(
    names: Annotated[Names, Depends(names_of)],
    floor: OfFloor,
    records: OfRecords,
    shipping: OfShipping,
    reach: OfReach,
    call_id: OfCall,
) -> WayOut:
    """Tell how a caller came to where they are, for who takes the call."""
    is_complete = await shipping.caught_up(_CATCH_UP_S)
    view = floor.live_call(CallId(call_id))
    if view is not None:
        # Who is rung is to know why before they answer.
        thing = replace(of_call(view), agent_id=view.rung_id or view.agent_id)
        number, queue_id = view.number, view.queue_id
    elif (row := await records.call(call_id)) is not None:
        thing, number, queue_id = of_row(row), row["number"], row["queue_id"]
    else:
        raise UnknownRecord(call_id)
    reach.must(Right.SEE_CALLS, thing, call_id)
    return WayOut(
        call_id=call_id,
        number_name=names.numbers.get(number),
        queue_name=names.queues.get(queue_id or ""),
        steps=[StepOut.model_validate(dict(it)) for it in await records.way(call_id)],
        is_complete=is_complete,
    )
