"""Calls over HTTP: the live ones, those on record, and one whole."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from acd.vocabulary.agent_facts import CallDisposed
from acd.vocabulary.ids import AgentId, CallId
from acd.vocabulary.offer_facts import CloseReason, Party
from acd.vocabulary.states import CallState
from services.api.agents import OfFloor, OfNoted
from services.api.call_reach import OfReach, of_row
from services.api.call_segments import SegmentOut, told_segments
from services.api.decisions import DecisionsOut, decisions_out
from services.api.explaining import Language
from services.api.ports import CallView, Floor, Shipping
from services.api.problems import (
    NotWithAnAgent,
    RecordsBehind,
    UnknownRecord,
    told_by,
)
from services.api.rights import needs, of_call
from services.people.rights import Right, Thing
from services.store.queries import MOST_CALLS, CallFilter, CallStory, Records, is_uuid

router = APIRouter(prefix="/calls", tags=["calls"])

_CATCH_UP_S = 1.0
_EXAMPLE: dict[str, JsonValue] = {
    "call_id": "3f2a77e1-0c56-4a0e-9b8e-5d1c0f4f7a10",
    "state": "closed",
    "number": "6000",
    "caller_number": "13800138000",
    "caller_name": "",
    "queue_id": "fault",
    "agent_id": "1001",
    "sip_call_id": "a84b4c76e66710@192.0.2.7",
    "arrived_at": "2026-11-21T08:00:00.000000Z",
    "queued_at": "2026-11-21T08:00:09.500000Z",
    "connected_at": "2026-11-21T08:00:12.000000Z",
    "ended_at": "2026-11-21T08:02:00.000000Z",
    "ended_by": "caller",
    "close_reason": "completed",
    "waited_s": 2.5,
    "talked_s": 108.0,
}


class CallOut(BaseModel):
    """One call, live or on record; what did not happen is null."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"example": _EXAMPLE}
    )

    call_id: str
    state: CallState
    number: str
    caller_number: str
    caller_name: str
    queue_id: str | None
    agent_id: str | None
    sip_call_id: str
    arrived_at: datetime | None
    queued_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    ended_by: Party | None
    close_reason: CloseReason | None
    waited_s: float | None
    talked_s: float | None


class WholeCallOut(CallOut):
    """One call with what only its record knows; null while it is live."""

    answered_at: datetime | None = None
    flow: str | None = None
    flow_version: int | None = None
    disposition: str | None = None
    is_estimated: bool | None = None
    province: str | None = None
    unit: str | None = None


class StoryOut(BaseModel):
    """One call with all that belongs to it, each in its order."""

    call: WholeCallOut
    legs: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    routing_decisions: list[dict[str, Any]]
    """Why each offer was made to whom: the rule, scores and who was excluded."""
    offers: list[dict[str, Any]]
    conversations: list[dict[str, Any]]
    recordings: list[dict[str, Any]]
    recording_pauses: list[dict[str, Any]]
    """When nothing was recorded, and who asked for it."""
    segments: list[SegmentOut]
    """Whose time each moment was."""
    facts: list[dict[str, Any]]


class DispositionIn(BaseModel):
    """What a call was about."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"disposition": "fault"}}
    )

    disposition: Annotated[str, Field(min_length=1, max_length=80)]


def records_of(request: Request) -> Records:
    """Return the records that the app was made for."""
    records: Records = request.app.state.records
    return records


def shipping_of(request: Request) -> Shipping:
    """Return how far the records are."""
    shipping: Shipping = request.app.state.shipping
    return shipping


OfRecords = Annotated[Records, Depends(records_of)]
OfShipping = Annotated[Shipping, Depends(shipping_of)]
OfCall = Annotated[str, Path(max_length=64, examples=[_EXAMPLE["call_id"]])]
Wanted = Annotated[str | None, Query(max_length=256)]


@router.get("/live", **needs(Right.SEE_CALLS, of="many"))
async def live_calls(floor: OfFloor, reach: OfReach) -> list[CallOut]:
    """List the calls that have not ended and one may see, oldest first."""
    return [
        reach.shown(CallOut.model_validate(view), of_call(view))
        for view in floor.live_calls()
        if reach.covers(view)
    ]


@router.get("", responses=told_by(422, 503), **needs(Right.SEE_CALLS, of="many"))
async def calls(
    floor: OfFloor,
    records: OfRecords,
    shipping: OfShipping,
    reach: OfReach,
    *,
    sip_call_id: Wanted = None,
    caller_number: Wanted = None,
    since: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_CALLS)] = 100,
) -> list[CallOut]:
    """List calls that one may see, live and on record, the newest first.

    ``since`` is an instant with its zone, as in ``2026-11-21T08:00:00Z``; without one
    it is UTC. A call that ended a moment ago is waited for, lest it seem gone.
    """
    right = Right.SEE_CALLS
    if caller_number is not None:
        reach.must_know_numbers()
        # What is found tells whose number it is, however it is masked.
        right = Right.SEE_NUMBERS
    await shipping.caught_up(_CATCH_UP_S)
    wanted = CallFilter(
        sip_call_id=sip_call_id,
        caller_number=caller_number,
        since=since if since is None or since.tzinfo else since.replace(tzinfo=UTC),
        limit=limit,
        within=reach.bounds(right),
    )
    found = {
        row["call_id"]: reach.shown(_out(row), of_row(row))
        for row in await records.calls(wanted)
    }
    # The floor knows better than the record what is so this moment.
    for view in floor.live_calls():
        if reach.covers(view, right) and _is_wanted(view, wanted):
            out = CallOut.model_validate(view)
            found[view.call_id] = reach.shown(out, of_call(view))
    return sorted(found.values(), key=_arrival, reverse=True)[:limit]


@router.get(
    "/{call_id}",
    responses=told_by(404, 503),
    **needs(Right.SEE_CALLS, of="call"),
)
async def call(
    floor: OfFloor,
    records: OfRecords,
    shipping: OfShipping,
    call_id: OfCall,
    reach: OfReach,
) -> WholeCallOut:
    """Show one call: as it is now while it lives, then its record.

    A call that ended a moment ago is waited for, so that it never seems gone.
    """
    out, thing = await found_call(floor, records, shipping, call_id)
    reach.must(Right.SEE_CALLS, thing, call_id)
    return reach.shown(out, thing)


async def found_call(
    floor: Floor, records: Records, shipping: Shipping, call_id: str
) -> tuple[WholeCallOut, Thing]:
    """Return a call, live or on record, and what rights to it are about.

    Raises:
        UnknownRecord, RecordsBehind: There is none, or none yet.
    """
    view = floor.live_call(CallId(call_id))
    if view is not None:
        return WholeCallOut.model_validate(view), of_call(view)
    row = await records.call(call_id)
    is_complete = True
    if row is None or row["ended_at"] is None:
        is_complete = await shipping.caught_up(_CATCH_UP_S)
        row = await records.call(call_id) if is_complete else None
    if row is None:
        raise _absent(call_id, is_complete=is_complete)
    return WholeCallOut.model_validate(_fields(row)), of_row(row)


@router.get(
    "/{call_id}/story",
    responses=told_by(404, 503),
    **needs(Right.TELL_CALLS, of="call"),
)
async def story(
    records: OfRecords, shipping: OfShipping, call_id: OfCall, reach: OfReach
) -> StoryOut:
    """Tell one call with all its steps, legs, offers, recordings and facts.

    ``call_id`` may be the beginning of an id, where only one call has it.
    """
    is_complete = await shipping.caught_up(_CATCH_UP_S)
    whole = await _whole_id(records, call_id, is_complete=is_complete)
    found = await records.story(whole)
    if found is None:
        raise _absent(call_id, is_complete=is_complete)
    # The rest of the id would tell that there is one.
    reach.must(Right.TELL_CALLS, of_row(found.call), call_id)
    return _story_out(found)


@router.post(
    "/{call_id}/disposition",
    status_code=202,
    responses=told_by(404, 409),
    **needs(Right.DISPOSE_CALLS, of="call"),
)
async def dispose(
    floor: OfFloor,
    records: OfRecords,
    shipping: OfShipping,
    call_id: OfCall,
    said: DispositionIn,
    reach: OfReach,
    noted: OfNoted,
) -> WholeCallOut:
    """Say what a call was about, for the agent who has it or had it last."""
    shown, thing = await found_call(floor, records, shipping, call_id)
    reach.must(Right.DISPOSE_CALLS, thing, call_id)
    if shown.agent_id is None:
        raise NotWithAnAgent(call_id)
    await floor.tell(
        CallDisposed(
            at=floor.now(),
            call_id=CallId(call_id),
            agent_id=AgentId(shown.agent_id),
            disposition=said.disposition,
        )
    )
    noted.acted_for(shown.agent_id, "call_disposed", call_id=call_id)
    said_so = shown.model_copy(update={"disposition": said.disposition})
    return reach.shown(said_so, thing)


@router.get(
    "/{call_id}/decisions",
    responses=told_by(404, 503),
    **needs(Right.SEE_REASONS, of="call"),
)
async def decisions(
    records: OfRecords,
    shipping: OfShipping,
    call_id: OfCall,
    reach: OfReach,
    lang: Annotated[Language, Query()] = "zh",
) -> DecisionsOut:
    """Say why each offer of a call was made to whom, in sentences.

    ``call_id`` may be the beginning of an id, where only one call has it.
    """
    is_complete = await shipping.caught_up(_CATCH_UP_S)
    whole = await _whole_id(records, call_id, is_complete=is_complete)
    found = await records.decisions(whole)
    if found is None:
        raise _absent(call_id, is_complete=is_complete)
    row = await records.call(whole)
    if row is None:
        raise _absent(call_id, is_complete=is_complete)
    reach.must(Right.SEE_REASONS, of_row(row), call_id)
    return decisions_out(whole, *found, lang)


async def _whole_id(records: Records, call_id: str, *, is_complete: bool) -> str:
    """Return the id of the only call whose id begins so."""
    if is_uuid(call_id):
        return call_id
    named = await records.calls_named(call_id)
    if len(named) != 1:
        raise _absent(call_id, is_complete=is_complete)
    return named[0]


def _absent(call_id: str, *, is_complete: bool) -> Exception:
    return UnknownRecord(call_id) if is_complete else RecordsBehind(call_id)


def _is_wanted(view: CallView, wanted: CallFilter) -> bool:
    return (
        wanted.sip_call_id in {None, view.sip_call_id}
        and wanted.caller_number in {None, view.caller_number}
        and (wanted.since is None or view.arrived_at >= wanted.since)
    )


def _arrival(shown: CallOut) -> datetime:
    return shown.arrived_at or datetime.min.replace(tzinfo=UTC)


def _out(row: Mapping[str, Any]) -> CallOut:
    return CallOut.model_validate(_fields(row))


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row's values as they are shown; what was never told is empty."""
    texts = ("number", "caller_number", "caller_name", "sip_call_id")
    told = {name: row[name] or "" for name in texts}
    return {**row, **told, "waited_s": _waited_s(row)}


def _waited_s(row: Mapping[str, Any]) -> float | None:
    until_at = row["connected_at"] or row["ended_at"]
    if row["queued_at"] is None or until_at is None:
        return None
    waited: float = (until_at - row["queued_at"]).total_seconds()
    return waited


def _story_out(found: CallStory) -> StoryOut:
    def plain(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [dict(row) for row in rows]

    return StoryOut(
        call=WholeCallOut.model_validate(_fields(found.call)),
        legs=plain(found.legs),
        steps=plain(found.steps),
        routing_decisions=plain(found.routing_decisions),
        offers=plain(found.offers),
        conversations=plain(found.conversations),
        recordings=plain(found.recordings),
        recording_pauses=plain(found.recording_pauses),
        segments=told_segments(found.facts),
        facts=plain(found.facts),
    )
