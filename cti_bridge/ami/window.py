"""How much is asked of Asterisk at once: as much as it answers quickly, in turn."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum

from cti_bridge.ami.errors import ActionTimedOut, TurnNotCome, TurnsFull


class Urgency(IntEnum):
    """Who goes first: two who are both on the line, then who rings in vain."""

    JOIN = 0
    STOP = 1
    RING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLimits:
    """What the window is held to."""

    least: int = 2
    first: int = 16
    most: int = 64
    quick_s: float = 0.1
    """A round trip up to this widens the window; one twice as long narrows it."""
    waiting: int = 2000
    """Turns that may be waited for at once; what comes beyond is refused."""


class Window:
    """Lets so many actions be in flight, and widens and narrows by their round trip.

    Asterisk takes the actions of one link one after the other. What is sent beyond
    that waits there instead of here, where nothing can pass by it, and its time runs.
    """

    def __init__(
        self, *, clock_s: Callable[[], float], limits: WindowLimits | None = None
    ) -> None:
        """Begin with nothing in flight.

        Args:
            clock_s: Seconds of a clock that never goes back.
            limits: What it is held to.
        """
        self._clock_s = clock_s
        self._limits = limits or WindowLimits()
        self._width = float(self._limits.first)
        self._narrowed_at_s = clock_s()
        self._sequence = 0
        self._turns: list[tuple[int, int, asyncio.Future[None]]] = []
        self.in_flight = 0
        """Actions sent whose answer has not come."""

    @property
    def width(self) -> int:
        """How many may be in flight now."""
        return int(self._width)

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._turns)

    @asynccontextmanager
    async def turn(
        self, urgency: Urgency, *, within_s: float | None = None
    ) -> AsyncIterator[None]:
        """Wait for a turn, and hold it for the length of the block.

        Args:
            urgency: The more urgent go first, those alike in the order they came.
            within_s: How long the turn may be waited for; None is for ever.

        Raises:
            TurnsFull: Too many wait already.
            TurnNotCome: It did not come in time.
        """
        if self._turns or self.in_flight >= self.width:
            await self._wait(urgency, within_s)
        else:
            self.in_flight += 1
        began_s = self._clock_s()
        try:
            yield
        except ActionTimedOut:
            self._narrow(0.5, began_s)
            raise
        else:
            self._answered(began_s)
        finally:
            self.in_flight -= 1
            self._next()

    async def _wait(self, urgency: Urgency, within_s: float | None) -> None:
        if len(self._turns) >= self._limits.waiting:
            raise TurnsFull(len(self._turns))
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sequence += 1
        entry = (int(urgency), self._sequence, mine)
        heapq.heappush(self._turns, entry)
        try:
            async with asyncio.timeout(within_s):
                await mine
        except BaseException as error:
            if mine.done() and not mine.cancelled():
                # It was given, and is not used.
                self.in_flight -= 1
                self._next()
            elif entry in self._turns:
                self._turns.remove(entry)
                heapq.heapify(self._turns)
            if isinstance(error, TimeoutError):
                raise TurnNotCome(within_s or 0.0) from None
            raise

    def _next(self) -> None:
        while self._turns and self.in_flight < self.width:
            _, _, turn = heapq.heappop(self._turns)
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)

    def _answered(self, began_s: float) -> None:
        took_s = self._clock_s() - began_s
        if took_s <= self._limits.quick_s:
            most = float(self._limits.most)
            self._width = min(most, self._width + 1 / self._width)
        elif took_s > 2 * self._limits.quick_s:
            self._narrow(0.8, began_s)

    def _narrow(self, factor: float, began_s: float) -> None:
        # All that were in flight together tell of the same time: it counts once.
        if began_s > self._narrowed_at_s:
            self._narrowed_at_s = self._clock_s()
            self._width = max(float(self._limits.least), self._width * factor)
