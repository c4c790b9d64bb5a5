"""Figures: what is said of a floor, and from how many trials on."""

import pytest

from services.runtime.bench.figures import Figure, latency, machine, percentile


def _figure(value: float, n: int = 1, **more: object) -> Figure:
    return Figure(name="f", value=value, unit="ms", n=n, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 50), (99, 99), (100, 100), (1, 1), (0, 1)]
)
def test_a_percentile_is_a_value_that_was_measured(
    percent: float, expected: float
) -> None:
    assert percentile(list(range(100, 0, -1)), percent) == expected


def test_of_nothing_there_is_no_percentile() -> None:
    with pytest.raises(ValueError, match="at least one value would do, got none"):
        percentile([], 50)


def test_a_floor_holds_at_its_own_value_and_not_beyond() -> None:
    assert _figure(10.0, floor=10.0).holds is True
    assert _figure(10.1, floor=10.0).holds is False
    assert _figure(4.0, floor=4.0, is_more_better=True).holds is True
    assert _figure(3.9, floor=4.0, is_more_better=True).holds is False
    assert _figure(10.0).holds is None


def test_of_too_few_trials_nothing_is_said() -> None:
    few, enough = (
        list(latency("t", [1.0] * (n - 1) + [900.0], p50_floor=5, p99_floor=60))
        for n in (99, 100)
    )

    assert [figure.holds for figure in few] == [True, None]
    assert [figure.holds for figure in enough] == [True, True]
    assert few[1].value == 900.0


def test_where_nothing_was_measured_there_are_no_figures() -> None:
    assert list(latency("t", [], p50_floor=5)) == []


def test_a_figure_is_told_with_its_trials_and_its_floor() -> None:
    assert _figure(12.34567, 7, floor=30.0, more={"max": 50.0}).as_json() == {
        "name": "f",
        "value": 12.346,
        "unit": "ms",
        "n": 7,
        "floor": 30.0,
        "goal": None,
        "holds": True,
        "more": {"max": 50.0},
    }


def test_the_machine_is_told_with_what_makes_figures_differ() -> None:
    told = machine()

    assert {"cpu", "cores", "memory_mb", "python", "load_before"} <= told.keys()
    assert told["memory_mb"] != 0
