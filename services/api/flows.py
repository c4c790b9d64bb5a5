"""The flows over HTTP: what is in force, the versions, and another one published."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from ivr.sounds import Language
from ivr.wording import told
from services.api import versions as of_versions
from services.api.flow_publishing import (
    FlowOutcome,
    FlowPublication,
    FlowPublishing,
)
from services.api.language import Wanted
from services.api.problems import told_by
from services.api.rights import OfAsker, needs, said_by
from services.api.versions import In, Made, Name, Told, VersionOut, made_from
from services.flows.files import MOST_FILES, NAME, from_text
from services.people.rights import Right
from services.store import step_counts
from services.store.flow_versions import WHOLE
from services.store.versions import WholeVersion

router = APIRouter(prefix="/flows", tags=["flows"])
_SEEN = needs(Right.SEE_FLOWS, of="centre")
_CHANGED = needs(Right.CHANGE_FLOWS, of="centre")

Files = Annotated[
    dict[Annotated[str, StringConstraints(pattern=NAME)], str],
    Field(min_length=1, max_length=MOST_FILES, examples=[{"flows/main.yaml": "…"}]),
]
Number = Annotated[int, Path(ge=1)]


class ForceOut(BaseModel):
    """By which versions callers are led."""

    model_config = ConfigDict(from_attributes=True)

    in_force: int
    trial: int | None
    """A version that a share of the calls tries first."""
    percent: int
    """That share; 0 while none is tried."""


class FilesOut(VersionOut):
    """One version with its files."""

    files: dict[str, str]


class FlowsOut(FilesOut):
    """What a new version is made from, and what is in force."""

    force: ForceOut
    file_differs: str | None
    """Says that files are not as they were published."""


class PublishedFlowsOut(BaseModel):
    """What a publication came to."""

    version: VersionOut
    force: ForceOut
    changes: list[str]
    later: list[str]


class FlowChangesOut(BaseModel):
    """What is otherwise for callers."""

    changes: list[str]


class StepOut(BaseModel):
    """What became of callers at one step, on one day, by one version."""

    model_config = ConfigDict(from_attributes=True)

    day: date
    flow_version: int | None
    flow: str
    step: str
    entered: int
    asked_again: int
    gave_up: int


class WayOut(BaseModel):
    """How often callers left a step by one way."""

    model_config = ConfigDict(from_attributes=True)

    day: date
    flow_version: int | None
    flow: str
    step: str
    way: str
    next_flow: str
    next_step: str
    calls: int


class TrafficOut(BaseModel):
    """What callers of a period did in flows."""

    steps: list[StepOut]
    ways: list[WayOut]


class FlowsIn(In):
    """A whole set of files."""

    files: Files
    folder: Name = "flows"
    """What messages call the folder of the flows."""


class PublishFlowsIn(FlowsIn, Told):
    """A whole set of files, who publishes it, why, and for which share of the calls."""

    percent: Annotated[int, Field(ge=1, le=WHOLE)] = WHOLE


class ShareIn(Told):
    """Which share of the calls is to try the version that is tried."""

    percent: Annotated[int, Field(ge=0, le=WHOLE)]


class RollFlowsBackIn(Told):
    """Which version is to be in force again, who says so, and why."""

    version: Annotated[int, Field(ge=1)]


def install(app: FastAPI, publishing: FlowPublishing, *, database: str) -> None:
    """Add the paths of the flows to an app, whose records are in a database."""
    app.state.flow_publishing = publishing
    app.state.flow_records = database
    app.include_router(router)
    of_versions.install(app)


def publishing_of(request: Request) -> FlowPublishing:
    """Return what the app was given."""
    publishing: FlowPublishing = request.app.state.flow_publishing
    return publishing


Of = Annotated[FlowPublishing, Depends(publishing_of)]


@router.get("", responses=told_by(404, 503), **_SEEN)
async def in_force(publishing: Of, response: Response) -> FlowsOut:
    """Show what a new version is made from; its number is the ETag.

    It is the version that a share of the calls tries, if there is one, or else the one
    in force.
    """
    found = await publishing.shown()
    response.headers["ETag"] = f'"{found.latest.number}"'
    return FlowsOut(
        **_whole(found.latest),
        force=ForceOut.model_validate(found.force),
        file_differs=found.differs,
    )


@router.get("/versions", responses=told_by(503), **_SEEN)
async def versions(publishing: Of) -> list[VersionOut]:
    """List the versions, the newest first."""
    return [VersionOut.model_validate(one) for one in await publishing.history()]


@router.get("/versions/{number}", responses=told_by(404, 503), **_SEEN)
async def version(publishing: Of, number: Number) -> FilesOut:
    """Show one version."""
    return FilesOut(**_whole(await publishing.version(number)))


@router.get("/changes", responses=told_by(404, 503), **_SEEN)
async def difference(
    publishing: Of,
    before: Annotated[int, Query(ge=1)],
    after: Annotated[int, Query(ge=1)],
    language: Wanted,
) -> FlowChangesOut:
    """Say what is otherwise for callers in another version."""
    found = await publishing.difference(before, after)
    return FlowChangesOut(changes=[told(it, language) for it in found])


@router.get("/traffic", responses=told_by(503), **_SEEN)
async def traffic(
    request: Request,
    since: AwareDatetime,
    until: AwareDatetime,
    ahead_min: Annotated[int, Query(ge=-840, le=840)] = 0,
) -> TrafficOut:
    """Count what callers did in flows who arrived in a period.

    Days are told by a clock that is ``ahead_min`` minutes ahead of UTC.
    """
    found = await step_counts.traffic(
        request.app.state.flow_records,
        since=since,
        until=until,
        ahead=timedelta(minutes=ahead_min),
    )
    return TrafficOut(
        steps=[StepOut.model_validate(one) for one in found.steps],
        ways=[WayOut.model_validate(one) for one in found.ways],
    )


@router.post("/check", responses=told_by(422), **_CHANGED)
async def check(publishing: Of, flows: FlowsIn, language: Wanted) -> FlowChangesOut:
    """Say what is wrong with flows, or what they would change; none is published."""
    found = await publishing.check(flows.files, folder=flows.folder)
    return FlowChangesOut(changes=[told(it, language) for it in found])


@router.put("", responses=told_by(404, 412, 422, 428, 503), **_CHANGED)
async def publish(
    publishing: Of,
    flows: PublishFlowsIn,
    response: Response,
    language: Wanted,
    *,
    asker: OfAsker,
    if_match: Made = None,
) -> PublishedFlowsOut:
    """Have flows lead callers; ``If-Match`` names the version they were made from."""
    publication = FlowPublication(
        made_from=made_from(if_match),
        by=said_by(asker, flows.by),
        note=flows.note,
        percent=flows.percent,
        folder=flows.folder,
    )
    outcome = await publishing.publish(flows.files, publication)
    return _told(outcome, response, language)


@router.put("/share", responses=told_by(409, 503), **_CHANGED)
async def share(publishing: Of, wanted: ShareIn, asker: OfAsker) -> ForceOut:
    """Change the share of the version that is tried: 100 puts it in force, 0 ends."""
    force = await publishing.share(
        wanted.percent, by=said_by(asker, wanted.by), note=wanted.note
    )
    return ForceOut.model_validate(force)


@router.post("/rollback", responses=told_by(404, 412, 422, 428, 503), **_CHANGED)
async def roll_back(
    publishing: Of,
    wanted: RollFlowsBackIn,
    response: Response,
    language: Wanted,
    *,
    asker: OfAsker,
    if_match: Made = None,
) -> PublishedFlowsOut:
    """Put an earlier version in force again, under a number of its own."""
    publication = FlowPublication(
        made_from=made_from(if_match), by=said_by(asker, wanted.by), note=wanted.note
    )
    outcome = await publishing.roll_back(wanted.version, publication)
    return _told(outcome, response, language)


def _whole(version: WholeVersion) -> Mapping[str, Any]:
    plain = VersionOut.model_validate(version).model_dump()
    return {**plain, "files": dict(from_text(version.text))}


def _told(
    outcome: FlowOutcome, response: Response, language: Language
) -> PublishedFlowsOut:
    response.headers["ETag"] = f'"{outcome.version.number}"'
    return PublishedFlowsOut(
        version=VersionOut.model_validate(outcome.version),
        force=ForceOut.model_validate(outcome.force),
        changes=[told(it, language) for it in outcome.changes],
        later=list(outcome.later),
    )
