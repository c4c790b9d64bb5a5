"""All flows that a caller can be led through, and which number has which."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.flow import Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSet:
    """Flows proved together: a walk stays in the set that it began in."""

    flows: Mapping[str, Flow]
    """By name."""
    numbers: Mapping[str, str] = field(default_factory=dict)
    """The name of the flow of each number that can be dialled."""

    @classmethod
    def of(cls, *flows: Flow) -> "FlowSet":
        """Return a set of flows that no number leads to."""
        return cls(flows={flow.name: flow for flow in flows})
