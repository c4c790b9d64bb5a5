"""Ports and a slow device for tests of telephones."""

import asyncio
import random
import socket
from typing import cast

_BELOW_EPHEMERAL = range(10_000, 32_000, 10)
"""No socket that leaves the choice to the machine comes between asking and taking."""


def free_sip_port() -> int:
    """Return a UDP port that is free now, and so are the few above it for RTP."""
    # Chooses a port; guards nothing.
    for port in random.sample(_BELOW_EPHEMERAL, 50):
        try:
            for wanted in (port, *range(port + 2, port + 6)):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
                    tried.bind(("127.0.0.1", wanted))
        except OSError:
            continue
        return port
    raise AssertionError("no free UDP ports on 127.0.0.1")


class SlowDevice(asyncio.DatagramProtocol):
    """A device that says nothing for a while, then rings, and may be given up."""

    def __init__(self, silent_s: float) -> None:
        self.heard: list[str] = []
        """The methods asked of it, in order."""
        self._silent_s = silent_s

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own transport of datagrams is none by its class.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode()
        method = text.partition(" ")[0]
        self.heard.append(method)
        if method == "INVITE" and self.heard.count("INVITE") == 1:
            asyncio.get_running_loop().call_later(
                self._silent_s, self._answer, text, "180 Ringing", addr
            )
        if method == "CANCEL":
            self._answer(text, "200 OK", addr)

    def _answer(self, request: str, status: str, addr: tuple[str, int]) -> None:
        kept = [
            line + (";tag=slow" if line.startswith("To:") else "")
            for line in request.split("\r\n")
            if line.startswith(("Via:", "From:", "To:", "Call-ID:", "CSeq:"))
        ]
        answer = [f"SIP/2.0 {status}", *kept, "Content-Length: 0", "", ""]
        self._transport.sendto("\r\n".join(answer).encode(), addr)
