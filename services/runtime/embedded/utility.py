"""The simulated utility as a process of its own."""

import asyncio
from dataclasses import dataclass

import httpx

from services.runtime.embedded.child import Child
from services.runtime.embedded.our_own import OurOwn
from services.runtime.trust import NOBODY

START_LIMIT_S = 60.0
STOP_LIMIT_S = 5.0
MODULE = "services.runtime.utility"
NAME = "simulated-utility"
_LOOK_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilityPlace(OurOwn):
    """What the simulated utility is started with."""

    name: str = NAME
    module: str = MODULE
    stop_s: float = STOP_LIMIT_S
    """It has nothing to lose."""
    url: str
    """Where it answers, as in http://127.0.0.1:16006."""


async def start(place: UtilityPlace) -> Child:
    """Start it, and return when it answers.

    Raises:
        NotStarted: It ended, or did not answer.
        PartRefuses: It ended for what an operator must mend; it says what.
    """
    child = await place.launched()
    asked = f"{place.url}/health answers 200"
    await place.answering(
        child, _answers(place.url), limit_s=START_LIMIT_S, asked=asked
    )
    return child


async def _answers(url: str) -> None:
    # Nothing of the machine's proxies stands between us and loopback.
    async with httpx.AsyncClient(
        trust_env=False, timeout=_LOOK_S, verify=NOBODY
    ) as client:
        while True:
            try:
                answer = await client.get(f"{url}/health")
            except httpx.TransportError:
                pass
            else:
                if answer.status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.05)
