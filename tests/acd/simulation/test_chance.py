"""Draws are known by what they are for."""

from statistics import fmean, pstdev

import pytest

from acd.simulation.chance import Chance


def test_a_stream_of_the_same_numbers_gives_the_same_draws() -> None:
    one, other = Chance(7, 1, 2), Chance(7, 1, 2)

    assert [one.share() for _ in range(9)] == [other.share() for _ in range(9)]


def test_streams_of_other_numbers_have_nothing_in_common() -> None:
    firsts = {Chance(7, 1, n).share() for n in range(1000)}

    assert len(firsts) == 1000
    assert fmean(firsts) == pytest.approx(0.5, abs=0.03)


def test_normal_draws_are_normal() -> None:
    chance = Chance(3)
    drawn = [chance.normal() for _ in range(4000)]

    assert fmean(drawn) == pytest.approx(0, abs=0.06)
    assert pstdev(drawn) == pytest.approx(1, abs=0.05)


def test_spans_have_their_mean() -> None:
    chance = Chance(4)

    assert fmean(chance.span(180) for _ in range(4000)) == pytest.approx(180, rel=0.06)


def test_a_pick_follows_the_weights() -> None:
    chance = Chance(5)
    picked = [chance.pick((1, 0, 3)) for _ in range(4000)]

    assert picked.count(1) == 0
    assert picked.count(2) / picked.count(0) == pytest.approx(3, rel=0.15)


def test_a_pick_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="a weight above 0 would do"):
        Chance(1).pick((0, 0))


def test_shuffled_numbers_are_all_there() -> None:
    assert sorted(Chance(6).shuffled(50)) == list(range(50))
