"""One recogniser at work for one caller: bounded, and not trusted."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Final

from cti_bridge.audiosocket.protocol import RATE_HZ
from ivr.ports import Recognised, Recogniser
from ivr.understanding.grammar import Grammar

MOST_BEHIND_S: Final = 8.0
"""A recogniser that has so much sound before it is too slow for its caller."""
_SHORTEST_S: Final = 0.1
"""Of sound; a recogniser that ends again and again after less would keep us busy."""


class Recognition:
    """What is made of a caller's speech, from some moment on."""

    def __init__(
        self,
        recogniser: Recogniser,
        grammar: Grammar,
        deadline_s: float,
        *,
        wake: Callable[[], None],
    ) -> None:
        """Begin to listen.

        Args:
            recogniser: Who listens.
            grammar: What may be said.
            deadline_s: After it whatever was heard is final.
            wake: Called when there is something new.
        """
        self.recogniser = recogniser
        self.grammar = grammar
        self.problem: str | None = None
        """Why it broke; None while it has not."""
        self.latest: Recognised | None = None
        """What was told last of words that have not come to an end."""
        self._results: deque[Recognised] = deque(maxlen=50)
        self._sound: deque[bytes] = deque()
        self._behind_bytes = 0
        self._taken_bytes = 0
        self._is_all = False
        self._came = asyncio.Event()
        self._wake = wake
        self._is_over = False
        self._task = asyncio.create_task(self._run(deadline_s), name="recognition")

    @property
    def is_over(self) -> bool:
        """Whether its last result was given, or it broke."""
        return self._is_over and not self._results

    @property
    def was_rash(self) -> bool:
        """Whether it came to an end before it could have heard anything."""
        return self._taken_bytes < _SHORTEST_S * RATE_HZ * 2

    def take(self, pcm: bytes) -> None:
        """Give it a piece of the caller's sound."""
        if self._is_all or self._is_over:
            return
        self._behind_bytes += len(pcm)
        if self._behind_bytes > MOST_BEHIND_S * RATE_HZ * 2:
            self._break(f"it is more than {MOST_BEHIND_S:g} s behind")
            return
        self._sound.append(pcm)
        self._came.set()

    def finish(self) -> None:
        """Give it no more sound: its result is wanted."""
        self._is_all = True
        self._came.set()

    def results(self) -> list[Recognised]:
        """Return what is new, each once."""
        new = list(self._results)
        self._results.clear()
        if new:
            self.latest = None if new[-1].is_final else new[-1]
        return new

    def close(self) -> None:
        """Listen no more; again is harmless."""
        self._is_over = self._is_all = True
        self._sound.clear()
        self._came.set()
        self._task.cancel()

    def _break(self, why: str) -> None:
        self.problem = why
        self.close()
        self._wake()

    async def _run(self, deadline_s: float) -> None:
        try:
            heard = self.recogniser.hear(self._pieces(), self.grammar, deadline_s)
            async with _closed(heard):
                async for result in heard:
                    self._results.append(result)
                    self._wake()
                    if result.is_final:
                        return
            # It ended without a result: nothing was said.
            self._results.append(Recognised(said=(), is_final=True))
        except Exception as error:  # noqa: BLE001 - the caller goes on by keys
            self.problem = f"{type(error).__name__}: {error}"
        finally:
            self._is_over = True
            self._wake()

    async def _pieces(self) -> AsyncIterator[bytes]:
        while True:
            while self._sound:
                piece = self._sound.popleft()
                self._behind_bytes -= len(piece)
                self._taken_bytes += len(piece)
                yield piece
            if self._is_all:
                return
            self._came.clear()
            await self._came.wait()


@contextlib.asynccontextmanager
async def _closed(results: AsyncIterator[Recognised]) -> AsyncIterator[None]:
    """Close what gives results at once, where it can be closed."""
    try:
        yield
    finally:
        if isinstance(results, AsyncGenerator):
            with contextlib.suppress(Exception):
                await results.aclose()
