"""What was learned of agents from their calls on record, told as a whole."""

from dataclasses import dataclass

from acd.vocabulary.fact import FactOf
from acd.vocabulary.ids import AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLearned:
    """What the records tell of one agent; all counts faded by days."""

    agent_id: AgentId
    sums: str
    """JSON: kind of call to calls, sum and sum of squares of their log seconds."""
    calls: float
    repeats: float
    """Calls after which the caller called again soon."""
    cut: float
    """Calls that the agent ended at once."""
    rated: float
    dissatisfied: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatesRebuilt(FactOf):
    """Handling times and quality were worked out anew from the records."""

    day: int
    """Number of the day that all counts are of."""
    agents: tuple[AgentLearned, ...]
