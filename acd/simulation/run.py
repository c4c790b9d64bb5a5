"""One scenario under one policy, from one seed, to its figures."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from acd.core.engine import Engine
from acd.core.turn import Outcome
from acd.simulation.decider import Decider
from acd.simulation.figures import Figures, figures_of
from acd.simulation.learned import teach
from acd.simulation.people import People
from acd.simulation.scenario import Scenario
from acd.simulation.tally import Tally
from acd.simulation.world import Hear, World
from acd.vocabulary.decisions import RingAgent

MakeDecider = Callable[[Scenario, People], Decider]
"""Makes whoever decides; most know nothing of how the people really are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one simulation came to."""

    figures: Figures
    tally: Tally
    arrived: int
    closed: int
    """Calls in all, warm-up as well; each that arrived is closed once."""


def the_engine(scenario: Scenario, people: People) -> Engine:
    """Return the engine itself, with the scenario's floor and what is on record."""
    engine = Engine(scenario.floor)
    teach(engine, scenario, people)
    return engine


def simulate(
    scenario: Scenario,
    *,
    seed: int,
    make: MakeDecider = the_engine,
    clock: Callable[[], float] | None = None,
    hear: Hear | None = None,
    passed: Callable[[float], None] | None = None,
) -> Result:
    """Live a scenario through.

    Args:
        scenario: What is lived through.
        seed: Of all chance; the same seed brings the same callers to any policy.
        make: Makes who decides.
        clock: Real seconds, where the time of decisions is to be measured.
        hear: Takes every fact as well.
        passed: Told now and then which part of the time is over, from 0 to 1.
    """
    people = People(scenario, seed)
    world = World(scenario, make(scenario, people), people, seed=seed)
    tally = Tally(scenario)
    world.hear.append(tally.hear)
    if hear is not None:
        world.hear.append(hear)
    spent_s: list[float] = []

    def measured(took_s: float, outcome: Outcome) -> None:
        decisions = outcome.decisions
        if decisions and any(isinstance(it, RingAgent) for it in decisions):
            spent_s.append(took_s)

    world.clock, world.measured = clock, measured
    world.run(passed)
    decision_us = median(spent_s) * 1e6 if spent_s else 0.0
    return Result(
        figures=figures_of(tally, decision_us),
        tally=tally,
        arrived=tally.arrived,
        closed=tally.closed,
    )
