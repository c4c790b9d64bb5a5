"""The flags over HTTP: what is switched on for all calls, and who did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from starlette.responses import JSONResponse

from ivr.wording import nearest
from services.api.problems import problem, told_by
from services.api.rights import OfAsker, needs, said_by
from services.api.versions import Told
from services.people.rights import Right
from services.store.flag_changes import FlagChange

router = APIRouter(prefix="/flags", tags=["flags"])
_SEEN = needs(Right.SEE_FLOWS, of="centre")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagShown:
    """One flag: up or down, and who put it up."""

    name: str
    is_up: bool
    is_asked: bool
    """Whether a flow in force asks for it."""
    since: datetime | None = None
    """None while it is down, or where it was put up by hand."""
    until: datetime | None = None
    """When it falls back by itself; None for never."""
    by: str = ""
    note: str = ""


class UnknownFlag(Exception):
    """No flow in force asks for such a flag."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        """Say which there are."""
        hint = nearest(name, known) or "; no flow in force asks for any"
        super().__init__(f"flag {name!r}: no flow in force asks for it{hint}")
        self.name = name


class FlagEndsBefore(Exception):
    """A flag is to be put up until what is over."""

    def __init__(self, name: str, until: datetime, now: datetime) -> None:
        """Say both instants."""
        super().__init__(
            f"flag {name!r}: ends at {until.isoformat()}, which is over by now,"
            f" {now.isoformat(timespec='seconds')}; name a later time"
        )
        self.name = name


class FlagNotKept(Exception):
    """The data folder does not take the flags."""

    def __init__(self, name: str, why: str) -> None:
        """Say why."""
        super().__init__(f"flag {name!r}: is as it was, it cannot be kept: {why}")
        self.name = name


class FlagKeeping(Protocol):
    """Whoever keeps the flags."""

    def shown(self) -> list[FlagShown]:
        """Return all that flows ask for and all that are up, by name."""

    async def put(
        self, name: str, *, is_up: bool, until: datetime | None, by: str, note: str
    ) -> FlagShown:
        """Put a flag up or down."""

    async def history(self) -> list[FlagChange]:
        """Return the last changes, the newest first."""


class FlagOut(BaseModel):
    """One flag."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    is_up: bool
    is_asked: bool
    since: datetime | None
    until: datetime | None
    by: str
    note: str


class FlagChangeOut(BaseModel):
    """One flag put up or down."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    by: str
    note: str
    name: str
    is_up: bool
    until: datetime | None


class FlagIn(Told):
    """Which flag is to be up or down, who says so, and why."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    is_up: bool
    until: AwareDatetime | None = None
    """When it falls back by itself; None for never."""

    @model_validator(mode="after")
    def _ends_when_up(self) -> "FlagIn":
        if self.until is not None and not self.is_up:
            raise ValueError("only a flag that is up has an end; leave out until")
        return self


def install(app: FastAPI, keeping: FlagKeeping) -> None:
    """Add the paths of the flags to an app."""
    app.state.flag_keeping = keeping
    app.include_router(router)
    app.add_exception_handler(UnknownFlag, _refused)
    app.add_exception_handler(FlagEndsBefore, _refused)
    app.add_exception_handler(FlagNotKept, _refused)


def keeping_of(request: Request) -> FlagKeeping:
    """Return what the app was given."""
    keeping: FlagKeeping = request.app.state.flag_keeping
    return keeping


Of = Annotated[FlagKeeping, Depends(keeping_of)]


@router.get("", **_SEEN)
async def shown(keeping: Of) -> list[FlagOut]:
    """List the flags that flows ask for, and those that are up."""
    return [FlagOut.model_validate(one) for one in keeping.shown()]


@router.get("/changes", responses=told_by(503), **_SEEN)
async def changes(keeping: Of) -> list[FlagChangeOut]:
    """List who put which flag up and down, the newest first."""
    return [FlagChangeOut.model_validate(one) for one in await keeping.history()]


@router.put(
    "",
    responses=told_by(404, 422, 503),
    **needs(Right.CHANGE_FLAGS, of="centre"),
)
async def put(keeping: Of, wanted: FlagIn, asker: OfAsker) -> FlagOut:
    """Put a flag up or down; who calls from now on is led by it."""
    flag = await keeping.put(
        wanted.name,
        is_up=wanted.is_up,
        until=wanted.until,
        by=said_by(asker, wanted.by),
        note=wanted.note,
    )
    return FlagOut.model_validate(flag)


_STATUS: dict[type[Exception], tuple[int, str]] = {
    UnknownFlag: (404, "unknown_flag"),
    FlagEndsBefore: (422, "flag_ends_before"),
    FlagNotKept: (503, "flag_not_kept"),
}


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    status, kind = _STATUS[type(error)]
    return problem(status, kind, str(error), **vars(error))
