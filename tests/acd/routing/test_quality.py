"""How an agent's calls end, and what short calls gain whoever ends them badly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.routing.quality import Outcomes, Quality, gated_s
from acd.vocabulary.ids import AgentId

ALICE, BOB, CAROL = AgentId("alice"), AgentId("bob"), AgentId("carol")
counts = st.integers(0, 2000)


def within(quality: Quality, who: AgentId) -> bool:
    return quality.is_within(who, repeat_rate=0.15, least_calls=20)


def test_a_new_agent_resolves_as_many_calls_as_the_floor_does() -> None:
    quality = Quality.of({BOB: Outcomes(calls=10_000, repeats=2_000)})

    assert quality.repeat_rate(ALICE) == pytest.approx(0.2, abs=0.001)
    assert quality.resolved_share(ALICE) == pytest.approx(0.8, abs=0.001)
    assert within(quality, ALICE)


def test_many_calls_tell_what_an_agent_does_and_few_do_not() -> None:
    quality = Quality.of(
        {
            ALICE: Outcomes(calls=5, repeats=5),
            BOB: Outcomes(calls=3_000, repeats=1_500),
            CAROL: Outcomes(calls=50_000, repeats=5_000),
        }
    )

    assert quality.repeat_rate(ALICE) < 0.3
    assert quality.repeat_rate(BOB) == pytest.approx(0.5, abs=0.01)


def test_whose_callers_call_again_gains_nothing_by_short_calls() -> None:
    quality = Quality.of(
        {
            ALICE: Outcomes(calls=300, repeats=120),
            BOB: Outcomes(calls=9_000, repeats=800),
        }
    )

    assert not within(quality, ALICE)
    assert within(quality, BOB)
    assert gated_s(90.0, 240.0, is_within=within(quality, ALICE)) == 240.0
    assert gated_s(90.0, 240.0, is_within=within(quality, BOB)) == 90.0


def test_whoever_is_slow_and_out_of_bounds_does_not_gain_either() -> None:
    assert gated_s(400.0, 240.0, is_within=False) == 400.0


def test_whose_callers_are_dissatisfied_gains_nothing_by_short_calls() -> None:
    few = Outcomes(calls=300, repeats=10, rated=4, dissatisfied=4)
    many = Outcomes(calls=300, repeats=10, rated=80, dissatisfied=50)

    others = Outcomes(calls=9_000, repeats=800, rated=900, dissatisfied=60)

    assert within(Quality.of({ALICE: few, BOB: others}), ALICE)
    assert not within(Quality.of({ALICE: many, BOB: others}), ALICE)


def test_whoever_cuts_callers_short_gains_nothing_by_it() -> None:
    quality = Quality.of(
        {ALICE: Outcomes(calls=100, cut=30), BOB: Outcomes(calls=5_000, cut=20)}
    )

    assert not within(quality, ALICE)
    assert within(quality, BOB)


def test_nobody_is_judged_by_a_handful_of_calls() -> None:
    quality = Quality.of({ALICE: Outcomes(calls=19, repeats=19, cut=19)})

    assert within(quality, ALICE)


def test_bad_luck_alone_does_not_take_anybody_out_of_bounds() -> None:
    quality = Quality.of(
        {
            ALICE: Outcomes(calls=40, repeats=8),
            BOB: Outcomes(calls=10_000, repeats=1_000),
        }
    )

    assert quality.agents[ALICE].repeats / quality.agents[ALICE].calls > 0.15
    assert within(quality, ALICE)


@given(counts, counts, counts)
def test_rates_are_shares_and_more_repeats_are_never_better(
    calls: int, repeats: int, more: int
) -> None:
    repeats, more = sorted((min(repeats, calls), min(more, calls)))
    others = Outcomes(calls=1_000, repeats=100)
    better = Quality.of({ALICE: Outcomes(calls=calls, repeats=repeats), BOB: others})
    worse = Quality.of({ALICE: Outcomes(calls=calls, repeats=more), BOB: others})

    assert 0 < better.repeat_rate(ALICE) <= worse.repeat_rate(ALICE) < 1
    assert 0.2 <= worse.resolved_share(ALICE) <= better.resolved_share(ALICE) < 1
    assert within(better, ALICE) or not within(worse, ALICE)
