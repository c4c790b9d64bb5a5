"""uvicorn's WebSocket with bounds of ours: little to hear, little to hold, an end."""

import asyncio
import socket
from asyncio.transports import BaseTransport

import uvicorn
from fastapi import FastAPI
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import (
    WebSocketsSansIOProtocol,
)

from services.page_phone.sip import MOST_CHARACTERS

MOST_FRAME_BYTES = MOST_CHARACTERS
"""A telephone's answer is the largest that a page says."""
HELD_BYTES = 32 * 1024
"""What waits for a slow reader before its feeder is made to wait."""
KERNEL_BYTES = 64 * 1024
"""What the kernel may hold of it besides, which it doubles for its own use."""
HEARD_BYTES = 64 * 1024
"""What a socket may say at once, its handshake with all headers in it, …"""
HEARD_BYTES_A_S = 1024
"""… and then by and by: a ticket and pongs."""
LAST_WORDS_S = 5.0
"""How long a reader has to take what was written, once the socket is to end."""
KEPT_S = 15
"""How long a connection is kept for the next request.

Longer than clients keep theirs: who writes into a connection that is closed from here
in the same moment gets no answer, and cannot tell whether the request was carried out.
"""


def served(app: FastAPI, *, host: str, port: int) -> uvicorn.Config:
    """Return how the app is served over HTTP and WebSocket."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        # What speaks here is nobody's to know.
        server_header=False,
        # Nobody stands before us, and who says so is not believed.
        proxy_headers=False,
        timeout_keep_alive=KEPT_S,
        timeout_graceful_shutdown=2,
        ws=BoundedWebSocket,
        ws_max_size=MOST_FRAME_BYTES,
        # Each would keep a dictionary of its own in memory.
        ws_per_message_deflate=False,
    )


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """One socket that cannot cost more than it should.

    uvicorn bounds messages; it does not bound pings (each is answered, and the answers
    pile up where nobody reads), nor how long a closed socket waits for its reader.
    """

    _may_say_bytes = float(HEARD_BYTES)
    _heard_at_s = 0.0

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin, with little room for what is not read."""
        super().connection_made(transport)
        self._heard_at_s = self.loop.time()
        self.transport.set_write_buffer_limits(high=HELD_BYTES)
        # Left to itself the kernel would hold megabytes more.
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)

    def data_received(self, data: bytes) -> None:
        """Take in bytes, and cut off who says too many or reads none of the answers."""
        now_s = self.loop.time()
        earned = (now_s - self._heard_at_s) * HEARD_BYTES_A_S
        self._heard_at_s = now_s
        self._may_say_bytes = min(HEARD_BYTES, self._may_say_bytes + earned) - len(data)
        super().data_received(data)
        # A frame that is too large has been answered by its own code already.
        if self._may_say_bytes < 0 and not self.transport.is_closing():
            self.transport.abort()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Let the last words go out, then end the socket whoever reads."""
        super().on_task_complete(task)
        self.loop.call_later(LAST_WORDS_S, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """End a socket whose peer answers no ping, also where it reads nothing."""
        super().keepalive_timeout()
        self.loop.call_later(LAST_WORDS_S, self.transport.abort)

    async def send(self, message: ASGISendEvent) -> None:
        """Send; a close does not wait for a reader who takes nothing."""
        if message["type"] == "websocket.close":
            self.writable.set()
        await super().send(message)
