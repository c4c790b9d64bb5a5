"""From any rate to the telephone's."""

import math
from array import array
from itertools import pairwise

import pytest

from services.prompts.resample import to_telephone


def tone(hz: float, rate_hz: int = 22050) -> "array[int]":
    turn = 2 * math.pi * hz / rate_hz
    return array("h", [round(16000 * math.sin(turn * n)) for n in range(rate_hz // 2)])


def loudness_db(samples: "array[int]") -> float:
    middle = samples[200:-200]
    power = sum(sample**2 for sample in middle) / len(middle)
    return 10 * math.log10(power / (16000**2 / 2) + 1e-12)


@pytest.mark.parametrize("hz", [300, 1000, 2000, 2900])
def test_what_a_telephone_carries_is_kept(hz: int) -> None:
    made = to_telephone(tone(hz), 22050)

    assert len(made) == 4000
    assert abs(loudness_db(made)) < 0.2


@pytest.mark.parametrize("hz", [4100, 5000, 7000, 7900, 10000])
def test_what_it_cannot_carry_is_not_folded_back(hz: int) -> None:
    assert loudness_db(to_telephone(tone(hz), 22050)) < -45


def test_the_pitch_stays() -> None:
    made = to_telephone(tone(1000), 22050)

    crossings = sum(a < 0 <= b for a, b in pairwise(made))
    assert crossings == pytest.approx(500, abs=2)


def test_the_loudest_sound_does_not_turn_over() -> None:
    square = array("h", [32767 if n // 20 % 2 else -32768 for n in range(4000)])

    made = to_telephone(square, 22050)

    assert (max(made), min(made)) == (32767, -32768)


def test_a_sound_at_the_right_rate_and_no_sound_are_left_as_they_are() -> None:
    assert to_telephone(array("h", [1, -2, 3]), 8000) == array("h", [1, -2, 3])
    assert to_telephone(array("h"), 22050) == array("h")


def test_a_rate_below_the_telephones_is_refused() -> None:
    with pytest.raises(ValueError, match="rate 4000: lower than 8000"):
        to_telephone(array("h", [1]), 4000)
