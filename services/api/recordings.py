"""Recordings over HTTP: heard by right, from any place, each time with an audit row."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, FastAPI, Header, Path, Request
from starlette.responses import Response, StreamingResponse

from acd.vocabulary.ids import Place
from recordings.errors import CaseShredded, RecordingError
from recordings.reading import Sound, open_recording
from recordings.vault import Vault
from services.api.byte_range import ByteRange, RangeUnsatisfiable, parse_range
from services.api.listeners import Listeners
from services.api.problems import problem, told_by
from services.api.rights import needs
from services.api.who_asks import WhoAsks, as_asker
from services.people.rights import Asker, Right, Thing, may
from services.store.audit import Act, Audit
from services.store.errors import DatabaseAway
from services.store.recordings_on_record import OnRecord, one

log = structlog.get_logger()

router = APIRouter(prefix="/calls", tags=["recordings"])

_REFUSED_EVERY_S = 5.0
"""So often a refusal without a name is audited: who tries a million tokens shall not
fill the disk."""
_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_Id = Annotated[str, Path(pattern=_UUID)]


class Hearing:
    """All that a request for a recording needs."""

    def __init__(
        self, vault: Vault, audit: Audit, listeners: Listeners, *, database: str
    ) -> None:
        """Join the vault with who may hear, and with what is written of it.

        Args:
            vault: Where recordings are.
            audit: Gets a row for each listen.
            listeners: Who may.
            database: A ``postgresql://`` address, where the records are.
        """
        self.vault = vault
        self.audit = audit
        self.listeners = listeners
        self.database = database
        self._next_refusal_s = 0.0
        self._untold = 0

    async def asker(self, request: Request, what: str) -> Asker | None:
        """Return who asks; None, and an audit row, when nobody is known by it."""
        who_asks: WhoAsks | None = getattr(request.app.state, "who_asks", None)
        known = who_asks.proven(request) if who_asks else None
        authorization = request.headers.get("authorization", "")
        return known or await self._listener(authorization, what)

    async def _listener(self, authorization: str, what: str) -> Asker | None:
        scheme, _, token = authorization.partition(" ")
        is_bearer = scheme.lower() == "bearer"
        found = await asyncio.to_thread(self.listeners.known_by, token.strip())
        if is_bearer and found:
            return as_asker(found)
        now_s = time.monotonic()
        if now_s < self._next_refusal_s:
            self._untold += 1
            return None
        self._next_refusal_s, untold = now_s + _REFUSED_EVERY_S, self._untold
        self._untold = 0
        await self.note_refusal("unknown", what, why=f"no token, {untold} more untold")
        return None

    async def note_refusal(self, actor: str, what: str, *, why: str) -> None:
        """Audit a refusal; that the database is away lets nobody in."""
        log.warning("listen_refused", actor=actor, what=what)
        try:
            await self.audit.note(Act.REFUSED, actor=actor, what=what, why=why)
        except DatabaseAway as away:
            log.warning("refusal_not_audited", why=str(away))


def install(app: FastAPI, hearing: Hearing) -> None:
    """Add the paths of recordings to an app."""
    app.state.hearing = hearing
    app.include_router(router)


def hearing_of(request: Request) -> Hearing:
    """Return what the app was given."""
    hearing: Hearing = request.app.state.hearing
    return hearing


@router.get(
    "/{call_id}/recordings/{offer_id}",
    responses=told_by(401, 404, 410, 416, 500, 503),
    response_class=Response,
    **needs(Right.HEAR, of="recording"),
)
async def listen(
    request: Request,
    hearing: Annotated[Hearing, Depends(hearing_of)],
    call_id: _Id,
    offer_id: _Id,
    byte_range: Annotated[str | None, Header(alias="range", max_length=200)] = None,
) -> Response:
    """Hear the recording of one conversation: WAV, caller left, agent right.

    By a session, or ``Authorization: Bearer`` and a token, as that of
    ``./tieline recordings allow``.
    """
    what = f"{call_id} {offer_id}"
    asker = await hearing.asker(request, what)
    if asker is None:
        sentence = "authorization: a token of ./tieline recordings allow is needed"
        answer = problem(401, "unknown_listener", sentence)
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    row = await one(hearing.database, call_id, offer_id)
    if row is None or row.path is None or not _may_hear(asker, row):
        # The same for what is not theirs and for what is not: nobody learns of it.
        if row is not None and row.path is not None:
            why = f"queue {row.queue_id}"
            await hearing.note_refusal(asker.name, what, why=why)
        sentence = f"recording of call {call_id}, offer {offer_id}: there is none"
        return problem(404, "unknown_recording", sentence)
    return await _Listen(hearing, asker, row).answer(byte_range)


def _may_hear(asker: Asker, row: OnRecord) -> bool:
    place = Place(province=row.province, unit=row.unit)
    thing = Thing(place=place, queue_id=row.queue_id)
    return may(asker, Right.HEAR, thing).is_allowed


@dataclass(frozen=True, slots=True)
class _Listen:
    """One listening, allowed by name."""

    hearing: Hearing
    asker: Asker
    row: OnRecord

    async def answer(self, asked: str | None) -> Response:
        """Open the sound, audit that it is heard, and send it."""
        row = self.row
        try:
            sound = await asyncio.to_thread(self._open)
        except CaseShredded as gone:
            return problem(410, "recording_shredded", str(gone))
        except (RecordingError, OSError) as error:
            return self._damaged(error)
        try:
            part = parse_range(asked, size_bytes=sound.size_bytes)
            await self.hearing.audit.note(
                Act.LISTENED,
                actor=self.asker.name,
                what=f"{row.call_id} {row.offer_id}",
                place=(row.province, row.unit),
                bytes="all" if part is None else f"{part.first}-{part.end - 1}",
            )
            return await self._sent(sound, part)
        except RangeUnsatisfiable as behind:
            sound.close()
            answer = problem(416, "range_unsatisfiable", str(behind))
            answer.headers["Content-Range"] = f"bytes */{sound.size_bytes}"
            return answer
        except RecordingError as error:
            sound.close()
            return self._damaged(error)
        except BaseException:
            sound.close()
            raise

    def _open(self) -> Sound:
        row = self.row
        ids = {"call_id": row.call_id, "offer_id": row.offer_id}
        return open_recording(self.hearing.vault, row.path or "", **ids)

    def _damaged(self, error: Exception) -> Response:
        row = self.row
        log.error("recording_unreadable", call_id=row.call_id, reason=str(error))
        sentence = (
            f"recording of call {row.call_id}, offer {row.offer_id}: cannot be opened;"
            " the engine's log says why"
        )
        return problem(500, "recording_unreadable", sentence)

    async def _sent(self, sound: Sound, part: ByteRange | None) -> Response:
        size = sound.size_bytes
        first, end = (part.first, part.end) if part else (0, size)
        pieces = sound.read(first, end)
        # Before the head is sent: a damage at the beginning is told, not cut off.
        begin = await asyncio.to_thread(next, pieces, b"")
        name = f"{self.row.call_id}.{self.row.offer_id}.wav"
        headers = {
            "Accept-Ranges": "bytes",
            "Cache-Control": "no-store",
            "Content-Length": str(end - first),
            "Content-Disposition": f'attachment; filename="{name}"',
            "ETag": f'"{self.row.sha256}"',
        }
        if part:
            headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
        return StreamingResponse(
            _pieces(sound, begin, pieces),
            status_code=206 if part else 200,
            media_type="audio/wav",
            headers=headers,
        )


def _pieces(sound: Sound, begin: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield begin
        yield from rest
    finally:
        sound.close()
