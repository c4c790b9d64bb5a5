"""A simulated day: the same again from its seed, and every call ends once."""

from collections import Counter
from dataclasses import replace
from statistics import fmean

import pytest

from acd.policy import FloorPolicy
from acd.simulation.crowd import callers_of
from acd.simulation.erlang import erlang_a
from acd.simulation.people import People
from acd.simulation.run import simulate
from acd.simulation.scenario import Burst, Change, EarlyHangUps, Scenario
from acd.vocabulary.facts import Fact
from acd.vocabulary.ids import AgentId
from acd.vocabulary.leg_facts import CallQueued
from acd.vocabulary.offer_facts import (
    CallClosed,
    CallConnected,
    ConversationEnded,
    OfferStarted,
    OfferTimedOut,
)
from tests.acd.simulation.small import a_scenario, agent, equal_agents
from tests.support.builders import BILL


def heard(scenario: Scenario, seed: int = 1) -> list[Fact]:
    facts: list[Fact] = []
    simulate(scenario, seed=seed, hear=facts.append)
    return facts


def test_a_seed_gives_the_same_day_again() -> None:
    assert heard(a_scenario()) == heard(a_scenario())


def test_another_seed_gives_another_day() -> None:
    assert heard(a_scenario()) != heard(a_scenario(), seed=2)


def test_every_call_that_comes_ends_exactly_once() -> None:
    facts = heard(replace(a_scenario(), days=2))

    came = Counter(f.call_id for f in facts if isinstance(f, CallQueued))
    ended = Counter(f.call_id for f in facts if isinstance(f, CallClosed))
    assert came == ended
    assert set(came.values()) == {1}


def test_what_the_figures_count_is_what_the_facts_tell() -> None:
    facts: list[Fact] = []
    figures = simulate(a_scenario(), seed=3, hear=facts.append).figures

    talked = [f for f in facts if isinstance(f, CallConnected)]
    assert figures.whole.answered == len(talked)
    assert figures.whole.offered == sum(isinstance(f, CallQueued) for f in facts)
    assert figures.unanswered == sum(isinstance(f, OfferTimedOut) for f in facts) > 0
    assert sum(it.offered for it in figures.queues.values()) == figures.whole.offered


def test_days_of_warm_up_are_not_counted() -> None:
    plain = simulate(replace(a_scenario(), days=2), seed=3).figures
    second = simulate(replace(a_scenario(), warm_up_days=1), seed=3).figures

    assert 0 < second.whole.offered < plain.whole.offered
    assert 0 < second.occupancy < 100


def test_two_floors_meet_the_same_callers() -> None:
    few = list(callers_of(a_scenario(3), seed=5, day=0))
    many = list(callers_of(a_scenario(30), seed=5, day=0))

    assert few == many


def test_a_burst_brings_more_callers_and_leaves_the_others_as_they_were() -> None:
    calm = a_scenario(calls_a_day=2000)
    burst = Burst(at_s=600, length_s=600, times=12, queues=frozenset({BILL}))
    wild = replace(calm, arrivals=replace(calm.arrivals, bursts=(burst,)))

    before = set(callers_of(calm, seed=5, day=0))
    after = set(callers_of(wild, seed=5, day=0))

    more = after - before
    assert before < after
    assert all(600 <= it.at_s < 1200 and it.kind == 1 for it in more)
    same = [it for it in before if it.kind == 1 and 600 <= it.at_s < 1200]
    assert len(more) / len(same) == pytest.approx(11, rel=0.35)


def test_a_profile_shapes_the_day() -> None:
    times_s = [it.at_s for it in callers_of(a_scenario(calls_a_day=6000), 5, 0)]

    middle = sum(1200 <= at_s < 2400 for at_s in times_s)
    assert middle / len(times_s) == pytest.approx(0.5, abs=0.04)


def test_one_class_and_equal_agents_come_to_what_erlang_a_says() -> None:
    scenario = equal_agents(8, per_s=0.13)

    runs = [simulate(scenario, seed=seed).figures for seed in range(3)]

    by_formula = erlang_a(per_s=0.13, handling_s=60, patience_s=60, agents=8)
    left = fmean(it.whole.abandonment for it in runs)
    assert left == pytest.approx(by_formula.abandonment, abs=1.5)
    busy = fmean(it.occupancy for it in runs)
    assert busy == pytest.approx(by_formula.occupancy, abs=2)


def test_erlang_a_without_numbers_above_0_is_refused() -> None:
    with pytest.raises(ValueError, match="numbers above 0 would do"):
        erlang_a(per_s=0, handling_s=1, patience_s=1, agents=1)


def test_names_of_agents_change_nothing() -> None:
    plain = a_scenario()
    names = {it: AgentId(f"z{99 - nth}") for nth, it in enumerate(plain.floor.agents)}
    renamed = FloorPolicy(
        queues=plain.floor.queues,
        agents={
            names[it]: replace(profile, agent_id=names[it])
            for it, profile in plain.floor.agents.items()
        },
    )

    one = [
        (f.call_id, names[f.agent_id])
        for f in heard(plain)
        if isinstance(f, OfferStarted)
    ]
    other = [
        (f.call_id, f.agent_id)
        for f in heard(replace(plain, floor=renamed))
        if isinstance(f, OfferStarted)
    ]
    assert one == other


def test_an_agent_who_changes_speed_is_slower_from_then_on() -> None:
    change = Change(agent_id=agent(0), at_s=1800, times=1.3)
    people = People(replace(a_scenario(), changes=(change,)), seed=1)

    before_s, after_s = (people.mean_s(agent(0), 0, at) for at in (1799, 1800))

    assert after_s == pytest.approx(before_s * 1.3)
    assert people.mean_s(agent(1), 0, 0) == people.mean_s(agent(1), 0, 9999)


def test_whoever_is_hung_up_on_early_calls_again() -> None:
    early = EarlyHangUps(agent_id=agent(0), share=1.0)
    plain = a_scenario()
    scenario = replace(
        plain,
        habits=replace(plain.habits, again=0, breaks=0, no_answer=0),
        early=(early,),
    )

    facts = heard(scenario)

    spoke = {f.call_id: f.at for f in facts if isinstance(f, CallConnected)}
    ends = [f for f in facts if isinstance(f, ConversationEnded)]
    short_s = [
        (f.at - spoke[f.call_id]).total_seconds()
        for f in ends
        if f.agent_id == agent(0)
    ]
    others_s = [
        (f.at - spoke[f.call_id]).total_seconds()
        for f in ends
        if f.agent_id == agent(3)
    ]
    assert fmean(short_s) < fmean(others_s) / 3
    came = sum(isinstance(f, CallQueued) for f in facts)
    first_tries = len(list(callers_of(scenario, 1, 0)))
    assert 0 < came - first_tries <= len(short_s)
