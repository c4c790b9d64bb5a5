import pytest

from services.runtime.restarts import DELAYS_S, START_ORDER, STEADY_S, Restarts


def test_nothing_is_due_when_nothing_died() -> None:
    restarts = Restarts()

    assert restarts.next_deadline_s is None
    assert restarts.take_due(now_s=1e9) == ((), restarts)


def test_a_part_that_died_is_due_after_the_first_delay() -> None:
    restarts = Restarts().died("asterisk", at_s=100.0, ran_s=1000.0)

    assert restarts.next_deadline_s == pytest.approx(100.2)
    assert restarts.take_due(now_s=100.1)[0] == ()
    due, left = restarts.take_due(now_s=100.3)
    assert due == ("asterisk",)
    assert left.next_deadline_s is None


def test_each_death_in_a_row_waits_longer_up_to_five_seconds() -> None:
    restarts, waited = Restarts(), []

    for _ in range(8):
        restarts = restarts.died("engine", at_s=0.0, ran_s=1.0)
        waited.append(restarts.next_deadline_s)

    assert waited == [*DELAYS_S, 5.0, 5.0]


def test_a_part_that_ran_long_begins_with_the_first_delay_again() -> None:
    restarts = Restarts()
    for _ in range(5):
        restarts = restarts.died("engine", at_s=0.0, ran_s=1.0)

    restarts = restarts.died("engine", at_s=0.0, ran_s=STEADY_S)

    assert restarts.next_deadline_s == DELAYS_S[0]


def test_the_delays_of_one_part_are_not_anothers() -> None:
    restarts = Restarts()
    for _ in range(5):
        restarts = restarts.died("engine", at_s=0.0, ran_s=1.0)
    _, restarts = restarts.take_due(now_s=10.0)

    restarts = restarts.died("asterisk", at_s=10.0, ran_s=1.0)

    assert restarts.next_deadline_s == pytest.approx(10.2)


def test_what_died_together_is_started_in_the_order_of_needs() -> None:
    restarts = Restarts()
    for part in reversed(START_ORDER):
        restarts = restarts.died(part, at_s=0.0, ran_s=100.0)

    assert restarts.take_due(now_s=1.0)[0] == START_ORDER


def test_the_engine_is_started_while_the_database_still_waits() -> None:
    restarts = Restarts()
    for _ in range(4):
        restarts = restarts.died("postgresql", at_s=0.0, ran_s=0.0)
    restarts = restarts.died("engine", at_s=0.0, ran_s=100.0)

    due, left = restarts.take_due(now_s=0.3)

    assert due == ("engine",)
    assert left.next_deadline_s == pytest.approx(1.6)


def test_a_part_that_is_renewed_is_due_at_once_and_has_not_died() -> None:
    restarts = Restarts().died("engine", at_s=0.0, ran_s=1.0)

    restarts = restarts.renewed("engine", at_s=5.0)

    assert restarts.take_due(now_s=5.0)[0] == ("engine",)
    assert restarts.died("engine", at_s=6.0, ran_s=1.0).due_at_s["engine"] == 6.2
