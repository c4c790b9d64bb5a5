"""Tells systemd that we are ready and alive: a datagram, by hand (sd_notify(3))."""

import os
import socket


def notify(state: str) -> None:
    """Send one message, as in ``READY=1``; nothing where systemd did not start us.

    It never waits and never raises: whoever does not hear it draws its own conclusion.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            out.sendto(state.encode(), address)
    except OSError:
        return
