"""A day on record lived through again: the same decisions, and others if asked."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from acd.choices import Blend, LongestIdle
from acd.policy import FloorPolicy
from acd.simulation.again import Again
from acd.simulation.record import record_of
from acd.simulation.run import simulate
from acd.simulation.world import START
from acd.vocabulary.facts import Fact
from acd.vocabulary.leg_facts import CallQueued
from acd.vocabulary.offer_facts import CallClosed, CallConnected, OfferStarted
from tests.acd.simulation.small import a_scenario
from tests.support.builders import (
    ALICE,
    BOB,
    Desk,
    a_floor,
    arrived,
    at,
    caller_leg,
    hung_up,
    queued,
)

CHOICES = (LongestIdle(), Blend())


def floor_by(choice: LongestIdle | Blend) -> FloorPolicy:
    floor = a_scenario().floor
    queues = {it: replace(queue, choice=choice) for it, queue in floor.queues.items()}
    return replace(floor, queues=queues)


def day_by(choice: LongestIdle | Blend) -> list[Fact]:
    facts: list[Fact] = []
    scenario = replace(a_scenario(calls_a_day=300), floor=floor_by(choice))
    simulate(scenario, seed=4, hear=facts.append)
    return facts


@pytest.mark.parametrize("choice", CHOICES)
def test_under_its_own_policy_a_day_gives_its_decisions_again(
    choice: LongestIdle | Blend,
) -> None:
    facts = day_by(choice)

    again = Again(record_of(facts, START - timedelta(hours=1)), floor_by(choice))
    compared = again.run()

    assert compared.recorded == compared.made == compared.same > 150
    assert compared.first_other is None
    assert again.made == [it for it in facts if isinstance(it, OfferStarted)]


@pytest.mark.parametrize("choice", CHOICES)
def test_what_was_known_before_counts_as_it_did(choice: LongestIdle | Blend) -> None:
    facts = day_by(choice)
    noon = START + timedelta(minutes=25)

    compared = Again(record_of(facts, noon), floor_by(choice)).run()

    assert compared.recorded == compared.same > 50


def test_under_another_policy_every_call_still_ends_once() -> None:
    facts = day_by(LongestIdle())
    again_facts: list[Fact] = []

    record = record_of(facts, START - timedelta(hours=1))
    compared = Again(record, floor_by(Blend()), hear=again_facts.append).run()

    assert compared.same < compared.recorded
    assert compared.first_other is not None
    came = Counter(f.call_id for f in again_facts if isinstance(f, CallQueued))
    ended = Counter(f.call_id for f in again_facts if isinstance(f, CallClosed))
    assert (
        came == ended == Counter(f.call_id for f in facts if isinstance(f, CallQueued))
    )
    assert set(ended.values()) == {1}


def test_under_another_policy_as_many_are_served_by_and_large() -> None:
    facts = day_by(LongestIdle())
    again_facts: list[Fact] = []

    record = record_of(facts, START - timedelta(hours=1))
    Again(record, floor_by(Blend()), hear=again_facts.append).run()

    served = sum(isinstance(f, CallConnected) for f in facts)
    served_again = sum(isinstance(f, CallConnected) for f in again_facts)
    assert served_again == pytest.approx(served, rel=0.1)


@pytest.mark.parametrize("late_s", [0.4, 4.0])
def test_a_deadline_is_acted_on_as_late_as_it_was(late_s: float) -> None:
    desk = Desk(a_floor(wrap_up_s=1))
    desk.ready(ALICE, BOB)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.talk(1, 2)
    # While it rings for the next call, a deadline lies far behind those to come.
    desk.tell(arrived(2, 7), queued(2, 8))
    desk.tell(hung_up(caller_leg(1), 9), hung_up(leg, 9))
    desk.tell(arrived(3, 10), queued(3, 10.2))
    desk.tick(10 + late_s)
    desk.tell(hung_up(caller_leg(3), 20))

    again = Again(record_of(desk.facts, at(-200)), a_floor(wrap_up_s=1))
    again.run()

    assert again.made == desk.said(OfferStarted)
    assert [it.agent_id for it in again.made] == [ALICE, BOB, ALICE]
