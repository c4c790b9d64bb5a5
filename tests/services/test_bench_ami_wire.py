"""The measurement of the wire measures what it says."""

import pytest

from services.runtime.bench import ami_wire


def test_it_counts_every_event_with_each_reader_and_tells_the_stream() -> None:
    figures = ami_wire.measure(seed=1, events=600, rounds=1)

    assert figures.events == 600
    # performance.md, C1: 430 bytes and 19.2 headers an event.
    assert 380 < figures.mean_bytes < 500
    assert 18 < figures.mean_headers < 21
    assert figures.full_ratio > 0
    assert figures.lazy_ratio > 0


def test_the_same_seed_is_the_same_stream() -> None:
    assert list(ami_wire._events(7, 50)) == list(ami_wire._events(7, 50))
    assert list(ami_wire._events(7, 50)) != list(ami_wire._events(8, 50))


def test_a_reader_that_misses_an_event_voids_the_figures() -> None:
    with pytest.raises(ValueError, match="must see 5 events, got 0"):
        ami_wire._rate(lambda chunks: 0, [], 5)
