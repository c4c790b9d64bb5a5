"""All flows that a caller can be led through, and which number has which."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ivr.everywhere import EVERYWHERE, Everywhere
from ivr.flow import Flow
from ivr.lookups import NOTHING as NO_LOOK_UPS
from ivr.lookups import LookUps
from ivr.steps import SubFlowStep, TransferStep


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSet:
    """Flows proved together: a walk stays in the set that it began in."""

    flows: Mapping[str, Flow]
    """By name."""
    numbers: Mapping[str, str] = field(default_factory=dict)
    """The name of the flow of each number that can be dialled."""
    look_ups: LookUps = NO_LOOK_UPS.look_ups
    """What they can ask of other systems."""
    everywhere: Everywhere = EVERYWHERE
    """What callers may say at every step."""

    @classmethod
    def of(cls, *flows: Flow) -> "FlowSet":
        """Return a set of flows that no number leads to."""
        return cls(flows={flow.name: flow for flow in flows})

    def reached_from(self, name: str) -> Mapping[str, Flow]:
        """Return the flows that a caller can come to who begins in one, and that one.

        Args:
            name: Of a flow of the set.
        """
        found: dict[str, Flow] = {}
        todo = [name]
        while todo:
            flow = self.flows[todo.pop()]
            if flow.name not in found:
                found[flow.name] = flow
                todo += self._led_into(flow)
        return found

    def _led_into(self, flow: Flow) -> Iterator[str]:
        for step in flow.steps.values():
            if isinstance(step, SubFlowStep):
                yield step.flow
            elif isinstance(step, TransferStep) and step.transfer in self.numbers:
                yield self.numbers[step.transfer]
