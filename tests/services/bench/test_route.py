"""The bench of decisions: it decides, and those who wait do not hinder it."""

from services.runtime.bench.route import Bench


def test_every_trial_is_a_decision() -> None:
    bench = Bench(60)

    assert len(bench.choices_us(20)) == 20
    assert len(bench.turns_us(20)) == 20


def test_calls_that_nobody_serves_wait_beside_those_that_are_served() -> None:
    bench = Bench(60)
    bench.wait(30)

    assert len(bench.turns_us(20)) == 20
