"""When a caller has begun and has finished, by a table and by properties."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.speech.ending import (
    START_WITHIN_S,
    EndedBy,
    Ending,
    Speaking,
    Times,
    times_for,
)
from services.speech.voicing import PIECE_SAMPLES, Loudness, samples_of
from tests.services.speech.sounds import noise, silence, tone

STEP_S = 0.032
TIMES = Times(start_within_s=5.0, trailing_s=0.7, longest_s=10.0, onset_s=0.12)
VOICES = st.lists(
    st.tuples(st.booleans(), st.integers(1, 60)), min_size=1, max_size=30
).map(lambda runs: [voice for voice, length in runs for _ in range(length)])


def after(voices: list[bool], times: Times = TIMES) -> Ending:
    now = Ending(times=times)
    for is_voice in voices:
        now = now.after(is_voice=is_voice, length_s=STEP_S)
    return now


def lasting(*parts: tuple[bool, float]) -> list[bool]:
    return [voice for voice, length in parts for _ in range(round(length / STEP_S))]


@pytest.mark.parametrize(
    ("parts", "state", "why"),
    [
        ([(False, 4.5)], Speaking.WAITING, None),
        ([(False, 5.1)], Speaking.ENDED, EndedBy.NOTHING_SAID),
        ([(False, 1), (True, 0.07)], Speaking.RISING, None),
        # A click, a cough's first sound: not a word.
        ([(True, 0.07), (False, 1)], Speaking.WAITING, None),
        ([(True, 0.07), (False, 5.1)], Speaking.ENDED, EndedBy.NOTHING_SAID),
        ([(True, 1)], Speaking.TALKING, None),
        ([(True, 1), (False, 0.5)], Speaking.TRAILING, None),
        ([(True, 1), (False, 0.5), (True, 0.1)], Speaking.TALKING, None),
        ([(True, 1), (False, 0.8)], Speaking.ENDED, EndedBy.SILENCE),
        ([(True, 1), (False, 0.5)] * 9, Speaking.ENDED, EndedBy.LONGEST),
        ([(True, 11)], Speaking.ENDED, EndedBy.LONGEST),
        # A word that begins at the last moment is heard out.
        ([(False, 4.9), (True, 1)], Speaking.TALKING, None),
    ],
)
def test_a_phrase_begins_and_ends_by_the_table(
    parts: list[tuple[bool, float]], state: Speaking, why: EndedBy | None
) -> None:
    now = after(lasting(*parts))

    assert (now.state, now.ended_by) == (state, why)


@given(voices=VOICES)
def test_an_end_is_for_good_and_has_a_reason(voices: list[bool]) -> None:
    states = [after(voices[:n]) for n in range(len(voices) + 1)]

    for before, now in pairwise(states):
        assert now.heard_s >= before.heard_s
        assert before.has_begun <= now.has_begun
        if before.state is Speaking.ENDED:
            assert now == before
    assert all((s.state is Speaking.ENDED) == (s.ended_by is not None) for s in states)


@given(voices=VOICES)
def test_no_phrase_outlasts_its_times(voices: list[bool]) -> None:
    now = after(voices)

    most = TIMES.start_within_s + TIMES.onset_s + TIMES.longest_s + 2 * STEP_S
    assert now.heard_s <= most
    assert now.spoken_s <= TIMES.longest_s + STEP_S


@given(voices=VOICES)
def test_silence_ends_only_what_was_said(voices: list[bool]) -> None:
    now = after(voices)

    assert (now.ended_by is EndedBy.NOTHING_SAID) <= (not now.has_begun)
    assert (now.ended_by is EndedBy.SILENCE) <= now.has_begun


@given(voices=VOICES, longer=st.floats(0, 3))
def test_a_longer_patience_never_ends_sooner(voices: list[bool], longer: float) -> None:
    patient = Times(start_within_s=5.0, trailing_s=0.7 + longer, longest_s=10.0)

    assert after(voices, patient).heard_s >= after(voices).heard_s - 1e-9


def test_a_number_in_groups_has_longer_breaths() -> None:
    assert times_for(0, 6.0).trailing_s < times_for(10, 6.0).trailing_s
    assert times_for(10, 6.0).start_within_s == START_WITHIN_S
    assert times_for(10, 2.0).start_within_s == 2.0


def voiced(sound: bytes) -> list[bool]:
    samples, listener = samples_of(sound), Loudness()
    whole = range(0, len(samples) - PIECE_SAMPLES + 1, PIECE_SAMPLES)
    return [listener.is_voice(samples[at : at + PIECE_SAMPLES]) for at in whole]


def test_by_loudness_a_tone_after_silence_is_a_voice_and_silence_is_none() -> None:
    found = voiced(silence(1) + tone(1) + silence(1))

    assert not any(found[:31])
    assert all(found[32:62])
    assert not any(found[64:])


def test_by_loudness_a_noisy_line_is_no_voice_but_a_voice_above_it_is() -> None:
    quiet, loud = noise(2, level=0.01), noise(2, level=0.1)

    assert not any(voiced(quiet))
    assert sum(voiced(quiet + loud)) > 50
