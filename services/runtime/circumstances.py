"""What is so for one call: what is known, the world, whom to ask, what is told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cti_bridge.agi.line import Arrival
from ivr.lookups import LookUps
from ivr.ports import BackOffice, NoBackOffice
from ivr.runner import World
from ivr.sounds import Announced
from ivr.values import Values
from services.floor.floor import Floor, Number
from services.runtime.announcing import Opening
from services.runtime.flow_world import FlowWorld, Repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a call is led by besides its flows and its line."""

    values: Values
    """What is known of it already, such as ``caller``."""
    world: World
    back_office: BackOffice
    opening: tuple[Announced, ...] = ()
    """What is told first."""


OfficeFor = Callable[[LookUps], BackOffice]
"""Gives whom flows ask for what they declare."""


def no_office(_look_ups: LookUps) -> BackOffice:
    """Give what fails every question."""
    return NoBackOffice()


CircumstancesOf = Callable[[Arrival, Floor, Number, datetime], Circumstances]
"""Says what is so for who came, when they came. Must not wait.

In production these are always those of the real world (``Real``), whatever a caller
says of themselves: only a rehearsal's engine, a process of its own, has others.
"""


class Real:
    """The world as it is."""

    def __init__(
        self, world: FlowWorld, *, opening: Opening, office: OfficeFor
    ) -> None:
        """Begin with nobody known to have called.

        Args:
            world: What is so around calls.
            opening: What callers are told first.
            office: Other systems, by what the flows of a call declare.
        """
        self._world = world
        self._opening = opening
        self._office = office
        self._repeats = Repeats()

    def __call__(
        self, came: Arrival, floor: Floor, number: Number, at: datetime
    ) -> Circumstances:
        """Return what is so; see ``CircumstancesOf``."""
        language = floor.flows[number.flow].language
        return Circumstances(
            values={
                "caller": number_of(came),
                "number": came.number,
                "call.repeats": self._repeats.of(came.caller_number, at),
            },
            world=lambda at: self._world.at(at, floor),
            back_office=self._office(floor.look_ups),
            opening=self._opening(number, language, at),
        )


def number_of(came: Arrival) -> str:
    """Return the caller's number for flows; empty where it is withheld.

    What is no number stands for one then: ``anonymous``, ``unknown``. Nobody can be
    called back there, and nobody should hear it said.
    """
    has_digit = any("0" <= letter <= "9" for letter in came.caller_number)
    return came.caller_number if has_digit else ""
