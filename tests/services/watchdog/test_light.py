"""When a component turns red, and when it is believed to be well again."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from services.watchdog.light import Change, Component, Light, Patience, Reading

GREY, GREEN, YELLOW, RED = Light.GREY, Light.GREEN, Light.YELLOW, Light.RED
PATIENCE = Patience(worse_after=2, better_after=3)


def at(seconds: float) -> datetime:
    return datetime(2026, 11, 22, 8, tzinfo=UTC) + timedelta(seconds=seconds)


def looked(*lights: Light, patience: Patience = PATIENCE) -> list[Change]:
    """Look once a second, and return what changed."""
    component = Component(name="ami")
    changes = []
    for second, light in enumerate(lights):
        reading = Reading(light=light, sentence=f"{light} at {second}")
        component, change = component.looked(reading, at(second), patience)
        changes.append(change)
    return [change for change in changes if change]


def test_the_first_look_that_is_well_makes_it_green() -> None:
    (change,) = looked(GREEN, GREEN)

    assert (change.before, change.after, change.at) == (GREY, GREEN, at(0))


def test_one_bad_look_changes_nothing() -> None:
    assert len(looked(GREEN, RED, GREEN, RED, GREEN)) == 1


def test_it_is_red_since_the_first_of_the_bad_looks() -> None:
    _, change = looked(GREEN, GREEN, RED, RED)

    assert (change.before, change.after, change.at) == (GREEN, RED, at(2))
    assert change.sentence == "red at 3"


def test_what_is_red_now_and_yellow_then_is_yellow() -> None:
    _, change = looked(GREEN, RED, YELLOW)

    assert (change.after, change.at) == (YELLOW, at(1))


def test_what_gets_better_says_what_is_still_wrong() -> None:
    *_, change = looked(GREEN, RED, RED, YELLOW, GREEN, GREEN)

    assert (change.after, change.sentence) == (YELLOW, "yellow at 3")


def test_yellow_gets_worse_by_looks_that_are_red() -> None:
    _, warned, change = looked(GREEN, YELLOW, YELLOW, RED, RED)

    assert warned.after is YELLOW
    assert (change.before, change.after, change.at) == (YELLOW, RED, at(3))


def test_it_is_well_again_after_more_looks_than_it_took_to_be_ill() -> None:
    *_, change = looked(GREEN, RED, RED, GREEN, GREEN, GREEN)

    assert (change.before, change.after, change.at) == (RED, GREEN, at(3))


def test_looks_that_are_well_and_bad_in_turn_leave_it_red() -> None:
    assert len(looked(GREEN, RED, RED, *[GREEN, RED, GREEN, GREEN, RED] * 20)) == 2


def test_a_thing_at_its_limit_makes_no_more_than_one_alarm() -> None:
    at_the_limit = [GREEN, YELLOW] * 50

    assert len(looked(GREEN, *at_the_limit)) == 1


def test_bad_from_the_first_look_is_told_as_well() -> None:
    (change,) = looked(RED, RED)

    assert (change.before, change.after) == (GREY, RED)


@pytest.mark.parametrize(("before", "after"), list(product(Light, Light)))
def test_every_light_can_follow_every_other(before: Light, after: Light) -> None:
    component = Component(name="ami", light=before)
    change = None
    for second in range(3):
        reading = Reading(light=after, sentence="")
        component, now = component.looked(reading, at(second), PATIENCE)
        change = change or now

    assert component.light is after
    assert (change is None) == (before is after)
