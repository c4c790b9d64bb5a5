"""The right that each path needs: declared on the path, and looked at before it."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from fastapi import Depends, FastAPI, Request
from starlette.responses import JSONResponse

from acd.vocabulary.errors import UnknownAgent
from acd.vocabulary.ids import AgentId
from services.api.ports import AgentView, CallView, Floor
from services.api.problems import problem, told_by
from services.api.who_asks import ForeignPage, HttpsNeeded, WhoAsks
from services.people.errors import NoRight, NotLoggedIn
from services.people.notes import Notes
from services.people.rights import Asker, Kind, Right, Thing, holds, may

Of: TypeAlias = Literal[
    "centre", "agent", "many", "call", "recording", "reach", "person", "self"
]
"""What a path does something to.

centre: the whole of it, so that only a whole scope will do. agent: the one that the
path names. many: a list, of which the path shows what is in reach. call, recording,
reach, person: one that the path has to find first, and looks at itself. self: whoever
asks.
"""

DECLARED: Final = "x-right"
"""Where a path's declaration stands in the OpenAPI file."""
ANYBODY: Final = "anybody"


_SCHEMES: Final = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "tieline-16001",
        "description": "POST /session gives it; the name ends in the port, and begins"
        " with __Host- over HTTPS",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "a program's own, or that of the file that up --json names",
    },
}


class RightUndeclared(Exception):
    """A path does not say which right it needs, so nobody has it."""

    def __init__(self, path: str) -> None:
        """Say which, to who wrote it."""
        super().__init__(
            f"path {path!r}: declares no right; @router.get(…, **needs(Right.…, of=…))"
        )
        self.path = path


def needs(right: Right, *, of: Of) -> dict[str, Any]:
    """Return what a path is declared with, so that only who has a right may ask."""
    return {
        "openapi_extra": {
            DECLARED: {"right": right.value, "of": of},
            "security": [{"session": []}, {"token": []}],
            "responses": {
                str(status): told for status, told in told_by(401, 403).items()
            },
        }
    }


def anybody() -> dict[str, Any]:
    """Return what a path is declared with that tells nothing of people and calls."""
    return {"openapi_extra": {DECLARED: ANYBODY, "security": []}}


async def asker_of(request: Request) -> Asker:
    """Return who asks.

    Raises:
        NotLoggedIn: Nobody is known by what was sent along.
        HttpsNeeded, ForeignPage, PeopleUnread: As ``WhoAsks.asker``.
    """
    known: Asker | None = getattr(request.state, "asker", None)
    if known is None:
        who_asks: WhoAsks = request.app.state.who_asks
        known = who_asks.asker(request)
        request.state.asker = known
    if known is None:
        raise NotLoggedIn
    return known


async def notes_of(request: Request) -> Notes:
    """Return what has acts audited."""
    notes: Notes = request.app.state.notes
    return notes


OfAsker = Annotated[Asker, Depends(asker_of)]
OfNotes = Annotated[Notes, Depends(notes_of)]


async def guard(request: Request) -> None:
    """Let a request through to its path, if who asks has the right to it.

    Raises:
        RightUndeclared: The path does not say which.
        NotLoggedIn: Nobody is known by what was sent along.
        NoRight: Somebody is, and has it not.
        UnknownAgent: It is of an agent who is none, or is not theirs to know of.
    """
    declared = declared_of(request)
    if declared == ANYBODY:
        return
    right = Right(declared["right"])
    of: Of = declared["of"]
    if of == "recording":
        # A stranger is told there, and audited, what token is needed.
        return
    asker = await asker_of(request)
    if not holds(asker, right):
        raise refused(request, asker, right, may(asker, right, Thing()).why_not)
    if of == "centre":
        must(request, asker, right, Thing())
    elif of == "agent":
        must_reach_agent(request, asker, right, request.path_params["agent_id"])


def declared_of(request: Request) -> Any:  # noqa: ANN401 - as the OpenAPI file has it
    """Return what the path of a request declares.

    Raises:
        RightUndeclared: Nothing.
    """
    route = request.scope.get("route")
    extra: Mapping[str, Any] = getattr(route, "openapi_extra", None) or {}
    if DECLARED not in extra:
        raise RightUndeclared(request.url.path)
    return extra[DECLARED]


def must(request: Request, asker: Asker, right: Right, thing: Thing) -> None:
    """See that somebody may do something to a thing that all know of.

    Raises:
        NoRight: They may not; it is audited.
    """
    verdict = may(asker, right, thing)
    if not verdict.is_allowed:
        raise refused(request, asker, right, verdict.why_not)


def must_reach_agent(
    request: Request, asker: Asker, right: Right, agent_id: str
) -> None:
    """See that somebody may do something to an agent.

    Raises:
        UnknownAgent: There is none, or they shall not learn that there is.
    """
    floor: Floor = request.app.state.floor
    view = floor.agent(AgentId(agent_id))
    if view is None:
        raise UnknownAgent(AgentId(agent_id))
    verdict = may(asker, right, of_agent(view))
    if not verdict.is_allowed:
        refused(request, asker, right, verdict.why_not)
        raise UnknownAgent(AgentId(agent_id))


def refused(request: Request, asker: Asker, right: Right, why: str) -> NoRight:
    """Have it audited that somebody has not a right, and return that to be raised."""
    what = f"{request.method} {request.url.path}"
    notes: Notes = request.app.state.notes
    notes.refuse(what, why=why, actor=asker.name)
    return NoRight(right.value, why)


def of_agent(view: AgentView) -> Thing:
    """Return an agent as something that rights are about."""
    return Thing(place=view.place, agent_id=view.agent_id)


def of_call(view: CallView) -> Thing:
    """Return a live call as something that rights are about."""
    return Thing(place=view.place, queue_id=view.queue_id, agent_id=view.agent_id)


def said_by(asker: Asker, by: str) -> str:
    """Return who publishes: people by their name, this machine's as they say."""
    return by if asker.kind is Kind.OPERATOR else asker.name


def install(app: FastAPI) -> None:
    """Answer who may not as a problem, and tell in the OpenAPI file what proves who."""
    whole = app.openapi

    def openapi() -> dict[str, Any]:
        told = whole()
        told.setdefault("components", {})["securitySchemes"] = _SCHEMES
        return told

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way
    app.add_exception_handler(NotLoggedIn, _not_logged_in)
    app.add_exception_handler(NoRight, _no_right)
    app.add_exception_handler(RightUndeclared, _undeclared)
    app.add_exception_handler(HttpsNeeded, _https_needed)
    app.add_exception_handler(ForeignPage, _foreign_page)


async def _not_logged_in(_request: Request, error: Exception) -> JSONResponse:
    answer = problem(401, "not_logged_in", str(error))
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


async def _no_right(_request: Request, error: Exception) -> JSONResponse:
    return problem(403, "no_right", str(error), **vars(error))


async def _undeclared(_request: Request, error: Exception) -> JSONResponse:
    return problem(500, "right_undeclared", str(error))


async def _https_needed(_request: Request, error: Exception) -> JSONResponse:
    return problem(403, "https_needed", str(error))


async def _foreign_page(_request: Request, error: Exception) -> JSONResponse:
    return problem(403, "foreign_page", str(error))
