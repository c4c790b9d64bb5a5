"""The engine as a process of its own: started, asked whether it is ready, stopped."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from services.runtime.embedded.child import Child
from services.runtime.embedded.our_own import OurOwn

START_LIMIT_S = 180.0
"""A machine with much else to do takes its time: to begin anew would take more."""
STOP_LIMIT_S = 15.0
MODULE = "services.runtime.engine"
SPARE = "--spare"
"""Has the engine load its code and wait for a line before it does anything."""
SPARE_AFTER_S = 6.0
NAME = "engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePlace(OurOwn):
    """What the engine is started with."""

    name: str = NAME
    module: str = MODULE
    stop_s: float = STOP_LIMIT_S
    http: str
    """Where it answers, as in http://127.0.0.1:16001."""
    trust: ssl.SSLContext
    """By whom its certificate may be signed."""


class Engines:
    """Starts one engine after the other, each from a spare where there is one.

    A spare has loaded the code, which is most of a start, and waits: so callers have
    an engine again in a second.
    """

    def __init__(
        self,
        place: Callable[[], EnginePlace],
        *,
        has_spare: bool = True,
        rest_s: float = SPARE_AFTER_S,
    ) -> None:
        """Take where engines run; nothing is started yet.

        Args:
            place: Asked at each start.
            has_spare: Whether there is a spare beside each engine.
            rest_s: How long after a start the next spare is loaded: the machine has
                more to do just then.
        """
        self._place = place
        self._has_spare = has_spare
        self._rest_s = rest_s
        self._spare: tuple[EnginePlace, Child] | None = None
        self._loading: asyncio.Task[None] | None = None

    async def start(self) -> Child:
        """Start the engine and return when it says that it is ready.

        Raises:
            NotStarted: It ended, or did not become ready.
            PartRefuses: It ended for what an operator must mend; it says what.
        """
        place = self._place()
        child = await self._taken(place) or await place.launched()
        ready = f"{place.http}/readiness"
        await place.answering(child, ready, limit_s=START_LIMIT_S, trust=place.trust)
        if self._has_spare:
            self._loading = asyncio.create_task(self._load(), name="spare engine")
        return child

    async def stop(self, child: Child) -> None:
        """Stop the engine: it writes down what it knows, then ends."""
        await self._drop()
        await self._place().stop(child)

    async def renew(self, child: Child) -> None:
        """Stop the engine once a spare has loaded the code of now, to follow it."""
        await self._drop()
        place = self._place()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(START_LIMIT_S):
                spare = await place.launched(SPARE, is_held=True)
                self._spare = place, spare
                await spare.waits()
        await place.stop(child)

    async def _taken(self, place: EnginePlace) -> Child | None:
        """Return the spare at work, where there is one that fits."""
        found = self._spare
        if found is not None and _is_same(found[0], place) and found[1].let_go():
            self._spare = None
            return found[1]
        await self._drop()
        return None

    async def _load(self) -> None:
        await asyncio.sleep(self._rest_s)
        await self._drop_spare()
        place = self._place()
        with suppress(OSError):
            self._spare = place, await place.launched(SPARE, is_held=True)

    async def _drop(self) -> None:
        loading, self._loading = self._loading, None
        if loading is not None:
            loading.cancel()
            await asyncio.wait((loading,))
        await self._drop_spare()

    async def _drop_spare(self) -> None:
        found, self._spare = self._spare, None
        if found is not None:
            await found[1].stop()


def _is_same(before: EnginePlace, now: EnginePlace) -> bool:
    return (before.data, before.variables) == (now.data, now.variables)
