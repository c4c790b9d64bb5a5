"""The socket below the link to Asterisk's manager."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable


class Wire(asyncio.Protocol):
    """Hands on what the socket says, and nothing else."""

    def __init__(
        self,
        received: Callable[[bytes], None],
        lost: Callable[[Exception | None], None],
    ) -> None:
        """Tell ``received`` each piece, and ``lost`` why there will be no more."""
        self._received = received
        self._lost = lost

    def data_received(self, data: bytes) -> None:
        """Pass on bytes."""
        self._received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on the end."""
        self._lost(exc)


async def dialled(host: str, port: int, *, receive_buffer_bytes: int) -> socket.socket:
    """Connect, with room for what comes while we are busy.

    Raises:
        OSError: Nobody listens there.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    family, kind, protocol, _, address = found[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        # Before connecting, or the window offered to Asterisk stays small.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock
