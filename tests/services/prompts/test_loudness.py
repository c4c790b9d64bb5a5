"""Speech is measured without its pauses, and all prompts are as loud as each other."""

import math
import random
from array import array

import pytest

from ivr.sounds import Language
from services.prompts.loudness import (
    levelled,
    silent_ends_s,
    speech_level_dbov,
    trimmed,
)
from services.prompts.speech import speak
from services.prompts.wording import runs_of
from tests.services.prompts.test_a_prompt_store import espeak


def tone(level_dbov: float, length_s: float = 1.0) -> "array[int]":
    peak = 32768 * 10 ** (level_dbov / 20) * math.sqrt(2)
    turn = 2 * math.pi * 440 / 8000
    return array(
        "h", [round(peak * math.sin(turn * n)) for n in range(int(length_s * 8000))]
    )


def silence(length_s: float) -> "array[int]":
    return array("h", bytes(2 * int(length_s * 8000)))


@pytest.mark.parametrize("level", [-6.0, -20.0, -40.0])
def test_pauses_do_not_count(level: float) -> None:
    spoken = tone(level) + silence(3) + tone(level) + silence(1)

    assert speech_level_dbov(spoken) == pytest.approx(level, abs=0.1)


def test_the_noise_of_a_room_does_not_count() -> None:
    chance = random.Random(1)  # noqa: S311 - noise, the same each time
    room = array("h", [round(chance.gauss(0, 30)) for _ in range(24000)])

    assert speech_level_dbov(tone(-20) + room) == pytest.approx(-20, abs=0.1)


def test_nothing_has_no_level_and_stays_nothing() -> None:
    assert speech_level_dbov(silence(1)) == -math.inf
    assert speech_level_dbov(array("h")) == -math.inf
    assert levelled(silence(1)) == silence(1)
    assert trimmed(silence(1)) == silence(1)


@pytest.mark.parametrize("level", [-3.5, -12.0, -20.0, -33.0, -45.0])
def test_whatever_came_is_brought_to_one_level(level: float) -> None:
    assert speech_level_dbov(levelled(tone(level))) == pytest.approx(-20, abs=0.1)


def test_what_is_hardly_there_is_not_made_loud() -> None:
    assert speech_level_dbov(levelled(tone(-70))) == pytest.approx(-40, abs=1)


def test_loud_peaks_are_bent_and_not_cut() -> None:
    peaks = tone(-40)
    peaks[::800] = array("h", [20000] * 10)

    made = levelled(peaks)

    assert 24000 < max(made) < 32768
    assert made[1] == -made[-1] or max(made[1:800]) < 24000


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("停电报修请按1，人工服务请按0。", Language.ZH),
        ("十二元五角", Language.ZH),
        ("Press one for an outage, or stay on the line.", Language.EN),
        ("two PM", Language.EN),
    ],
)
def test_all_that_the_voices_say_is_as_loud(text: str, language: Language) -> None:
    made = levelled(speak(espeak(), runs_of(text, language)))

    assert speech_level_dbov(made) == pytest.approx(-20, abs=0.5)
    assert max(made) < 32767


def test_silence_at_the_ends_is_measured_and_cut_to_a_breath() -> None:
    spoken = silence(1) + tone(-20) + silence(0.5) + tone(-20) + silence(2)

    assert silent_ends_s(spoken) == pytest.approx((1, 2))
    assert silent_ends_s(silence(1)) == (1, 0)
    # What is between stays.
    assert len(trimmed(spoken)) / 8000 == pytest.approx(2.5 + 0.02 + 0.15)
    assert trimmed(tone(-20)) == tone(-20)


def test_slow_is_a_third_longer() -> None:
    usual, slow = (
        len(trimmed(speak(espeak(), runs_of("停电报修请按1", Language.ZH, is_slow=it))))
        for it in (False, True)
    )

    assert 1.2 < slow / usual < 1.5
