"""When a process that gives no answer counts as stalled."""

from services.watchdog.silence import Silence

LIMIT_S = 5.0


def silent(*looks_s: float) -> Silence:
    """Begin at 0, and get no answer at any of these looks."""
    silence = Silence.begun(0.0)
    for look_s in looks_s:
        silence = silence.missed(look_s)
    return silence


def test_five_seconds_without_an_answer_are_a_stall() -> None:
    assert silent(1, 2, 3, 4, 5).is_stalled(5.0, limit_s=LIMIT_S)


def test_less_is_none() -> None:
    assert not silent(1, 2, 3, 4).is_stalled(4.9, limit_s=LIMIT_S)


def test_an_answer_begins_it_anew() -> None:
    silence = silent(1, 2, 3, 4).answered(4.5).missed(5.5)

    assert silence.lasts_s(5.5) == 1.0
    assert not silence.is_stalled(5.5, limit_s=LIMIT_S)


def test_time_in_which_we_stood_still_ourselves_is_nobodys_silence() -> None:
    silence = silent(1, 61)

    assert silence.lasts_s(61) == 1.0
    assert not silence.is_stalled(61, limit_s=LIMIT_S)


def test_one_late_look_is_no_proof() -> None:
    assert not silent(1.9, 3.8, 5.7).is_stalled(5.7, limit_s=LIMIT_S)
