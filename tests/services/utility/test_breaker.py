"""When a utility that fails is left alone."""

from services.utility.breaker import Breaker, BreakerState


def failing(breaker: Breaker, times: int, *, at_s: float) -> None:
    for _ in range(times):
        assert breaker.lets_through(at_s)
        breaker.failed(at_s)


def test_four_failures_in_a_row_change_nothing() -> None:
    breaker = Breaker()

    failing(breaker, 4, at_s=0)

    assert breaker.state is BreakerState.CLOSED
    assert breaker.lets_through(0)


def test_the_fifth_failure_in_a_row_has_the_utility_left_alone() -> None:
    breaker = Breaker()

    failing(breaker, 5, at_s=0)

    assert breaker.state is BreakerState.OPEN
    assert not breaker.lets_through(9.9)
    assert breaker.rests_s(4) == 6


def test_an_answer_between_failures_begins_the_count_anew() -> None:
    breaker = Breaker()

    failing(breaker, 4, at_s=0)
    breaker.succeeded()
    failing(breaker, 4, at_s=1)

    assert breaker.state is BreakerState.CLOSED


def test_after_the_rest_one_question_is_asked_to_see() -> None:
    breaker = Breaker()
    failing(breaker, 5, at_s=0)

    assert breaker.lets_through(10)
    assert breaker.state is BreakerState.HALF_OPEN
    assert not breaker.lets_through(10)


def test_a_trial_that_succeeds_opens_the_way_for_all() -> None:
    breaker = Breaker()
    failing(breaker, 5, at_s=0)
    assert breaker.lets_through(10)

    breaker.succeeded()

    assert breaker.state is BreakerState.CLOSED
    assert breaker.lets_through(10)


def test_a_trial_that_fails_begins_another_rest() -> None:
    breaker = Breaker()
    failing(breaker, 5, at_s=0)
    assert breaker.lets_through(10)

    breaker.failed(12)

    assert not breaker.lets_through(21.9)
    assert breaker.lets_through(22)


def test_a_trial_that_never_tells_what_came_of_it_is_followed_by_another() -> None:
    breaker = Breaker()
    failing(breaker, 5, at_s=0)
    assert breaker.lets_through(10)

    assert not breaker.lets_through(19.9)
    assert breaker.lets_through(20)
