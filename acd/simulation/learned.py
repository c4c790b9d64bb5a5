"""What the engine knows of its agents when a simulation begins."""

from datetime import datetime
from json import dumps
from math import log

from acd.core.engine import Engine
from acd.core.lines import Lines
from acd.routing.handling_time import HandlingTimes, Known, day_of
from acd.routing.quality import Outcomes, Quality
from acd.simulation.people import OnRecord, People
from acd.simulation.scenario import Scenario
from acd.simulation.world import START
from acd.vocabulary.ids import AgentId

_ROUNDS = 3
"""Components worked out from nothing come near in so many steps."""


def teach(engine: Engine, scenario: Scenario, people: People) -> None:
    """Let an engine know the calls that are on record before the first day.

    As its own work by night would: handling times, and whose callers call again.
    """
    if not scenario.history_calls:
        return
    sums: list[tuple[AgentId, str]] = []
    outcomes: dict[AgentId, Outcomes] = {}
    for agent_id in scenario.floor.agents:
        known = {
            scenario.floor.queues[scenario.kinds[nth].queue_id].kind: people.known(
                agent_id, nth
            )
            for nth in sorted(people.served[agent_id])
        }
        sums.append((agent_id, dumps({it: _sums(one) for it, one in known.items()})))
        outcomes[agent_id] = Outcomes(
            calls=sum(len(one.handled_s) for one in known.values()),
            repeats=sum(one.repeats for one in known.values()),
        )
    calls = sum(one.calls for one in outcomes.values())
    times = engine.floor.handling_times
    times.take(Known(day=day_of(START), calls=calls, agents=tuple(sums)))
    for _ in range(_ROUNDS):
        times.settle()
    engine.floor.quality = Quality.of(outcomes)


def _sums(known: OnRecord) -> tuple[int, float, float]:
    """Return calls, and the sums of log seconds and of their squares."""
    logs = [log(handled_s) for handled_s in known.handled_s]
    return len(logs), sum(logs), sum(it * it for it in logs)


class TrueTimes(HandlingTimes):
    """Handling times as they truly are: what no estimate can be better than."""

    def __init__(self, scenario: Scenario, people: People) -> None:
        """Ask the people themselves."""
        super().__init__()
        self._kinds = {
            scenario.floor.queues[kind.queue_id].kind: nth
            for nth, kind in enumerate(scenario.kinds)
        }
        self._scenario, self._people = scenario, people

    def learn(
        self,
        agent_id: AgentId,
        kind: str,
        handle_s: float,
        at: datetime,
        *,
        is_whole: bool = True,
    ) -> None:
        """Learn nothing: all is known."""

    def expected_s(self, agent_id: AgentId, kind: str) -> float:
        """Return an agent's true mean, as it is on the first day."""
        return self._people.mean_s(agent_id, self._kinds[kind], 0.0)

    def average_s(self, kind: str) -> float:
        """Return the true mean of a kind."""
        return self._scenario.kinds[self._kinds[kind]].handling_s


def the_oracle(scenario: Scenario, people: People) -> Engine:
    """Return an engine that knows every agent's true mean handling time."""
    engine = Engine(scenario.floor)
    teach(engine, scenario, people)
    floor, quality = engine.floor, engine.floor.quality
    floor.handling_times = TrueTimes(scenario, people)
    floor.lines = Lines(scenario.floor, floor.handling_times)
    floor.put_policy(scenario.floor)
    floor.quality = quality
    return engine
