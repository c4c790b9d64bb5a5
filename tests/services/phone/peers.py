"""Free ports for a SIP peer of a test."""

import socket


def free_sip_port() -> int:
    """Return a UDP port that is free now, and so are the few above it for RTP."""
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip:
            sip.bind(("127.0.0.1", 0))
            port: int = sip.getsockname()[1]
            try:
                for above in range(2, 6):
                    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp:
                        rtp.bind(("127.0.0.1", port + above))
            except (OSError, OverflowError):
                continue
            return port
    raise AssertionError("no free UDP ports on 127.0.0.1")
