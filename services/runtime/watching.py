"""Watches an instance's live stream, and begins again where it was left off."""

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Origin

from services.live.board import Board
from services.runtime.asking import Unanswered
from services.runtime.instance import Instance
from services.runtime.trust import trust_for

_ANSWERS_WITHIN_S = 15.0
_PAUSE_S = 0.5
_TURNED_AWAY = 4400
"""From here on the codes are the instance's own words for no."""


async def watch(found: Instance, board: Board) -> AsyncGenerator[dict[str, Any], None]:
    """Yield each message of the stream, when the board has taken it in.

    Where the socket is lost, another goes on behind the last fact.

    Raises:
        Unanswered: Nothing answers there.
        GapFound: A fact is missing, which is a fault of ours.
    """
    while True:
        try:
            ticket = await _ticket(found)
            async with connect(
                found.http.replace("http", "ws", 1) + "/live",
                origin=Origin(found.http),
                # Straight to this machine: a proxy knows nothing of it.
                proxy=None,
                ssl=_trust(found),
                compression=None,
                open_timeout=_ANSWERS_WITHIN_S,
            ) as socket:
                await socket.send(json.dumps(_first_message(ticket, board)))
                async for text in socket:
                    message: dict[str, Any] = json.loads(text)
                    board.take(message)
                    yield message
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code >= _TURNED_AWAY:
                raise Unanswered(found.http, closed.rcvd.reason) from closed
            await asyncio.sleep(_PAUSE_S)
        except (httpx.HTTPError, WebSocketException, OSError, ValueError) as error:
            why = str(error) or type(error).__name__
            raise Unanswered(found.http, why) from error


async def _ticket(found: Instance) -> str:
    async with httpx.AsyncClient(
        timeout=_ANSWERS_WITHIN_S,
        trust_env=False,
        base_url=found.http,
        verify=trust_for(found.http, found.data),
        headers=found.headers,
    ) as client:
        answer = await client.post("/live/tickets", json={"shows_numbers": True})
        answer.raise_for_status()
        return str(answer.json()["ticket"])


def _trust(found: Instance) -> ssl.SSLContext | None:
    # A socket that speaks no TLS takes no context.
    is_tls = found.http.startswith("https:")
    return trust_for(found.http, found.data) if is_tls else None


def _first_message(ticket: str, board: Board) -> dict[str, object]:
    if not board.is_whole:
        return {"ticket": ticket}
    return {"ticket": ticket, "resume": {"stream": board.stream, "seq": board.seq}}
