"""Old calls walked by other flows over HTTP: whose way would change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from starlette.responses import JSONResponse

from services.api.flows import Files
from services.api.problems import problem, told_by
from services.api.rights import needs
from services.api.versions import In, Name
from services.flows.gaps import Missing
from services.flows.replay import Change
from services.flows.replay_counts import Counts
from services.people.rights import Right

router = APIRouter(prefix="/flows", tags=["flows"])

MOST_CALLS = 20_000
USUAL_CALLS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayWanted:
    """Which calls are to be walked again, by which flows."""

    version: int | None
    """A published version; None means the files."""
    files: Mapping[str, str] | None
    folder: str
    """What the folder of the flows is called in messages."""
    since: datetime
    until: datetime
    limit: int
    """The newest so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOutcome:
    """What becomes of old calls."""

    on_record: int
    """Calls of the period; more than were walked where there was no time for all."""
    counts: Counts


class ReplayUnderWay(Exception):
    """Old calls are being walked for somebody else."""

    def __init__(self) -> None:
        """Say what would do."""
        super().__init__(
            "replay: one is under way, and takes up to two minutes; ask again then"
        )


class ReplayTooSlow(Exception):
    """The machine is too busy to walk old calls in time."""

    def __init__(self, limit_s: float) -> None:
        """Say what would do."""
        super().__init__(
            f"replay: no answer within {limit_s:.0f} s, is the machine full? ask for"
            " fewer calls by limit, or later"
        )


class FlowReplaying(Protocol):
    """Whoever walks old calls again."""

    async def replay(self, wanted: ReplayWanted) -> ReplayOutcome:
        """Walk calls on record by other flows, and count what becomes of them."""


class ReplayIn(In):
    """Which calls are to be walked again, by which flows."""

    version: Annotated[int, Field(ge=1)] | None = None
    """A published version, or else files."""
    files: Files | None = None
    folder: Name = "flows"
    since: AwareDatetime
    until: AwareDatetime
    limit: Annotated[int, Field(ge=1, le=MOST_CALLS)] = USUAL_CALLS
    """The newest so many of the period."""

    @model_validator(mode="after")
    def _names_one_set(self) -> "ReplayIn":
        if (self.version is None) == (self.files is None):
            raise ValueError("should name a version or files, one of the two")
        return self


class ChangedOut(BaseModel):
    """Calls whose way would change in one manner."""

    model_config = ConfigDict(from_attributes=True)

    change: Change
    before: str
    """Where they ended: ``queue q_bill``, ``hang up``, ``left`` or ``failed``."""
    after: str
    parts_at: str
    """The last step that both ways have in common."""
    calls: int
    examples: list[str]
    """Ids of some of them."""


class UnsureOut(BaseModel):
    """Calls of which the record does not tell enough, in one manner."""

    model_config = ConfigDict(from_attributes=True)

    missing: Missing
    step: str
    what: str
    calls: int
    parted: int
    """So many of them are on another way already when they come there."""
    examples: list[str]


class ReplayOut(BaseModel):
    """What becomes of old calls by other flows."""

    model_config = ConfigDict(from_attributes=True)

    on_record: int
    """Calls of the period; more than ``calls`` where not all were walked."""
    calls: int
    same: int
    changed: list[ChangedOut]
    unsure: list[UnsureOut]


def install(app: FastAPI, replaying: FlowReplaying) -> None:
    """Add the path to an app."""
    app.state.flow_replaying = replaying
    app.include_router(router)
    app.add_exception_handler(ReplayUnderWay, _under_way)
    app.add_exception_handler(ReplayTooSlow, _too_slow)


def replaying_of(request: Request) -> FlowReplaying:
    """Return what the app was given."""
    replaying: FlowReplaying = request.app.state.flow_replaying
    return replaying


Of = Annotated[FlowReplaying, Depends(replaying_of)]


@router.post(
    "/replay",
    responses=told_by(404, 409, 422, 503),
    **needs(Right.CHANGE_FLOWS, of="centre"),
)
async def replay(replaying: Of, wanted: ReplayIn) -> ReplayOut:
    """Walk calls on record by other flows, and count whose way would change.

    What no record tells, as a key that was never asked for, is told as its own class.
    """
    found = await replaying.replay(ReplayWanted(**dict(wanted)))
    counts = found.counts
    return ReplayOut(
        on_record=found.on_record,
        calls=counts.calls,
        same=counts.same,
        changed=[ChangedOut.model_validate(one) for one in counts.changed],
        unsure=[UnsureOut.model_validate(one) for one in counts.unsure],
    )


async def _too_slow(_request: Request, error: Exception) -> JSONResponse:
    return problem(503, "replay_too_slow", str(error))


async def _under_way(_request: Request, error: Exception) -> JSONResponse:
    return problem(409, "replay_under_way", str(error))
