"""Tells systemd that we are ready and alive: a datagram, by hand (sd_notify(3))."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Self

BEAT_EVERY_S = 1.0


class Notifier:
    """Speaks to whoever started us, if that is systemd; else to nobody."""

    def __init__(self, address: str) -> None:
        """Take the address of NOTIFY_SOCKET; "" for nobody."""
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    @classmethod
    def taken(cls) -> Self:
        """Take the address out of the environment: our parts must not speak for us."""
        return cls(os.environ.pop("NOTIFY_SOCKET", ""))

    def tell(self, state: str) -> None:
        """Send one message, as in ``READY=1``.

        It never waits and never raises: who does not hear it draws a conclusion.
        """
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                out.setblocking(False)
                out.sendto(state.encode(), self._address)
        except OSError:
            return

    async def keep_telling(
        self, moved: Callable[[], Awaitable[object]], *, is_ready_then: bool = False
    ) -> None:
        """Say each second that we are alive, once ``moved`` has returned again.

        Args:
            moved: Returns when what does our work has come round.
            is_ready_then: Whether that, the first time, means that we are ready.
        """
        if not self._address:
            return
        await moved()
        if is_ready_then:
            self.tell("READY=1")
        while True:
            await moved()
            self.tell("WATCHDOG=1")
            await asyncio.sleep(BEAT_EVERY_S)


async def this_loop() -> None:
    """Return when the running loop has come round."""
    await asyncio.sleep(0)
