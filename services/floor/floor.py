"""A floor as it is run: numbers, queues and agents, and the flows they use."""

from collections.abc import Mapping
from dataclasses import dataclass

from acd.policy import FloorPolicy
from acd.vocabulary.ids import Place, QueueId
from ivr.everywhere import EVERYWHERE, Everywhere
from ivr.flow import Flow
from ivr.flow_set import FlowSet
from ivr.hours import NO_HOURS, Hours
from ivr.lookups import NOTHING as NO_LOOK_UPS
from ivr.lookups import LookUps
from services.floor.admission import DEFAULT, Admission


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number that can be dialled."""

    number: str
    name: str
    flow: str
    """Name of the flow that its callers walk."""
    place: Place
    """Whose calls they are."""
    reserved: int = 0
    """Lines kept for it alone. With any it is a lane of danger: no rate holds for it,
    and it is refused only when these and all common lines are taken."""
    open_queue_id: QueueId
    """Where its callers wait when their flow cannot be walked."""
    call_class: int = 0
    """From 0 to 20: who has more goes before all who have less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Everything that the floor file and the flows say, proved against each other."""

    numbers: Mapping[str, Number]
    policy: FloorPolicy
    flows: Mapping[str, Flow]
    admission: Admission = DEFAULT
    hours: Hours = NO_HOURS
    """When which office is open, for the flows."""
    look_ups: LookUps = NO_LOOK_UPS.look_ups
    """What the flows can ask of other systems."""
    everywhere: Everywhere = EVERYWHERE
    """What callers may say at every step of the flows."""

    @property
    def flow_set(self) -> FlowSet:
        """The flows, and which number has which."""
        numbers = {number: one.flow for number, one in self.numbers.items()}
        return FlowSet(
            flows=self.flows,
            numbers=numbers,
            look_ups=self.look_ups,
            everywhere=self.everywhere,
        )
