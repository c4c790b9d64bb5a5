"""Ports of a bench's own, below those that the kernel gives away."""

import itertools
import socket

from services.runtime.bench.problems import BenchFailed
from services.runtime.occupied import taken_ports
from services.runtime.ports import Ports

_FIRST_BASE = 18000
_LAST_BASE = 29000
_STEP = 500
APART = 3000
"""So far from one base port to another that their RTP ports do not meet."""
_PEERS_OFFSET = 2200
_ROOM = 10
_FEWEST_ROOMS = (APART - _PEERS_OFFSET) // _ROOM
_GIVEN_AWAY_FROM = 32768
"""The kernel's own choice, where nobody set another."""
_ABOVE = 6
_turns = itertools.count()


def free_base(first: int = _FIRST_BASE) -> int:
    """Return a base port whose ports are all free.

    Raises:
        BenchFailed: There is none.
    """
    for base in range(first, _LAST_BASE, _STEP):
        if not any(taken_ports(Ports.from_base(base), "127.0.0.1")):
            return base
    raise BenchFailed(
        "a base port",
        found=f"none free from {first} to {_LAST_BASE}",
        would_do="stop some of the instances that have them",
    )


def peer_port(server: str) -> int:
    """Return a free UDP port for SIPp, and so are the few above it for RTP.

    It lies above the ports of the instance that is dialled, and below those that the
    kernel gives away to whoever asks next. Whoever asks next here gets another.

    Args:
        server: Host and SIP port of the instance, which is its base port.

    Raises:
        BenchFailed: There is none.
    """
    first = int(server.rpartition(":")[2]) + _PEERS_OFFSET
    rooms = max(_FEWEST_ROOMS, (_GIVEN_AWAY_FROM - first) // _ROOM)
    for _ in range(rooms):
        port = first + _ROOM * (next(_turns) % rooms)
        if all(map(_is_free, range(port, port + _ABOVE))):
            return port
    raise BenchFailed(
        "a UDP port for SIPp",
        found=f"none free from {first} on",
        would_do="stop what has them",
    )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
