"""The live stream over HTTP and WebSocket: tickets, rights, and the socket itself."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.routing import WebSocketRoute
from starlette.types import Message, Receive, Scope, Send

from acd.vocabulary.errors import UnknownAgent
from acd.vocabulary.ids import AgentId, Place
from services.api.agents import OfFloor
from services.api.figures import Figures
from services.api.ports import Floor
from services.api.problems import told_by
from services.api.rights import OfAsker, OfNotes, must, needs, of_agent
from services.api.who_asks import Doors
from services.live.errors import LiveError, TicketRefused
from services.live.fan_out import FanOut
from services.live.reach import Reach
from services.live.subscriber import Subscriber
from services.live.viewers import Viewer, Viewers
from services.people.rights import Kind, Right, Thing
from services.store.audit import Act

log = structlog.get_logger()

MOST_SOCKETS = 4000
MOST_STRANGERS = 1000
"""Sockets whose ticket has not come yet."""
TICKET_WITHIN_S = 3.0
STALL_S = 10.0
"""How long one message may wait for a reader who takes nothing."""

NOT_UNDERSTOOD = 4400
NO_TICKET = 4401
RIGHTS_TAKEN = 4403
TOO_SLOW = 4408
FULL = 4429

router = APIRouter(prefix="/live", tags=["live"])

_Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


class ReachIn(BaseModel):
    """What is to be watched; empty for the whole centre, without callers' numbers."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"province": "YJ", "unit": "YZ"}}
    )

    province: _Code | None = None
    unit: _Code | None = None
    agent_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    shows_numbers: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> "ReachIn":
        if self.unit is not None and self.province is None:
            raise ValueError("a unit needs its province")
        if self.agent_id is not None and self.province is not None:
            raise ValueError("an agent is watched alone, without a province")
        return self


class TicketOut(BaseModel):
    """What opens one socket, once, within seconds."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "ticket": "pYQ9mJ0wq8r2…",
                "viewer_id": "5f0c2a9be1d34477",
                "expires_at": "2026-11-21T08:00:30.000000Z",
                "at": "2026-11-21T08:00:00.000000Z",
            }
        }
    )

    ticket: str
    viewer_id: str
    """By which the rights can be changed or taken while the socket is open."""
    expires_at: datetime
    at: datetime
    """The time here, by which a desk draws its timers."""


class Resume(BaseModel):
    """Where reading was left off."""

    model_config = ConfigDict(extra="forbid", strict=True)

    stream: Annotated[str, Field(max_length=40)]
    seq: Annotated[int, Field(ge=0)]


class FirstMessage(BaseModel):
    """What a socket's reader says, once."""

    model_config = ConfigDict(extra="forbid", strict=True)

    ticket: Annotated[str, Field(max_length=64)]
    resume: Resume | None = None


def viewers_of(request: Request) -> Viewers:
    """Return who watches the app's floor."""
    viewers: Viewers = request.app.state.viewers
    return viewers


async def _changed_by(asker: OfAsker, notes: OfNotes) -> Callable[[str], None]:
    """Return what has it audited that a viewer's rights are other ones."""

    def changed(viewer_id: str) -> None:
        if asker.kind is not Kind.OPERATOR:
            notes.note(Act.VIEWER_CHANGED, actor=asker.name, what=viewer_id)

    return changed


OfViewers = Annotated[Viewers, Depends(viewers_of)]
OfChanged = Annotated[Callable[[str], None], Depends(_changed_by)]
OfViewer = Annotated[str, Path(max_length=64, examples=["5f0c2a9be1d34477"])]


@router.post(
    "/tickets",
    status_code=201,
    responses=told_by(404, 422, 503),
    **needs(Right.WATCH, of="reach"),
)
async def ask_for_ticket(
    request: Request,
    floor: OfFloor,
    viewers: OfViewers,
    asker: OfAsker,
    wanted: ReachIn,
) -> TicketOut:
    """Give a ticket for the socket at ``/live``.

    It goes into the socket's first message, never into an address.
    """
    reach = _reach(floor, wanted)
    thing = _thing(floor, reach)
    must(request, asker, Right.WATCH, thing)
    if reach.shows_numbers:
        must(request, asker, Right.SEE_NUMBERS, thing)
    doors: Doors = request.app.state.doors
    until_at = doors.log_ins.over_at(asker.session)
    ticket = viewers.admit(reach, owner=asker.session, until_at=until_at)
    return TicketOut(
        ticket=ticket.text,
        viewer_id=ticket.viewer_id,
        expires_at=ticket.expires_at,
        at=floor.now(),
    )


@router.put(
    "/viewers/{viewer_id}",
    status_code=204,
    responses=told_by(404, 422),
    **needs(Right.CHANGE_VIEWERS, of="centre"),
)
async def change_rights(
    floor: OfFloor,
    viewers: OfViewers,
    viewer_id: OfViewer,
    wanted: ReachIn,
    changed: OfChanged,
) -> None:
    """Give who watches other rights: their stream goes on from a new snapshot."""
    viewers.change(viewer_id, _reach(floor, wanted))
    changed(viewer_id)


@router.delete(
    "/viewers/{viewer_id}",
    status_code=204,
    responses=told_by(404),
    **needs(Right.CHANGE_VIEWERS, of="centre"),
)
async def take_rights(
    viewers: OfViewers, viewer_id: OfViewer, changed: OfChanged
) -> None:
    """Take the rights of who watches: their socket is closed."""
    viewers.change(viewer_id, None)
    changed(viewer_id)


def _reach(floor: OfFloor, wanted: ReachIn) -> Reach:
    agent_id = None if wanted.agent_id is None else AgentId(wanted.agent_id)
    if agent_id is not None and floor.agent(agent_id) is None:
        raise UnknownAgent(agent_id)
    return Reach(
        province=wanted.province,
        unit=wanted.unit,
        agent_id=agent_id,
        shows_numbers=wanted.shows_numbers,
    )


def _thing(floor: Floor, reach: Reach) -> Thing:
    """Return what is watched as something that rights are about."""
    if reach.agent_id is not None:
        view = floor.agent(reach.agent_id)
        return Thing(agent_id=reach.agent_id) if view is None else of_agent(view)
    return Thing(place=Place(province=reach.province or "-", unit=reach.unit or "-"))


class _Closing(Exception):
    """The socket is to be closed, with a code and a reason that its reader sees."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class _Gone(Exception):
    """The reader left."""


class LiveSockets:
    """Serves the socket at ``/live``, as an ASGI application."""

    def __init__(
        self, fan_out: FanOut, viewers: Viewers, *, stall_s: float = STALL_S
    ) -> None:
        """Join the streams with those who may watch them."""
        self._fan_out = fan_out
        self._viewers = viewers
        self._stall_s = stall_s
        self._sockets = 0
        self._strangers = 0
        self.closed: dict[int, int] = {}
        """Sockets that we closed, by code."""

    def add_figures(self, figures: Figures) -> None:
        """Add what an operator wants to know of the sockets."""
        figures.gauge(
            "tieline_live_sockets", "WebSockets that are open.", lambda: self._sockets
        )
        figures.counters(
            "tieline_live_sockets_closed",
            "WebSockets that we closed, by the code that their readers saw.",
            ("code",),
            lambda: {(str(code),): n for code, n in self.closed.items()},
        )

    def route(self) -> WebSocketRoute:
        """Return the route to mount."""
        return WebSocketRoute("/live", self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket to its end."""
        await receive()
        if self._sockets >= MOST_SOCKETS or self._strangers >= MOST_STRANGERS:
            # Before the handshake is answered: it costs us nothing more.
            self._note(FULL)
            await send({"type": "websocket.close", "code": FULL})
            return
        self._sockets += 1
        try:
            await send({"type": "websocket.accept"})
            await self._serve(receive, send)
        except (_Gone, OSError):
            """Nobody is there to be told anything."""
        except _Closing as closing:
            self._note(closing.code)
            # A reader who left meanwhile is no trouble of ours.
            with contextlib.suppress(OSError):
                await send(
                    {
                        "type": "websocket.close",
                        "code": closing.code,
                        "reason": closing.reason,
                    }
                )
        finally:
            self._sockets -= 1

    def _note(self, code: int) -> None:
        self.closed[code] = self.closed.get(code, 0) + 1

    async def _serve(self, receive: Receive, send: Send) -> None:
        first = await self._first_message(receive)
        try:
            viewer = self._viewers.redeem(first.ticket)
        except TicketRefused as refused:
            raise _Closing(NO_TICKET, "ticket unknown, used or expired") from refused
        try:
            await self._feed_while_heard(viewer, first.resume, receive, send)
        finally:
            self._viewers.leave(viewer)

    async def _first_message(self, receive: Receive) -> FirstMessage:
        self._strangers += 1
        try:
            async with asyncio.timeout(TICKET_WITHIN_S):
                said = await receive()
        except TimeoutError:
            raise _Closing(NO_TICKET, "no ticket came") from None
        finally:
            self._strangers -= 1
        try:
            return FirstMessage.model_validate_json(_text(said))
        except ValidationError:
            raise _Closing(NOT_UNDERSTOOD, "the first message tells a ticket") from None

    async def _feed_while_heard(
        self, viewer: Viewer, resume: Resume | None, receive: Receive, send: Send
    ) -> None:
        """Feed a viewer until either side has enough."""
        subscriber = self._subscribe(viewer, resume)
        viewer.changed = subscriber.grown.set
        feeding = asyncio.ensure_future(self._feed(viewer, subscriber, send))
        hearing = asyncio.ensure_future(receive())
        try:
            await asyncio.wait({feeding, hearing}, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                _text(hearing.result())
                raise _Closing(NOT_UNDERSTOOD, "nothing is taken after the ticket")
            await feeding
        finally:
            feeding.cancel()
            hearing.cancel()
            with contextlib.suppress(asyncio.CancelledError, _Closing, OSError):
                await feeding
            self._fan_out.leave(subscriber)

    def _subscribe(self, viewer: Viewer, resume: Resume | None) -> Subscriber:
        if viewer.reach is None:
            raise _Closing(RIGHTS_TAKEN, "rights were taken")
        try:
            if resume is None:
                return self._fan_out.subscribe(viewer.reach)
            return self._fan_out.subscribe(
                viewer.reach, stream=resume.stream, after=resume.seq
            )
        except LiveError as full:
            raise _Closing(FULL, "too many streams") from full

    async def _feed(self, viewer: Viewer, subscriber: Subscriber, send: Send) -> None:
        try:
            async with asyncio.timeout(self._viewers.seconds_left(viewer)):
                while True:
                    await subscriber.grown.wait()
                    subscriber.grown.clear()
                    while (text := self._next(viewer, subscriber)) is not None:
                        await self._send(text, send)
        except TimeoutError:
            raise _Closing(NO_TICKET, "the session is over") from None

    def _next(self, viewer: Viewer, subscriber: Subscriber) -> str | None:
        """Return the next message that the viewer's rights of this moment allow."""
        if viewer.reach is None:
            raise _Closing(RIGHTS_TAKEN, "rights were taken")
        if viewer.reach != subscriber.stream.reach:
            try:
                self._fan_out.move(subscriber, viewer.reach)
            except LiveError as full:
                raise _Closing(FULL, "too many streams") from full
        return subscriber.next_text()

    async def _send(self, text: str, send: Send) -> None:
        message: Message = {"type": "websocket.send", "text": text}
        try:
            async with asyncio.timeout(self._stall_s):
                await send(message)
        except TimeoutError:
            raise _Closing(TOO_SLOW, "nothing was read") from None


def _text(said: Message) -> str:
    """Return what a reader said; bytes are no text.

    Raises:
        _Gone: It is the news that the reader left.
    """
    if said["type"] == "websocket.disconnect":
        raise _Gone
    return said.get("text") or ""
