"""What paths of published versions share: how one is shown, named and refused."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import FastAPI, Header, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from ivr.problems import FlowRefused, Refused
from ivr.wording import told
from services.api.language import language_of
from services.api.problems import problem
from services.api.publishing import NotPublished, QueueHasCallers
from services.floor.edit import EditLost
from services.prompts.errors import PromptsRefused
from services.store.flow_versions import NothingTried
from services.store.versions import Stale, UnknownVersion

_ETAG = re.compile(r'(?:W/)?"?(\d{1,18})"?')
FROM_HTTP = "api"

Made = Annotated[str | None, Header(alias="if-match", max_length=40)]
Name = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]
"""What messages call a text."""
Who = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,80}$")]
Why = Annotated[str, Field(max_length=400)]


class VersionOut(BaseModel):
    """One version, without its text."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    published_at: datetime
    by: str
    note: str
    made_from: int | None
    sum: str


class In(BaseModel):
    """A body, in which nothing else may stand."""

    model_config = ConfigDict(extra="forbid")


class Told(In):
    """A wish, who has it, and why."""

    by: Who = FROM_HTTP
    note: Why = ""


class NoVersionNamed(Exception):
    """A publication does not name the version that it was made from."""

    def __init__(self, found: str | None) -> None:
        """Say what stood there."""
        super().__init__(
            f"if-match: names the version that a new one was made from, got {found!r};"
            ' the ETag of what is in force tells it, as in If-Match: "7"'
        )


def made_from(if_match: str | None) -> int:
    """Return the version that ``If-Match`` names.

    Raises:
        NoVersionNamed: It names none.
    """
    found = _ETAG.fullmatch(if_match) if if_match else None
    if found is None:
        raise NoVersionNamed(if_match)
    return int(found[1])


def install(app: FastAPI) -> None:
    """Answer every refusal of a publication as a problem; again is harmless."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(PromptsRefused, _unspeakable)
    for cls in _STATUS:
        app.add_exception_handler(cls, _not_published)


_STATUS: Mapping[type[Exception], tuple[int, str]] = {
    NotPublished: (404, "not_published"),
    QueueHasCallers: (409, "queue_has_callers"),
    EditLost: (409, "edit_lost"),
    NothingTried: (409, "nothing_tried"),
    Stale: (412, "{of}_stale"),
    UnknownVersion: (404, "unknown_version"),
    NoVersionNamed: (428, "no_version_named"),
}


async def _not_published(_request: Request, error: Exception) -> JSONResponse:
    status, kind = _STATUS[type(error)]
    members: dict[str, Any] = vars(error)
    return problem(status, kind.format(**members), str(error), **members)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)  # noqa: S101 - installed for these alone
    language = language_of(request)
    found = [
        asdict(one) | {"trail": list(one.trail), "what": told(one.what, language)}
        for one in error.problems
    ]
    kind = "flows_refused" if isinstance(error, FlowRefused) else "floor_refused"
    detail = "\n".join(one.told(language) for one in error.problems)
    return problem(422, kind, detail, problems=found)


async def _unspeakable(_request: Request, error: Exception) -> JSONResponse:
    return problem(422, "prompts_refused", str(error))
