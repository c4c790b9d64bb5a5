"""The policies that a scenario can be lived through under, by their names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from acd.choices import (
    AgentChoice,
    Blend,
    CallOrder,
    CMu,
    FastestFirst,
    LeastOccupied,
    LongestIdle,
    LongestWait,
    PriorityMatrix,
    RoundRobin,
)
from acd.simulation.app_queue import AppQueue
from acd.simulation.decider import Decider
from acd.simulation.learned import the_oracle
from acd.simulation.members import Strategy
from acd.simulation.people import People
from acd.simulation.run import MakeDecider, the_engine
from acd.simulation.scenario import Scenario
from ivr.wording import nearest
from services.runtime.errors import RuntimeProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A rule for agents and one for calls, and who follows them."""

    words: str
    """What it does, in a line."""
    choice: AgentChoice | None = None
    """None: as the scenario says."""
    order: CallOrder | None = None
    make: MakeDecider = the_engine

    def of(self, scenario: Scenario) -> Scenario:
        """Return a scenario under this policy."""
        floor = scenario.floor
        if self.choice is not None:
            queues = {
                queue_id: replace(queue, choice=self.choice)
                for queue_id, queue in floor.queues.items()
            }
            floor = replace(floor, queues=queues)
        if self.order is not None:
            floor = replace(floor, order=self.order)
        return replace(scenario, floor=floor)


class UnknownPolicy(RuntimeProblem):
    """No policy has that name."""

    exit_code = 2

    def __init__(self, name: str) -> None:
        """Name it and the nearest."""
        self.name = name
        super().__init__(f"no policy is called {name!r}{nearest(name, POLICIES)}")


def _modelled(strategy: Strategy) -> Callable[[Scenario, People], Decider]:
    def make(scenario: Scenario, _people: People) -> Decider:
        return AppQueue(scenario.floor, strategy)

    return make


DEFAULT, LONGEST_IDLE, FASTEST_FIRST = "default", "longest_idle", "fastest_first"
AS_WRITTEN, ORACLE = "as_written", "oracle"

POLICIES: Mapping[str, Policy] = {
    AS_WRITTEN: Policy(words="what the scenario says"),
    DEFAULT: Policy(
        words="short handling times and idle time blended; calls by their targets",
        choice=Blend(),
        order=CMu(),
    ),
    ORACLE: Policy(
        words="as the default, of one who knows all true handling times",
        choice=Blend(),
        order=CMu(),
        make=the_oracle,
    ),
    LONGEST_IDLE: Policy(
        words="who has been ready longest; the longest wait",
        choice=LongestIdle(),
        order=LongestWait(),
    ),
    FASTEST_FIRST: Policy(
        words="who is expected to be quickest; the longest wait",
        choice=FastestFirst(),
        order=LongestWait(),
    ),
    "least_occupied": Policy(
        words="who was busy least of late; the longest wait",
        choice=LeastOccupied(),
        order=LongestWait(),
    ),
    "round_robin": Policy(
        words="each in turn; the longest wait",
        choice=RoundRobin(),
        order=LongestWait(),
    ),
    "priority_matrix": Policy(
        words="who has the best level; the longest wait",
        choice=PriorityMatrix(),
        order=LongestWait(),
    ),
    **{
        f"app_queue_{strategy}": Policy(
            words=f"a model of Asterisk's Queue() with strategy {strategy}",
            make=_modelled(strategy),
        )
        for strategy in Strategy
    },
}


def policy(name: str) -> Policy:
    """Return a policy.

    Raises:
        UnknownPolicy: There is none of that name.
    """
    if name not in POLICIES:
        raise UnknownPolicy(name)
    return POLICIES[name]
