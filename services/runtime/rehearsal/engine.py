"""A rehearsal's engine: ``python -m services.runtime.rehearsal.engine --data DIR``.

The engine as it is, but that each call lives in the world of the case that it plays.
It is a program of its own, so that nothing an operator sets and nothing a caller sends
makes the engine of production one.
"""

from ivr.problems import Refused
from services.flows.cases import load_cases
from services.runtime.circumstances import CircumstancesOf
from services.runtime.engine import main
from services.runtime.errors import EngineRefused
from services.runtime.in_force import InForce
from services.runtime.rehearsal.circumstances import Rehearsed
from services.runtime.settings import Settings


def _rehearsed(settings: Settings, current: InForce) -> CircumstancesOf:
    try:
        return Rehearsed(load_cases(settings.flows, current.floor.flow_set))
    except Refused as refused:
        raise EngineRefused(str(refused)) from None


if __name__ == "__main__":
    main(_rehearsed)
