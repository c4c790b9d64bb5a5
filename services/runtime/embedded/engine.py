"""The engine as a process of its own: started, asked whether it is ready, stopped."""

import asyncio
import os
import signal
import ssl
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from services.runtime.embedded.child import Child
from services.runtime.embedded.errors import NotStarted, PartRefuses
from services.runtime.privileges import confined
from services.runtime.settings import CHECKOUT

START_LIMIT_S = 60.0
STOP_LIMIT_S = 15.0
MODULE = "services.runtime.engine"
SPARE = "--spare"
"""Has the engine load its code and wait for a line before it does anything."""
SPARE_AFTER_S = 6.0
REFUSED = "tieline-engine: "
"""Begins, in the engine's log, the sentence by which it refused to run."""
_OPERATORS = 2
"""The exit code of what an operator must mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePlace:
    """What the engine is started with."""

    data: Path
    http: str
    """Where it answers, as in http://127.0.0.1:16001."""
    trust: ssl.SSLContext
    """By whom its certificate may be signed."""
    variables: Mapping[str, str]
    """What it is told over its inherited environment, by the names of the variables:
    settings as they were found, secrets, its role's address of the database."""

    @property
    def log(self) -> Path:
        """The engine's words."""
        return self.data / "log" / "engine.log"


class Engines:
    """Starts one engine after the other, each from a spare where there is one.

    A spare has loaded the code, which is most of a start, and waits: so callers have
    an engine again in a second.
    """

    def __init__(
        self, place: Callable[[], EnginePlace], *, rest_s: float = SPARE_AFTER_S
    ) -> None:
        """Take where engines run; nothing is started yet.

        Args:
            place: Asked at each start.
            rest_s: How long after a start the next spare is loaded: the machine has
                more to do just then.
        """
        self._place = place
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
        child = await self._taken(place) or await _launched(place, is_spare=False)
        await _until_ready(place, child)
        self._loading = asyncio.create_task(self._load(), name="spare engine")
        return child

    async def stop(self, child: Child) -> None:
        """Stop the engine: it writes down what it knows, then ends."""
        await self._drop()
        await stop(child)

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
            self._spare = place, await _launched(place, is_spare=True)

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


async def start(place: EnginePlace) -> Child:
    """Start one engine, without a spare, and return when it says that it is ready.

    Raises:
        NotStarted: It ended, or did not become ready.
        PartRefuses: It ended for what an operator must mend; it says what.
    """
    child = await _launched(place, is_spare=False)
    await _until_ready(place, child)
    return child


async def _launched(place: EnginePlace, *, is_spare: bool) -> Child:
    """Start the process, as the one who started us: its code lies in their folders."""
    argv = [sys.executable, "-P", "-m", MODULE, "--data", str(place.data)]
    if is_spare:
        argv.append(SPARE)
    paths = {"PYTHONPATH": str(CHECKOUT), "PYTHONSAFEPATH": "1"}
    return await Child.start(
        "engine",
        confined(argv, None),
        log=place.log,
        environment=os.environ | paths | dict(place.variables),
        is_held=is_spare,
    )


async def _until_ready(place: EnginePlace, child: Child) -> None:
    try:
        await child.until(
            _is_ready(place),
            limit_s=START_LIMIT_S,
            asked=f"{place.http}/readiness answers 200",
        )
    except NotStarted as ended:
        await stop(child)
        if ended.ended_with == _OPERATORS:
            raise PartRefuses("engine", _refusal(place.log), log=place.log) from None
        raise
    except BaseException:
        await stop(child)
        raise


async def stop(child: Child) -> None:
    """Stop the engine: it writes down what it knows, then ends."""
    await child.stop((signal.SIGTERM, STOP_LIMIT_S))


def _refusal(log: Path) -> str:
    said = log.read_text(encoding="utf-8", errors="replace")
    return said.rpartition(REFUSED)[2].strip()


async def _is_ready(place: EnginePlace) -> None:
    # Nothing of the machine's proxies stands between us and loopback.
    async with httpx.AsyncClient(
        trust_env=False, timeout=5, verify=place.trust
    ) as client:
        while True:
            try:
                answer = await client.get(f"{place.http}/readiness")
            except httpx.TransportError:
                pass
            else:
                if answer.status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.1)
