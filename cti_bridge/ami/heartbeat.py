"""Tells Asterisk, once a second, that somebody decides."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from cti_bridge.ami.connection import Connection
from cti_bridge.ami.errors import AmiError

log = structlog.get_logger(__name__)

VARIABLE: Final = "CC_HB"
"""The dialplan takes us for gone when it is more than 4 s old."""
EVERY_S: Final = 1.0
TOO_LATE_S: Final = 3.5
"""After such a pause callers may have been led away: nothing is done before looking."""


class Heartbeat:
    """Beats while there is a link and decisions are taken."""

    def __init__(
        self,
        *,
        link: Callable[[], Connection | None],
        decides: Callable[[], Awaitable[None]],
        fence: Callable[[str], None],
    ) -> None:
        """Join it with its surroundings.

        Args:
            link: The live link, None while there is none.
            decides: Returns when all that was told by now was decided on.
            fence: Called with a reason when a beat came too late: what is believed of
                the switch is old, and must be looked at before anything is done.
        """
        self._link = link
        self._decides = decides
        self._fence = fence
        self._loop = asyncio.get_running_loop()
        self._beaten_at_s = self._loop.time()
        self._ticked_at_s = self._beaten_at_s
        self._beating: asyncio.Task[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin; the first beat of each link is ``first``'s."""
        self._tick()

    def stop(self) -> None:
        """End; callers are led to the open queue some seconds later."""
        if self._alarm is not None:
            self._alarm.cancel()
        if self._beating is not None:
            self._beating.cancel()

    async def first(self, link: Connection) -> None:
        """Beat over a new link, before it is looked at what lives in the switch.

        From here on no waiting caller is led away, so that what is seen then holds.

        Raises:
            AmiError: Asterisk did not take it.
        """
        await self._beat_over(link)

    def _tick(self) -> None:
        # A timer's own call, which comes before any task that a pause has held up.
        now_s = self._loop.time()
        pause_s, self._ticked_at_s = now_s - self._ticked_at_s, now_s
        if pause_s > TOO_LATE_S and self._link() is not None:
            self._fence(f"the engine stood still for {pause_s:.1f} s")
        self._alarm = self._loop.call_later(EVERY_S, self._tick)
        if self._beating is None or self._beating.done():
            self._beating = asyncio.ensure_future(self._beat())

    async def _beat(self) -> None:
        link = self._link()
        if link is None:
            return
        try:
            await self._decides()
            pause_s = self._loop.time() - self._beaten_at_s
            if self._link() is not link:
                return
            if pause_s > TOO_LATE_S:
                self._fence(f"no heartbeat for {pause_s:.1f} s")
                return
            await self._beat_over(link)
        except AmiError as error:
            log.warning("heartbeat_missed", reason=str(error))

    async def _beat_over(self, link: Connection) -> None:
        """Write Asterisk's own time: our clock may be another."""
        told = (await link.act("Ping")).get("Timestamp") or ""
        seconds = told.partition(".")[0]
        if not seconds.isdecimal():
            log.warning("heartbeat_without_time", told=told)
            return
        await link.act("Setvar", {"Variable": VARIABLE, "Value": seconds})
        self._beaten_at_s = self._loop.time()
