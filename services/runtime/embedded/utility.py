"""The simulated utility as a process of its own."""

from dataclasses import dataclass

from services.runtime.embedded.child import Child
from services.runtime.embedded.our_own import OurOwn

START_LIMIT_S = 60.0
STOP_LIMIT_S = 5.0
MODULE = "services.runtime.utility"
NAME = "simulated-utility"


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
    await place.answering(child, f"{place.url}/health", limit_s=START_LIMIT_S)
    return child
