"""The telephone in an agent's page over HTTP: its key, its socket, what rings."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel, ConfigDict, JsonValue
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse
from starlette.routing import WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from acd.vocabulary.agent_facts import AgentNotReady, DeviceChosen
from acd.vocabulary.errors import AcdError
from acd.vocabulary.ids import AgentId, page_device
from acd.vocabulary.states import AgentState
from services.api.agents import AgentOut, OfAgent, OfFloor, OfNoted
from services.api.ports import Floor
from services.api.problems import problem, told_by
from services.api.rights import OfAsker, needs
from services.api.who_asks import Doors, HttpsNeeded, WhoAsks
from services.page_phone.errors import NotItsOwn
from services.page_phone.keys import PageKeys, switch_password
from services.page_phone.sip import MOST_CHARACTERS, OwnLine
from services.people.errors import NotForPrograms, PeopleUnread
from services.people.rights import Asker, Kind, Right

log = structlog.get_logger()

PATH = "/phone"
SIP = Subprotocol("sip")
GONE_S = 8.0
"""An agent whose page has been away for so long is rung no more."""
LOOK_S = 2.0
"""How often it is looked who has been."""
_OPEN_S = 3.0
_STALL_S = 10.0
_NOT_UNDERSTOOD = 4400
_NO_KEY = 4401
_SWITCH_AWAY = 1013

router = APIRouter(prefix="/agents", tags=["agents"])

_EXAMPLE: dict[str, JsonValue] = {
    "user": "web-1001",
    "secret": "kq3…",
    "socket": PATH,
}


class PagePhoneOut(BaseModel):
    """By what the telephone in a page is known, until sign-out or log-out."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    user: str
    secret: str
    """For this page alone, and for this session; it is told once."""
    socket: str
    """Where it speaks SIP."""


class DeviceIn(BaseModel):
    """Which of an agent's telephones is to ring."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"is_on_page": True}}
    )

    is_on_page: bool


class SignedOutPhone(Exception):
    """Who is signed out has no telephone in a page."""

    def __init__(self, agent_id: str) -> None:
        """Say who."""
        super().__init__(f"agent {agent_id!r}: is signed out; sign in first")
        self.agent_id = agent_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchSocket:
    """Where Asterisk takes SIP over WebSocket, and what its passwords are made of."""

    url: str
    secret: str


@router.post(
    "/{agent_id}/phone",
    status_code=201,
    responses=told_by(404, 409),
    **needs(Right.OWN_PHONE, of="agent"),
)
async def make_key(
    request: Request, floor: OfFloor, agent_id: OfAgent, asker: OfAsker
) -> PagePhoneOut:
    """Make the key of the telephone in one's own page; the one of before is over."""
    if asker.kind is not Kind.PERSON:
        raise NotForPrograms(asker.name)
    view = floor.agent(AgentId(agent_id))
    if view is None or view.state is AgentState.SIGNED_OUT:
        raise SignedOutPhone(agent_id)
    key = _keys(request).make(view.agent_id, asker.session)
    user = page_device(view.device_id)
    return PagePhoneOut(user=user, secret=key.secret, socket=PATH)


@router.delete(
    "/{agent_id}/phone", status_code=204, **needs(Right.OWN_PHONE, of="agent")
)
async def end_key(request: Request, agent_id: OfAgent) -> None:
    """Take the key of the telephone in one's own page."""
    _keys(request).end(AgentId(agent_id))


@router.post(
    "/{agent_id}/device",
    status_code=202,
    responses=told_by(404, 409),
    **needs(Right.ACT_AS_AGENT, of="agent"),
)
async def choose_device(
    floor: OfFloor, agent_id: OfAgent, said: DeviceIn, noted: OfNoted
) -> AgentOut:
    """Choose what rings: the telephone in the page, or one of the agent's own."""
    who = AgentId(agent_id)
    view = floor.agent(who)
    if view is None or view.state is AgentState.SIGNED_OUT:
        raise SignedOutPhone(agent_id)
    wish = DeviceChosen(at=floor.now(), agent_id=who, is_on_page=said.is_on_page)
    await floor.tell(wish)
    noted.acted_for(agent_id, "device_chosen", is_on_page=said.is_on_page)
    return AgentOut.model_validate(floor.agent(who))


def _keys(request: Request) -> PageKeys:
    keys: PageKeys = request.app.state.page_keys
    return keys


class PhoneSockets:
    """Pipes what telephones in pages say to the switch, as an ASGI application."""

    def __init__(
        self, keys: PageKeys, switch: SwitchSocket, *, who_asks: WhoAsks, floor: Floor
    ) -> None:
        """Join it with who may speak, and where."""
        self._keys = keys
        self._switch = switch
        self._who_asks = who_asks
        self._floor = floor
        self._open: dict[AgentId, int] = {}
        """How many sockets each has that the switch took."""
        self._gone: dict[AgentId, float] = {}
        """Since when the page of who has chosen it has had none, in the loop's time."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket to its end."""
        await receive()
        asker = self._asker(scope)
        agent_id = None if asker is None else asker.agent_id
        key = self._keys.of(agent_id, asker.session) if asker and agent_id else None
        view = self._floor.agent(agent_id) if agent_id else None
        if key is None or view is None or SIP not in scope["subprotocols"]:
            await send({"type": "websocket.close", "code": _NO_KEY})
            return
        user = page_device(view.device_id)
        password = switch_password(self._switch.secret, user)
        line = OwnLine(user, key=key.secret, password=password)
        pipe = _Pipe(line, receive, send)
        # Of two pages of one session the newer has the telephone.
        key.over()
        key.over = pipe.over.set
        await self._join(pipe, send, view.agent_id)

    async def _join(self, pipe: "_Pipe", send: Send, agent_id: AgentId) -> None:
        try:
            async with connect(
                self._switch.url,
                subprotocols=[SIP],
                compression=None,
                proxy=None,
                open_timeout=_OPEN_S,
                ping_interval=None,
                max_size=4 * MOST_CHARACTERS,
                user_agent_header=None,
            ) as switch:
                await send({"type": "websocket.accept", "subprotocol": SIP})
                with self._counted(agent_id):
                    code = await pipe.run(switch)
        except (OSError, TimeoutError, InvalidHandshake) as error:
            log.warning("page_phone_without_switch", why=str(error))
            code = _SWITCH_AWAY
        if code is not None:
            with contextlib.suppress(OSError):
                await send({"type": "websocket.close", "code": code})

    @contextlib.contextmanager
    def _counted(self, agent_id: AgentId) -> Iterator[None]:
        self._open[agent_id] = self._open.get(agent_id, 0) + 1
        try:
            yield
        finally:
            self._open[agent_id] -= 1

    def _asker(self, scope: Scope) -> Asker | None:
        scheme = {"ws": "http", "wss": "https"}[scope["scheme"]]
        asked = {**scope, "type": "http", "method": "GET", "scheme": scheme}
        try:
            return self._who_asks.proven(StarletteRequest(asked))
        except (HttpsNeeded, PeopleUnread):
            return None

    async def watch(self) -> None:
        """Look for ever who is ready without a telephone, and make them not ready."""
        loop = asyncio.get_running_loop()
        while True:
            await self._look(loop.time())
            await asyncio.sleep(LOOK_S)

    async def _look(self, now_s: float) -> None:
        """Count since when a page has been away, whatever its agent did meanwhile."""
        gone = [
            view
            for view in self._floor.agents()
            if view.state is not AgentState.SIGNED_OUT
            and view.device_id == page_device(view.device_id)
            and not self._open.get(view.agent_id)
        ]
        self._gone = {
            view.agent_id: self._gone.get(view.agent_id, now_s) for view in gone
        }
        for view in gone:
            is_long = now_s - self._gone[view.agent_id] >= GONE_S
            if is_long and view.state is AgentState.READY:
                await self._make_not_ready(view.agent_id)

    async def _make_not_ready(self, agent_id: AgentId) -> None:
        wish = AgentNotReady(
            at=self._floor.now(), agent_id=agent_id, reason="phone_gone"
        )
        with contextlib.suppress(AcdError, TimeoutError):
            await self._floor.tell(wish)


class _Pipe:
    """One page's socket and one of the switch's, joined."""

    def __init__(self, line: OwnLine, receive: Receive, send: Send) -> None:
        self._line = line
        self._receive = receive
        self._send = send
        self.over = asyncio.Event()

    async def run(self, switch: ClientConnection) -> int | None:
        """Pipe until either side ends, or the key does.

        Returns:
            The code to close the page's socket by, None where the page left.
        """
        up = asyncio.ensure_future(self._up(switch))
        down = asyncio.ensure_future(self._down(switch))
        over = asyncio.ensure_future(self.over.wait())
        running: set[asyncio.Future[Any]] = {up, down, over}
        try:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            if over in done:
                return _NO_KEY
            return up.result() if up in done else down.result()
        finally:
            for one in running:
                one.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _up(self, switch: ClientConnection) -> int | None:
        while True:
            said: Message = await self._receive()
            if said["type"] == "websocket.disconnect":
                return None
            try:
                told = self._line.said(said.get("text") or "")
            except NotItsOwn as error:
                log.warning("page_phone_refused", user=self._line.user, why=error.what)
                return _NOT_UNDERSTOOD
            if told is not None:
                try:
                    await switch.send(told)
                except ConnectionClosed:
                    return _SWITCH_AWAY

    async def _down(self, switch: ClientConnection) -> int | None:
        while True:
            try:
                message = await switch.recv()
            except ConnectionClosed:
                # A switch that dies says no good-bye: to the page it is the same.
                return _SWITCH_AWAY
            text = (
                message
                if isinstance(message, str)
                else message.decode("utf-8", "replace")
            )
            try:
                async with asyncio.timeout(_STALL_S):
                    await self._send({"type": "websocket.send", "text": text})
            except (OSError, TimeoutError):
                return None


def install(app: FastAPI, keys: PageKeys, switch: SwitchSocket) -> PhoneSockets:
    """Add the telephones in pages to an app; return what is to ``watch`` them."""
    app.state.page_keys = keys
    doors: Doors = app.state.doors
    before: Callable[[str], None] = doors.sessions.ended

    def ended(session: str) -> None:
        before(session)
        keys.end_of(session)

    doors.sessions.ended = ended
    app.add_exception_handler(SignedOutPhone, _refused)
    sockets = PhoneSockets(
        keys, switch, who_asks=app.state.who_asks, floor=app.state.floor
    )
    app.include_router(router)
    app.router.routes.append(WebSocketRoute(PATH, sockets))
    return sockets


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    return problem(409, "signed_out", str(error))
