"""Who may speak to the HTTP edge: by this machine's own names, in few bytes."""

import re

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.problems import problem

MOST_BODY_BYTES = 64 * 1024
MOST_FLOOR_BYTES = 2 * 1024 * 1024
"""A whole floor, or all flows, as JSON."""
_WHOLE = frozenset(
    {"/floor", "/floor/check", "/flows", "/flows/check", "/flows/replay"}
)
_LOOPBACK = re.compile(r"(localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?")


_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


class Gate:
    """Turns away what no honest client of this machine sends.

    A page of elsewhere that has its name resolve to 127.0.0.1 sends its own Host; a
    page that calls us across origins sends its Origin. Both
    would act for whoever sits here, and is logged in.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        is_socket = scope["type"] == "websocket"
        refusal = _refusal(scope, needs_origin=is_socket)
        if refusal is None:
            await self._app(scope, _Capped(receive, _most_bytes(scope)), send)
        elif is_socket:
            # Before the handshake: the reader sees a 403, and no socket.
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, send)


def _is_ours(host: str, scope: Scope) -> bool:
    """Return whether a Host names this machine, as it is or by its certificate."""
    if _LOOPBACK.fullmatch(host):
        return True
    names = getattr(scope["app"].state, "names", ()) if "app" in scope else ()
    return re.sub(r":\d{1,5}$", "", host).strip("[]") in names


def _refusal(scope: Scope, *, needs_origin: bool) -> Response | None:
    told: dict[bytes, list[str]] = {}
    for name, value in scope["headers"]:
        told.setdefault(name, []).append(value.decode("latin-1"))
    hosts = told.get(b"host", [])
    if len(hosts) != 1 or not _is_ours(hosts[0].lower(), scope):
        return problem(
            403,
            "foreign_host",
            f"host {hosts!r}: only names of this machine are answered; "
            "use http://127.0.0.1",
        )
    own = f"{_SCHEMES[scope['scheme']]}://{hosts[0]}".lower()
    # A browser always sends it with a socket, which the rules on origins leave open.
    origins = told.get(b"origin", [""] if needs_origin else [])
    for origin in origins:
        if origin.lower() != own:
            return problem(
                403,
                "foreign_origin",
                f"origin {origin!r}: pages of elsewhere are not answered",
            )
    for length in told.get(b"content-length", []):
        if length.isdigit() and int(length) > _most_bytes(scope):
            return problem(413, "request_entity_too_large", _too_large(scope))
    return None


def _most_bytes(scope: Scope) -> int:
    return MOST_FLOOR_BYTES if scope["path"] in _WHOLE else MOST_BODY_BYTES


def _too_large(scope: Scope) -> str:
    return f"body: at most {_most_bytes(scope)} bytes are taken"


class _Capped:
    """Reads a body up to the most that is taken, also one of untold length."""

    def __init__(self, receive: Receive, most_bytes: int) -> None:
        self._receive = receive
        self._most_bytes = most_bytes
        self._seen_bytes = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._seen_bytes += len(message.get("body", b""))
        if self._seen_bytes > self._most_bytes:
            what = f"body: at most {self._most_bytes} bytes are taken"
            raise HTTPException(413, what)
        return message
