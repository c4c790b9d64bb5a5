"""What the bench of speech makes of what was heard."""

import pytest

from ivr.sounds import Language
from ivr.understanding.grammar import DANGER, Grammar
from services.runtime.bench.speech import Found, Trial, _figures, wilson


def found(wanted: str | None, choice: str | None, snr_db: float | None = None) -> Found:
    trial = Trial(
        text="x",
        wanted=wanted,
        grammar=Grammar(language=Language.EN),
        voice=("", 150),
        snr_db=snr_db,
    )
    return Found(
        trial=trial, heard="x", confidence=0.5, choice=choice, took_s=1.0, lasts_s=2.0
    )


def test_shares_are_of_those_they_speak_of() -> None:
    figures = {
        one.name: (one.value, one.n)
        for one in _figures(
            [
                found("1", "1"),
                found("1", None),
                found("1", "1", 10.0),
                found(DANGER, DANGER),
                found(None, None),
                found(None, DANGER),
            ]
        )
    }

    assert figures == {
        "intents clean": (50.0, 2),
        "intents 10 dB": (100.0, 1),
        "danger": (100.0, 1),
        "outside": (50.0, 2),
        "danger falsely": (20.0, 5),
        "real-time factor p95": (0.5, 6),
    }


def test_too_few_say_nothing_of_a_floor() -> None:
    assert {one.holds for one in _figures([found("1", None)])} == {None}


def test_an_interval_is_within_what_can_be() -> None:
    low, high = wilson(291, 300)

    assert low == pytest.approx(0.944, abs=0.001)
    assert high == pytest.approx(0.984, abs=0.001)
    assert wilson(0, 3)[0] == 0.0
    assert wilson(3, 3)[1] == pytest.approx(1.0)
