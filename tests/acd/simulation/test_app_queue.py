"""The model of app_queue keeps the rules of a floor, and app_queue's own ways."""

from collections import Counter
from dataclasses import replace

import pytest

from acd.simulation.app_queue import RING_S, AppQueue
from acd.simulation.members import Strategy
from acd.simulation.people import People
from acd.simulation.run import Result, simulate
from acd.simulation.scenario import Habits, Scenario
from acd.vocabulary.facts import Fact
from acd.vocabulary.ids import CallId
from acd.vocabulary.leg_facts import CallQueued
from acd.vocabulary.offer_facts import CallClosed, CallConnected, OfferStarted
from tests.acd.simulation.small import a_scenario, agent


def lived(
    strategy: Strategy, scenario: Scenario | None = None
) -> tuple[Result, list[Fact]]:
    facts: list[Fact] = []

    def make(scenario: Scenario, _people: People) -> AppQueue:
        return AppQueue(scenario.floor, strategy)

    result = simulate(scenario or a_scenario(), seed=1, make=make, hear=facts.append)
    return result, facts


@pytest.mark.parametrize("strategy", Strategy)
def test_every_call_that_comes_ends_exactly_once(strategy: Strategy) -> None:
    _, facts = lived(strategy)

    came = Counter(f.call_id for f in facts if isinstance(f, CallQueued))
    ended = Counter(f.call_id for f in facts if isinstance(f, CallClosed))
    assert came == ended
    assert set(ended.values()) == {1}
    assert sum(isinstance(f, CallConnected) for f in facts) > len(came) / 2


@pytest.mark.parametrize("strategy", Strategy)
def test_only_members_of_the_queue_are_rung(strategy: Strategy) -> None:
    _, facts = lived(strategy)
    floor = a_scenario().floor

    for fact in facts:
        if isinstance(fact, OfferStarted):
            skills = floor.agents[fact.agent_id].skills
            assert floor.queues[fact.queue_id].skills <= skills


def test_ringall_rings_all_who_are_free() -> None:
    _, facts = lived(Strategy.RINGALL)

    rung = Counter(f.call_id for f in facts if isinstance(f, OfferStarted))
    assert max(rung.values()) == 8


def test_a_waiting_caller_is_looked_at_once_a_second() -> None:
    calm = replace(a_scenario(), habits=Habits(ring_s=(0, 0)))
    _, facts = lived(Strategy.LEASTRECENT, calm)

    came = {f.call_id: f.at for f in facts if isinstance(f, CallQueued)}
    waits_s = [
        (f.at - came[f.call_id]).total_seconds()
        for f in facts
        if isinstance(f, OfferStarted)
    ]
    assert any(waited_s > 0 for waited_s in waits_s)
    assert all(waited_s == int(waited_s) for waited_s in waits_s)


def test_fewestcalls_spreads_calls_evenly() -> None:
    calm = replace(a_scenario(calls_a_day=80), habits=Habits(ring_s=(0, 0)))
    result, _ = lived(Strategy.FEWESTCALLS, calm)

    calls = [result.tally.agents[agent(n)].calls for n in (0, 3, 6, 9)]
    assert max(calls) - min(calls) <= 3


def test_whoever_lets_it_ring_keeps_their_place_in_the_queue() -> None:
    deaf = replace(a_scenario(), habits=Habits(no_answer=1.0))
    _, facts = lived(Strategy.RRMEMORY, deaf)

    offers = [f for f in facts if isinstance(f, OfferStarted)]
    assert offers
    assert not any(isinstance(f, CallConnected) for f in facts)
    by_call: dict[CallId, list[OfferStarted]] = {}
    for offer in offers:
        by_call.setdefault(offer.call_id, []).append(offer)
    again = [made for made in by_call.values() if len(made) > 1]
    assert again
    for made in again:
        gap_s = (made[1].at - made[0].at).total_seconds()
        assert gap_s >= RING_S + 5
