"""The floor over HTTP: what is in force, its versions, and another one published."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, Path, Request, Response
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from acd.vocabulary.errors import UnknownAgent, UnknownQueue
from services.api import versions as of_versions
from services.api.problems import problem, told_by
from services.api.publishing import Outcome, Publication, Publishing
from services.api.rights import OfAsker, needs, said_by
from services.api.versions import (
    FROM_HTTP,
    In,
    Made,
    Name,
    Told,
    VersionOut,
    made_from,
)
from services.people.rights import Right
from services.store.versions import Version, WholeVersion

router = APIRouter(prefix="/floor", tags=["floor"])
_SEEN = needs(Right.SEE_FLOOR, of="centre")
_CHANGED = needs(Right.CHANGE_FLOOR, of="centre")


class FloorOut(VersionOut):
    """One version with its text."""

    text: str
    file_differs: str | None = None
    """Says that the floor file is not what was published from it."""


class PublishedOut(BaseModel):
    """What a publication came to."""

    version: VersionOut
    changes: list[str]
    closing: list[str]
    leaving: list[str]
    later: list[str]


class CheckedOut(BaseModel):
    """What a floor would change."""

    changes: list[str]
    with_callers: dict[str, int]


class FloorIn(In):
    """A whole floor, as it would stand in a file."""

    text: Annotated[str, Field(min_length=1, max_length=2_000_000)]
    name: Name = "floor.yaml"
    """What messages call it."""


class PublishIn(FloorIn, Told):
    """A whole floor, who publishes it, and why."""

    drain: bool = False
    """Whether a queue with callers may be taken out: it goes when it is empty."""


class RollBackIn(Told):
    """Which version is to be in force again, who says so, and why."""

    version: Annotated[int, Field(ge=1)]
    drain: bool = False


Entry = Annotated[
    dict[str, Any],
    Field(max_length=40, examples=[{"skills": {"fault": 4}, "unit": "YZ"}]),
]
"""What is to be otherwise in one entry, as the floor file has it; null takes out."""
By = Annotated[str, Header(alias="x-tieline-by", pattern=r"^[^\x00-\x1f\x7f]{1,80}$")]
Note = Annotated[str, Header(alias="x-tieline-note", max_length=400)]
OfName = Annotated[str, Path(max_length=64, examples=["1003"])]


def install(app: FastAPI, publishing: Publishing) -> None:
    """Add the paths of the floor to an app."""
    app.state.publishing = publishing
    app.include_router(router)
    of_versions.install(app)
    app.add_exception_handler(UnknownQueue, _unknown_queue)


def publishing_of(request: Request) -> Publishing:
    """Return what the app was given."""
    publishing: Publishing = request.app.state.publishing
    return publishing


Of = Annotated[Publishing, Depends(publishing_of)]


@router.get("", responses=told_by(404, 503), **_SEEN)
async def in_force(publishing: Of, response: Response) -> FloorOut:
    """Show the version in force; its number is the ETag."""
    version = await publishing.newest()
    response.headers["ETag"] = f'"{version.number}"'
    return _whole(version, publishing.differing())


@router.get("/versions", responses=told_by(503), **_SEEN)
async def versions(publishing: Of) -> list[VersionOut]:
    """List the versions, the newest first."""
    return [VersionOut.model_validate(one) for one in await publishing.history()]


@router.get("/versions/{number}", responses=told_by(404, 503), **_SEEN)
async def version(publishing: Of, number: Annotated[int, Path(ge=1)]) -> FloorOut:
    """Show one version."""
    return _whole(await publishing.version(number), None)


@router.post("/check", responses=told_by(422), **_CHANGED)
async def check(publishing: Of, floor: FloorIn) -> CheckedOut:
    """Say what is wrong with a floor, or what it would change; nothing is published."""
    found = await publishing.check(floor.text, name=floor.name)
    return CheckedOut(
        changes=list(found.changes), with_callers=dict(found.with_callers)
    )


@router.put("", responses=told_by(409, 412, 422, 428, 503), **_CHANGED)
async def publish(
    publishing: Of,
    floor: PublishIn,
    response: Response,
    asker: OfAsker,
    if_match: Made = None,
) -> PublishedOut:
    """Put a floor in force; ``If-Match`` names the version that it was made from."""
    publication = Publication(
        made_from=made_from(if_match),
        by=said_by(asker, floor.by),
        note=floor.note,
        drains=floor.drain,
        name=floor.name,
    )
    return _told(await publishing.publish(floor.text, publication), response)


@router.post("/rollback", responses=told_by(404, 409, 412, 422, 428, 503), **_CHANGED)
async def roll_back(
    publishing: Of,
    wanted: RollBackIn,
    response: Response,
    asker: OfAsker,
    if_match: Made = None,
) -> PublishedOut:
    """Put an earlier version in force again, under a number of its own."""
    publication = Publication(
        made_from=made_from(if_match),
        by=said_by(asker, wanted.by),
        note=wanted.note,
        drains=wanted.drain,
        name=f"floor version {wanted.version}",
    )
    outcome = await publishing.roll_back(wanted.version, publication)
    return _told(outcome, response)


def _edited_by(
    asker: OfAsker, if_match: Made = None, by: By = FROM_HTTP, note: Note = ""
) -> Publication:
    # Of an edit only what it names changes, so it need not name a version.
    made = None if if_match is None else made_from(if_match)
    return Publication(
        made_from=made, by=said_by(asker, by), note=note, name="floor as edited"
    )


Edited = Annotated[Publication, Depends(_edited_by)]


@router.patch(
    "/agents/{agent_id}", responses=told_by(404, 409, 412, 422, 503), **_CHANGED
)
async def edit_agent(
    publishing: Of, agent_id: OfName, entry: Entry, response: Response, *, told: Edited
) -> PublishedOut:
    """Change one agent: levels after an assessment, name, unit, device."""
    publication = replace(told, note=told.note or f"agent {agent_id}")
    if not await publishing.has("agents", agent_id):
        raise UnknownAgent(agent_id)
    patch = {"agents": {agent_id: entry}}
    return _told(await publishing.edit(patch, publication), response)


@router.patch(
    "/queues/{queue_id}", responses=told_by(404, 409, 412, 422, 503), **_CHANGED
)
async def edit_queue(
    publishing: Of, queue_id: OfName, entry: Entry, response: Response, *, told: Edited
) -> PublishedOut:
    """Change one queue: what it needs, its target, its limits."""
    publication = replace(told, note=told.note or f"queue {queue_id}")
    if not await publishing.has("queues", queue_id):
        raise UnknownQueue(queue_id)
    patch = {"queues": {queue_id: entry}}
    return _told(await publishing.edit(patch, publication), response)


def _whole(version: WholeVersion, differs: str | None) -> FloorOut:
    return FloorOut(**_plain(version), text=version.text, file_differs=differs)


def _plain(version: Version) -> dict[str, Any]:
    return VersionOut.model_validate(version).model_dump()


def _told(outcome: Outcome, response: Response) -> PublishedOut:
    response.headers["ETag"] = f'"{outcome.version.number}"'
    return PublishedOut(
        version=VersionOut.model_validate(outcome.version),
        changes=list(outcome.changes),
        closing=list(outcome.closing),
        leaving=list(outcome.leaving),
        later=list(outcome.later),
    )


async def _unknown_queue(_request: Request, error: Exception) -> JSONResponse:
    return problem(404, "unknown_queue", str(error), **vars(error))
