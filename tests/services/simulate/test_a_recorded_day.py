"""A day from the records: its decisions again, and what others would have come to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from acd.simulation.run import simulate
from acd.simulation.world import START
from acd.vocabulary.facts import Fact
from services.runtime.simulate.policies import AS_WRITTEN, DEFAULT
from services.runtime.simulate.recorded import (
    NothingOnRecord,
    NotOfTheEngine,
    day_of,
    live_again,
)
from tests.acd.simulation.small import a_scenario

SINCE = START - timedelta(hours=1)


@pytest.fixture(scope="module")
def facts() -> list[Fact]:
    found: list[Fact] = []
    simulate(a_scenario(calls_a_day=200), seed=2, hear=found.append)
    return found


def test_a_day_gives_its_decisions_again_and_its_figures(facts: list[Fact]) -> None:
    floor = a_scenario().floor
    figures = simulate(a_scenario(calls_a_day=200), seed=2).figures

    day = live_again(facts, floor=floor, since=SINCE, names=[AS_WRITTEN, DEFAULT])

    own = day.compared[AS_WRITTEN]
    assert own.recorded == own.made == own.same > 100
    again = day.report.figures(AS_WRITTEN)[0]
    assert again.whole == replace(figures.whole)
    assert day.report.figures(DEFAULT)[0].whole.offered == figures.whole.offered


def test_a_model_of_another_system_cannot_go_on_from_a_record(
    facts: list[Fact],
) -> None:
    with pytest.raises(NotOfTheEngine, match="it lives through scenarios"):
        live_again(
            facts,
            floor=a_scenario().floor,
            since=SINCE,
            names=["app_queue_ringall"],
        )


def test_a_day_on_which_nobody_waited_is_told() -> None:
    since = datetime(2026, 11, 1, tzinfo=UTC)

    with pytest.raises(NothingOnRecord, match="no call that waited is on record"):
        live_again([], floor=a_scenario().floor, since=since, names=[AS_WRITTEN])


def test_a_day_is_as_long_as_the_clock_says() -> None:
    since, until = day_of(datetime(2026, 11, 1))  # noqa: DTZ001 - as typed

    assert since.utcoffset() is not None
    assert until - since == timedelta(days=1)
