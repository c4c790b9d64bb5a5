"""The engine as a process of its own: started, asked whether it is ready, stopped."""

import asyncio
import os
import signal
import ssl
import sys
from collections.abc import Mapping
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


async def start(place: EnginePlace) -> Child:
    """Start the engine and return when it says that it is ready.

    It runs as the one who started us: its code and its Python lie in their folders.

    Raises:
        NotStarted: It ended, or did not become ready.
        PartRefuses: It ended for what an operator must mend; it says what.
    """
    argv = (sys.executable, "-P", "-m", MODULE, "--data", str(place.data))
    paths = {"PYTHONPATH": str(CHECKOUT), "PYTHONSAFEPATH": "1"}
    child = await Child.start(
        "engine",
        confined(argv, None),
        log=place.log,
        environment=os.environ | paths | dict(place.variables),
    )
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
    return child


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
