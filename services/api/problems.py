"""Refusals as RFC 9457 problem details: a slug to choose words by, and a sentence."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from acd.vocabulary.errors import (
    AcdError,
    IllegalTransition,
    UnknownAgent,
    UnknownCall,
)
from acd.vocabulary.wire import kind_of
from services.live.errors import TooManyTickets, UnknownViewer
from services.store.errors import DatabaseAway

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_S = 2
_MOST_SHOWN = 60
"""Of what was sent, in characters."""
_SECRET = frozenset({"password", "old", "new"})
"""Fields of which nothing is shown."""


class Problem(BaseModel):
    """What was refused, and why."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "unknown_agent",
                "title": "Not Found",
                "status": 404,
                "detail": "agent '9999': not on the floor; the floor file lists who is",
                "agent_id": "9999",
            }
        },
    )

    type: str
    """A slug that stays the same; words for people are chosen by it."""
    title: str
    status: int
    detail: str
    """What was found, and what would do."""


class UnknownRecord(Exception):
    """There is no such call, live or on record."""

    def __init__(self, call_id: str) -> None:
        """Say which."""
        super().__init__(f"call {call_id!r}: neither live nor on record")
        self.call_id = call_id


class RecordsBehind(Exception):
    """The call may have ended a moment ago; its record is not written yet."""

    def __init__(self, call_id: str) -> None:
        """Say which."""
        super().__init__(
            f"call {call_id!r}: not live, and records are behind; ask again shortly"
        )
        self.call_id = call_id


class NotWithAnAgent(Exception):
    """A disposition needs an agent, and the call was with none."""

    def __init__(self, call_id: str) -> None:
        """Say which call."""
        super().__init__(f"call {call_id!r}: has been with no agent who could say")
        self.call_id = call_id


_STATUS: Sequence[tuple[type[Exception], HTTPStatus]] = (
    (UnknownAgent, HTTPStatus.NOT_FOUND),
    (UnknownCall, HTTPStatus.NOT_FOUND),
    (UnknownRecord, HTTPStatus.NOT_FOUND),
    (UnknownViewer, HTTPStatus.NOT_FOUND),
    (NotWithAnAgent, HTTPStatus.CONFLICT),
    (IllegalTransition, HTTPStatus.CONFLICT),
    (AcdError, HTTPStatus.CONFLICT),
    (RecordsBehind, HTTPStatus.SERVICE_UNAVAILABLE),
    (TooManyTickets, HTTPStatus.SERVICE_UNAVAILABLE),
    (DatabaseAway, HTTPStatus.SERVICE_UNAVAILABLE),
)


def problem(status: int, kind: str, detail: str, **members: object) -> JSONResponse:
    """Return a problem as a response."""
    told = {
        "type": kind,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    retry = status == HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse(
        members | told,
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Retry-After": str(_RETRY_AFTER_S)} if retry else None,
    )


def told_by(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of the problems that a path may answer with."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Answer every refusal of an app as a problem."""
    for cls, _status in _STATUS:
        app.add_exception_handler(cls, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    status = next(status for cls, status in _STATUS if isinstance(error, cls))
    members: Mapping[str, object] = vars(error)
    return problem(status, kind_of(type(error)), str(error), **members)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - installed for these alone
    status = HTTPStatus(error.status_code)
    detail = str(error.detail)
    path = request.url.path
    if status == HTTPStatus.NOT_FOUND:
        detail = f"path {path!r}: nothing is here; /openapi.json lists what is"
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        taken = (error.headers or {}).get("Allow", "another method")
        detail = f"path {path!r}: does not take {request.method}; it takes {taken}"
    elif status == HTTPStatus.BAD_REQUEST:
        detail = "body: cannot be read; send JSON in UTF-8, not too deep"
    return problem(status, status.name.lower(), detail)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    wrong = [_wrong(found) for found in error.errors()]
    sentence = "; ".join(f"{it['where']}: {it['what']}" for it in wrong)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return problem(status, "invalid_request", sentence, problems=wrong)


def _wrong(found: Mapping[str, Any]) -> dict[str, str]:
    """Return one thing that is wrong with a request: where, and what in words."""
    got = repr(found["input"])
    got = f"got {got if len(got) <= _MOST_SHOWN else f'{got[:_MOST_SHOWN]}...'}"
    if _SECRET & {*map(str, found["loc"])}:
        got = "got a secret"
    place = found["loc"]
    match found["type"]:
        case "json_invalid":
            place, at = place[:1], place[1]
            what = f"is not JSON, {found['ctx']['error'].lower()} at byte {at}"
        case "extra_forbidden":
            what = "is not an option here"
        case "missing":
            what = "is required, got nothing"
        case "model_attributes_type":
            what = "should be an object, sent as content-type application/json"
        case "string_pattern_mismatch":
            what = f"should match {found['ctx']['pattern']}, {got}"
        case _:
            what = f"{found['msg'][:1].lower()}{found['msg'][1:]}, {got}"
    return {"where": ".".join(map(str, place)), "what": what}
