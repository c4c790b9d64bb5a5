"""Logging in and out over HTTP: the session in a cookie that no page can read."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.responses import JSONResponse

from services.api.figures import Figures
from services.api.problems import problem, told_by
from services.api.rights import OfAsker, anybody, needs
from services.api.who_asks import (
    Doors,
    WhoAsks,
    address_of,
    cookie_name,
    is_secret,
    refuse_foreign_wish,
    refuse_readable,
)
from services.people.errors import (
    NotForPrograms,
    PasswordUnfit,
    PeopleError,
    PeopleUnread,
    PersonKnown,
    TooManyAtOnce,
    TooManyTries,
    UnknownPerson,
    WrongLogIn,
)
from services.people.log_ins import LoggedIn, LogIns
from services.people.rights import RIGHTS, Asker, Grant, Kind, Right

router = APIRouter(prefix="/session", tags=["people"])

_EXAMPLE: dict[str, JsonValue] = {
    "name": "carol",
    "kind": "person",
    "agent_id": None,
    "roles": [{"role": "supervisor", "province": "YJ", "unit": None, "queue_id": None}],
    "rights": ["see_agents", "see_calls"],
    "over_at": "2026-11-21T20:00:00.000000Z",
}


class RoleOut(BaseModel):
    """One role, and where it holds; all over where nothing is said."""

    role: str
    province: str | None
    unit: str | None
    queue_id: str | None

    @classmethod
    def of(cls, grant: Grant) -> "RoleOut":
        """Show a role."""
        scope = grant.scope
        return cls(
            role=grant.role.value,
            province=scope.province,
            unit=scope.unit,
            queue_id=scope.queue_id,
        )


class SessionOut(BaseModel):
    """Who asks, and what they may."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    name: str
    kind: Kind
    agent_id: str | None
    roles: list[RoleOut]
    rights: list[Right]
    over_at: datetime | None
    """When they have to log in again, however busy they are; null for a token."""


Password = Annotated[
    str, Field(max_length=1024, json_schema_extra={"format": "password"})
]


class LogInIn(BaseModel):
    """Who says to be there, and what proves it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"name": "carol", "password": "…"}},
    )

    name: Annotated[str, Field(max_length=64)]
    password: Password


class OwnPasswordIn(BaseModel):
    """A password to be, and the one of before."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"old": "…", "new": "…"}}
    )

    old: Password
    new: Password


@router.post("", status_code=201, responses=told_by(401, 403, 429, 503), **anybody())
async def log_in(request: Request, response: Response, said: LogInIn) -> SessionOut:
    """Log in: the session is a cookie from now on, another than before."""
    refuse_readable(request)
    refuse_foreign_wish(request)
    who_asks: WhoAsks = request.app.state.who_asks
    begun = await _doors(request).log_ins.log_in(
        said.name,
        said.password,
        address=address_of(request),
        instead_of=who_asks.session(request),
    )
    return _begun(request, response, begun)


@router.get("", **needs(Right.OWN_SESSION, of="self"))
async def own_session(request: Request, asker: OfAsker) -> SessionOut:
    """Tell who asks, and what they may."""
    return _out(asker, _doors(request).log_ins.over_at(asker.session))


@router.delete("", status_code=204, **needs(Right.OWN_SESSION, of="self"))
async def log_out(request: Request, response: Response, asker: OfAsker) -> None:
    """Log out: the session is over, and all that is watched by it."""
    response.delete_cookie(
        cookie_name(request),
        path="/",
        secure=is_secret(request),
        httponly=True,
        samesite="strict",
    )
    if asker.kind is Kind.PERSON:
        await _doors(request).log_ins.log_out(asker)


@router.put(
    "/password",
    responses=told_by(401, 409, 422, 429, 503),
    **needs(Right.OWN_SESSION, of="self"),
)
async def change_password(
    request: Request, response: Response, asker: OfAsker, said: OwnPasswordIn
) -> SessionOut:
    """Change one's own password; all other sessions of one's own are over."""
    if asker.kind is not Kind.PERSON:
        raise NotForPrograms(asker.name)
    begun = await _doors(request).log_ins.change_own_password(
        asker, old=said.old, new=said.new, address=address_of(request)
    )
    return _begun(request, response, begun)


def add_figures(figures: Figures, log_ins: LogIns) -> None:
    """Add what an operator wants to know of log-ins."""
    figures.gauge("tieline_sessions", "Who is logged in.", lambda: log_ins.logged_in)
    figures.counters(
        "tieline_log_ins_refused",
        "Log-ins that were refused: wrong, or not looked at after many wrong ones.",
        ("why",),
        lambda: {
            ("wrong",): log_ins.tries.wrong,
            ("too_many",): log_ins.tries.refused,
        },
    )


def install(app: FastAPI) -> None:
    """Answer what people do wrong as problems."""
    app.add_exception_handler(PeopleError, _refused)


_STATUS: dict[type[PeopleError], tuple[int, str]] = {
    WrongLogIn: (401, "wrong_log_in"),
    TooManyTries: (429, "too_many_tries"),
    TooManyAtOnce: (503, "too_many_at_once"),
    PasswordUnfit: (422, "password_unfit"),
    PeopleUnread: (503, "people_unread"),
    UnknownPerson: (404, "unknown_person"),
    PersonKnown: (409, "person_known"),
    NotForPrograms: (409, "not_for_programs"),
}


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PeopleError)  # noqa: S101 - installed for these alone
    status, kind = _STATUS[type(error)]
    answer = problem(status, kind, str(error), **vars(error))
    if isinstance(error, TooManyTries):
        answer.headers["Retry-After"] = str(error.wait_s)
    return answer


def _doors(request: Request) -> Doors:
    doors: Doors = request.app.state.doors
    return doors


def _begun(request: Request, response: Response, begun: LoggedIn) -> SessionOut:
    # No Max-Age: it goes with the browser, and is over here long before a disk is read.
    response.set_cookie(
        cookie_name(request),
        begun.token,
        path="/",
        secure=is_secret(request),
        httponly=True,
        samesite="strict",
    )
    return _out(begun.asker, begun.over_at)


def _out(asker: Asker, over_at: datetime | None) -> SessionOut:
    held = {right for grant in asker.grants for right in RIGHTS[grant.role]}
    rights = set(Right) if asker.kind is Kind.OPERATOR else held
    return SessionOut(
        name=asker.name,
        kind=asker.kind,
        agent_id=asker.agent_id,
        roles=[RoleOut.of(grant) for grant in asker.grants],
        rights=sorted(rights),
        over_at=over_at,
    )
