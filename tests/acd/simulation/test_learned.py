"""What the engine knows when a simulation begins."""

from dataclasses import replace

import pytest

from acd.choices import FastestFirst
from acd.core.engine import Engine
from acd.simulation.learned import TrueTimes, teach, the_oracle
from acd.simulation.people import People
from acd.simulation.run import simulate, the_engine
from acd.simulation.scenario import Arrivals, EarlyHangUps, Scenario
from tests.acd.simulation.small import a_scenario, agent
from tests.support.builders import BILL, FAULT


def known() -> Scenario:
    return replace(a_scenario(), history_calls=400, agent_spread=0.3)


def test_calls_on_record_tell_who_is_quick() -> None:
    scenario = known()
    people = People(scenario, seed=1)

    engine = the_engine(scenario, people)

    times = engine.floor.handling_times
    on_faults = [it for it in scenario.floor.agents if 0 in people.served[it]]
    for agent_id in on_faults:
        expected_s = times.expected_s(agent_id, FAULT)
        assert expected_s == pytest.approx(people.mean_s(agent_id, 0, 0), rel=0.2)


def test_without_calls_on_record_nobody_is_quick() -> None:
    scenario = replace(known(), history_calls=0)

    times = the_engine(scenario, People(scenario, seed=1)).floor.handling_times

    assert len({times.expected_s(it, FAULT) for it in scenario.floor.agents}) == 1


def test_nobody_has_calls_on_record_of_what_they_cannot_take() -> None:
    scenario = known()
    people = People(scenario, seed=1)
    engine = Engine(scenario.floor)

    teach(engine, scenario, people)

    pairs = set(engine.floor.handling_times.pairs())
    assert (agent(0), FAULT) in pairs
    assert (agent(0), BILL) not in pairs


def test_whose_callers_call_again_is_on_record() -> None:
    early = EarlyHangUps(agent_id=agent(0), share=0.4)
    scenario = replace(known(), early=(early,))

    quality = the_engine(scenario, People(scenario, seed=1)).floor.quality

    assert not quality.is_within(agent(0), repeat_rate=0.15, least_calls=20)
    assert quality.is_within(agent(3), repeat_rate=0.15, least_calls=20)


def test_the_oracle_knows_the_truth_and_learns_nothing() -> None:
    scenario = known()
    people = People(scenario, seed=1)

    times = the_oracle(scenario, people).floor.handling_times

    assert isinstance(times, TrueTimes)
    assert times.expected_s(agent(0), FAULT) == people.mean_s(agent(0), 0, 0)


def test_by_a_rule_that_looks_at_it_quick_agents_have_more_calls() -> None:
    speeds = {agent(nth): 0.6 if nth < 6 else 1.5 for nth in range(12)}
    calm = replace(known(), speeds=speeds, arrivals=Arrivals(calls_a_day=150))
    queues = {
        queue_id: replace(queue, choice=FastestFirst())
        for queue_id, queue in calm.floor.queues.items()
    }
    fastest = replace(calm, floor=replace(calm.floor, queues=queues))

    one, other = simulate(calm, seed=1), simulate(fastest, seed=1)

    assert other.figures.aht_s < one.figures.aht_s
    quick = [
        sum(run.tally.agents[agent(nth)].calls for nth in range(6))
        for run in (one, other)
    ]
    assert quick[1] > quick[0] * 1.1
