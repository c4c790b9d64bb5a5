"""What an agent is expected to need, from the calls that were handled."""

import json
from datetime import UTC, datetime, timedelta
from math import exp, isclose, log
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from acd.routing.handling_time import HandlingTimes, Known
from acd.vocabulary.ids import AgentId
from tests.acd.routing.slow_times import SlowTimes

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ALICE, BOB, CAROL = AgentId("alice"), AgentId("bob"), AgentId("carol")

calls_of_some_days = st.lists(
    st.tuples(
        st.sampled_from([ALICE, BOB, CAROL]),
        st.sampled_from(["fault", "bill", "move"]),
        st.floats(1.0, 3000.0),
        st.integers(0, 40),
    ),
    max_size=120,
)
Told = list[tuple[AgentId, str, float, int]]


def day(n: float) -> datetime:
    return MORNING + timedelta(days=n)


def person(nth: int) -> AgentId:
    return AgentId(f"p{nth}")


def chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - the same again, no secret


def taught(times: HandlingTimes, who: AgentId, kind: str, *lengths_s: float) -> None:
    for length_s in lengths_s:
        times.learn(who, kind, length_s, MORNING)


def a_usual_floor() -> HandlingTimes:
    """Ten people who need 200 s on the average."""
    times, random = HandlingTimes(), chance(1)
    for nth in range(10):
        for _ in range(40):
            length_s = exp(random.gauss(log(200) - 0.32, 0.8))
            times.learn(person(nth), "fault", length_s, MORNING)
    return times


@settings(max_examples=60, deadline=None)
@given(calls_of_some_days)
def test_each_update_gives_what_a_new_sum_over_all_calls_gives(calls: Told) -> None:
    quick, slow = HandlingTimes(), SlowTimes()

    for who, kind, handle_s, on_day in sorted(calls, key=lambda call: call[3]):
        quick.learn(who, kind, handle_s, day(on_day))
        slow.learn(who, kind, handle_s, day(on_day))

    for who in (ALICE, BOB, CAROL, AgentId("nobody")):
        for kind in ("fault", "bill", "move", "unheard-of"):
            assert isclose(
                quick.expected_s(who, kind), slow.expected_s(who, kind), rel_tol=1e-7
            )


def test_nobody_is_anything_but_average_before_a_call_was_handled() -> None:
    times = HandlingTimes()

    assert times.expected_s(ALICE, "fault") == pytest.approx(240)
    assert times.estimate(ALICE, "fault").calls == 0


def test_a_new_agent_counts_as_average() -> None:
    times = a_usual_floor()

    new = times.estimate(ALICE, "fault")

    assert new.expected_s == times.average_s("fault")
    assert new.expected_s == pytest.approx(200, rel=0.1)
    assert new.low_s < new.expected_s < new.high_s


def test_one_call_changes_an_estimate_little_and_many_come_to_their_mean() -> None:
    times = a_usual_floor()
    average_s = times.average_s("fault")

    taught(times, ALICE, "fault", 60.0)
    after_one_s = times.expected_s(ALICE, "fault")
    taught(times, ALICE, "fault", *[60.0] * 4000)
    after_all = times.estimate(ALICE, "fault")

    assert 0.9 * average_s < after_one_s < average_s
    rest = times.components.rest("fault")
    assert after_all.expected_s == pytest.approx(60 * exp(rest / 2), rel=0.03)
    assert after_all.spread < 0.02


def test_what_is_learned_of_one_kind_tells_of_another_but_less() -> None:
    times = a_usual_floor()
    for nth in range(10):
        taught(times, person(nth), "bill", *[100.0, 150.0, 220.0] * 5)
    times.settle()

    taught(times, ALICE, "fault", *[60.0] * 30)

    own = times.expected_s(ALICE, "fault") / times.average_s("fault")
    other = times.expected_s(ALICE, "bill") / times.average_s("bill")
    assert own < other < 1


def test_whoever_takes_the_hard_kind_does_not_count_as_slow() -> None:
    times = HandlingTimes()
    random = chance(7)
    for _ in range(300):
        for nth in range(6):
            hard = random.random() < (0.9 if nth < 3 else 0.1)
            mean_s = 600 if hard else 150
            kind = "complaint" if hard else "bill"
            times.learn(
                person(nth), kind, random.lognormvariate(log(mean_s), 0.8), MORNING
            )

    slow = [times.expected_s(person(nth), "bill") for nth in range(3)]
    quick = [times.expected_s(person(nth), "bill") for nth in range(3, 6)]

    assert sum(slow) / 3 == pytest.approx(sum(quick) / 3, rel=0.12)


def test_a_kind_that_only_slow_people_take_does_not_look_long() -> None:
    times, random = HandlingTimes(), chance(9)
    for on_day in range(5):
        for nth in range(10):
            slow = 1.4 if nth < 3 else 1.0
            for kind in ("bill", "complaint") if nth < 3 else ("bill", "move"):
                for _ in range(40):
                    length_s = random.lognormvariate(log(200 * slow), 0.6)
                    times.learn(person(nth), kind, length_s, day(on_day))

    assert times.average_s("complaint") < 1.2 * times.average_s("bill")
    assert times.expected_s(person(0), "complaint") > 1.1 * times.average_s("complaint")


def test_after_a_half_life_without_calls_an_agents_calls_count_half() -> None:
    times = a_usual_floor()
    taught(times, ALICE, "fault", *[60.0] * 40)
    before = times.estimate(ALICE, "fault")

    times.learn(BOB, "fault", 200.0, day(28))
    after = times.estimate(ALICE, "fault")

    assert after.calls == pytest.approx(before.calls / 2)
    assert before.expected_s < after.expected_s < times.average_s("fault")
    assert after.spread > before.spread


def test_whoever_changes_speed_is_known_for_it_within_two_half_lives() -> None:
    times = HandlingTimes()
    random = chance(3)
    for on_day in range(112):
        for nth in range(8):
            slowed = 1.3 if nth == 0 and on_day >= 56 else 1.0
            for _ in range(20):
                length_s = slowed * random.lognormvariate(log(180), 0.8)
                times.learn(person(nth), "fault", length_s, day(on_day))

    assert times.expected_s(person(0), "fault") / times.average_s("fault") > 1.15


@settings(max_examples=100, deadline=None)
@given(st.floats(5, 5000), st.floats(5, 5000), st.integers(0, 30))
def test_a_longer_call_never_makes_an_agent_look_faster(
    one_s: float, other_s: float, before: int
) -> None:
    lower_s, higher_s = sorted((one_s, other_s))
    times, same = a_usual_floor(), a_usual_floor()
    taught(times, ALICE, "fault", *[150.0] * before, lower_s)
    taught(same, ALICE, "fault", *[150.0] * before, higher_s)

    assert times.expected_s(ALICE, "fault") <= same.expected_s(ALICE, "fault") * (
        1 + 1e-12
    )


def test_what_was_too_short_to_be_handled_teaches_nothing() -> None:
    times = a_usual_floor()
    before = times.known()

    taught(times, ALICE, "fault", 4.9, 0.0, -3.0, float("nan"))

    assert times.known() == before


def test_an_endless_call_counts_as_one_of_the_longest() -> None:
    times, same = a_usual_floor(), a_usual_floor()

    taught(times, ALICE, "fault", 86_400.0)
    taught(same, ALICE, "fault", exp(same.components.longest("fault")))

    assert times.known() == same.known()
    assert times.expected_s(ALICE, "fault") < 1.3 * times.average_s("fault")


def test_whoever_hands_calls_on_or_cuts_them_short_gains_nothing_by_it() -> None:
    times, same = a_usual_floor(), a_usual_floor()
    for _ in range(60):
        times.learn(ALICE, "fault", 8.0, MORNING, is_whole=False)
        same.learn(ALICE, "fault", 8.0, MORNING)

    average_s = times.average_s("fault")
    assert same.expected_s(ALICE, "fault") < 0.4 * average_s
    assert times.expected_s(ALICE, "fault") > 0.95 * average_s


def test_a_call_handed_on_late_counts_as_longer_than_it_was() -> None:
    times = a_usual_floor()

    for _ in range(10):
        times.learn(ALICE, "fault", 900.0, MORNING, is_whole=False)

    assert times.expected_s(ALICE, "fault") > times.average_s("fault")


def test_calls_drawn_from_the_model_give_back_the_order_of_the_true_means() -> None:
    random = chance(11)
    kinds = {"fault": log(240), "bill": log(150), "move": log(320)}
    truth: dict[tuple[AgentId, str], float] = {}
    for nth in range(60):
        agent = random.gauss(0, 0.2)
        for kind, mean in kinds.items():
            truth[person(nth), kind] = mean + agent + random.gauss(0, 0.12)
    times = HandlingTimes()
    draws = [pair for pair in truth for _ in range(60)]
    random.shuffle(draws)
    for who, kind in draws:
        length_s = random.lognormvariate(truth[who, kind], 0.8)
        times.learn(who, kind, length_s, MORNING)

    for kind in kinds:
        expected = [times.expected_s(person(nth), kind) for nth in range(60)]
        true = [truth[person(nth), kind] for nth in range(60)]
        assert rank_correlation(expected, true) > 0.85
    components = times.components
    assert components.pooled == pytest.approx(0.64, rel=0.05)
    assert components.agents**0.5 == pytest.approx(0.20, abs=0.05)
    assert components.kinds**0.5 == pytest.approx(0.12, abs=0.04)
    inside = [
        e.low_s <= exp(truth[pair] + 0.32) <= e.high_s
        for pair in truth
        for e in [times.estimate(*pair)]
    ]
    assert 0.82 < sum(inside) / len(inside) < 0.97


def test_the_shrunken_estimate_errs_less_than_the_raw_mean_of_few_calls() -> None:
    random = chance(5)
    true = {person(nth): log(200) + random.gauss(0, 0.23) for nth in range(80)}
    times = HandlingTimes()
    raw: dict[AgentId, float] = {}
    for who, mean in true.items():
        lengths = [random.lognormvariate(mean, 0.8) for _ in range(20)]
        raw[who] = sum(lengths) / 20
        taught(times, who, "fault", *lengths)
    times.settle()

    def error(told: dict[AgentId, float]) -> float:
        return sum((log(told[w]) - true[w] - 0.32) ** 2 for w in true)

    assert error({who: times.expected_s(who, "fault") for who in true}) < 0.8 * error(
        raw
    )


def test_a_kind_that_nobody_knew_does_not_make_its_agents_look_slow() -> None:
    times = a_usual_floor()
    for nth in range(10):
        times.learn(person(nth), "storm", 1200.0, MORNING)

    before = times.expected_s(person(0), "fault")
    for _ in range(3):
        for nth in range(5):
            times.learn(person(nth), "storm", 1200.0, MORNING)

    assert times.average_s("storm") > 700
    assert times.expected_s(person(0), "fault") == pytest.approx(before, rel=0.15)


@settings(max_examples=30, deadline=None)
@given(calls_of_some_days, calls_of_some_days)
def test_what_was_kept_learns_on_as_if_it_had_never_been_put_down(
    before: Told, after: Told
) -> None:
    form = TypeAdapter(Known)
    lived = HandlingTimes()
    for who, kind, handle_s, on_day in before:
        lived.learn(who, kind, handle_s, day(on_day))

    kept = HandlingTimes(form.validate_json(form.dump_json(lived.known())))
    for who, kind, handle_s, on_day in after:
        lived.learn(who, kind, handle_s, day(on_day), is_whole=handle_s > 30)
        kept.learn(who, kind, handle_s, day(on_day), is_whole=handle_s > 30)

    assert kept.known() == lived.known()
    assert json.loads(form.dump_json(kept.known()))


def test_estimates_stand_still_between_ones_own_calls() -> None:
    times = a_usual_floor()
    revision, before = times.revision, times.expected_s(person(1), "fault")

    taught(times, person(2), "fault", 30.0, 40.0, 50.0)

    assert times.revision == revision
    assert times.expected_s(person(1), "fault") == before


def test_a_clock_that_was_far_ahead_does_not_stop_the_learning() -> None:
    times = a_usual_floor()
    times.learn(ALICE, "fault", 100.0, day(4000))

    for _ in range(200):
        times.learn(BOB, "fault", 100.0, day(1))
    times.learn(BOB, "fault", 100.0, day(29))

    assert times.estimate(BOB, "fault").calls == pytest.approx(101, abs=2)


def rank_correlation(one: list[float], other: list[float]) -> float:
    def ranks(values: list[float]) -> dict[int, int]:
        order = sorted(range(len(values)), key=values.__getitem__)
        return {index: rank for rank, index in enumerate(order)}

    a, b, n = ranks(one), ranks(other), len(one)
    return 1 - 6 * sum((a[i] - b[i]) ** 2 for i in range(n)) / (n * (n * n - 1))
