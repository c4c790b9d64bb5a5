"""Ports of a bench's own, below those that the kernel gives away."""

import socket

from services.runtime.bench.problems import BenchFailed
from services.runtime.occupied import taken_ports
from services.runtime.ports import Ports

_FIRST_BASE = 18000
_LAST_BASE = 29000
_STEP = 500
APART = 3000
"""So far from one base port to another that their RTP ports do not meet."""
_ABOVE = 6


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


def free_sip_port() -> int:
    """Return a UDP port that is free, and so are the few above it for RTP.

    Raises:
        BenchFailed: There is none.
    """
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip:
            sip.bind(("127.0.0.1", 0))
            port: int = sip.getsockname()[1]
            if port + _ABOVE < 65536 and all(
                _is_free(port + above) for above in range(1, _ABOVE)
            ):
                return port
    raise BenchFailed(
        "a UDP port for SIPp", found="none free", would_do="stop what has them"
    )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
