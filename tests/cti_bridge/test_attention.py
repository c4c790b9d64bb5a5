"""What ends a listening step, on a clock that is a value."""

from hypothesis import given
from hypothesis import strategies as st

from cti_bridge.audiosocket.attention import (
    FINISH_S,
    PHRASE_S,
    SPEAKING_S,
    STALL_S,
    Attention,
    Hears,
)
from ivr.ports import HearingBroke, KeyHeard, NothingHeard, Recognised, WordsSpoken
from ivr.understanding.outcome import Said

FITS, NOISE = (Said("停电"),), (Said("嗯", 0.3),)


def attention(*, sounds: int = 2, limit_s: float = 5.0, keys: str = "12") -> Attention:
    return Attention(
        keys=keys,
        limit_s=limit_s,
        fits=lambda said: said == FITS,
        sounds=sounds,
        now_s=100.0,
    )


def seen(step: Attention, now_s: float) -> Hears:
    step.look(now_s)
    return step.hears


def partial(said: tuple[Said, ...]) -> Recognised:
    return Recognised(said=said, is_final=False)


def final(said: tuple[Said, ...] = ()) -> Recognised:
    return Recognised(said=said, is_final=True)


def test_a_key_cuts_a_prompt_short_and_tells_how_far_it_came() -> None:
    step = attention()

    step.pressed("7", 100.5)
    assert step.outcome is None, "a key that cuts nothing short"
    step.pressed("1", 101.25)
    assert step.outcome == KeyHeard(key="1", after_ms=1250)


def test_behind_the_prompt_every_key_counts() -> None:
    step = attention()

    step.prompt_ended(103.0)
    step.pressed("7", 104.0)
    assert step.outcome == KeyHeard(key="7", after_ms=None)


def test_noise_cuts_nothing_short() -> None:
    step = attention()

    step.recognised(partial(NOISE), 100.4)
    assert step.hears is Hears.PROMPT
    step.recognised(final(NOISE), 100.9)
    assert (step.hears, step.outcome) == (Hears.PROMPT, None)


def test_words_that_fit_silence_the_prompt_and_are_taken_when_they_end() -> None:
    step = attention()

    step.recognised(partial(FITS), 100.4)
    assert (step.hears, step.outcome) == (Hears.PHRASE, None)
    step.loud_s = 101.0
    step.recognised(final(FITS), 101.2)
    assert step.outcome == WordsSpoken(said=FITS, after_ms=400, took_ms=200)


def test_words_that_began_before_the_prompt_ended_are_heard_to_their_end() -> None:
    step = attention(limit_s=5)

    step.recognised(partial(NOISE), 100.8)
    step.prompt_ended(101.0)
    assert step.hears is Hears.PHRASE
    step.recognised(final(NOISE), 101.5)
    assert step.outcome == WordsSpoken(said=NOISE, after_ms=None, took_ms=1500)


def test_a_recogniser_that_says_nothing_more_is_asked_and_then_given_up() -> None:
    step = attention()

    step.recognised(partial(FITS), 101.0)
    step.look(101.0 + STALL_S)
    assert step.hears is Hears.FINISHING
    step.look(101.0 + STALL_S + FINISH_S)
    assert isinstance(step.outcome, HearingBroke)
    assert step.outcome.left_s == 5.0, "the prompt is said again, and waited behind"
    assert STALL_S + FINISH_S < 4


def test_who_speaks_on_is_not_cut_off_but_for_the_longest_phrase() -> None:
    step = attention()

    step.recognised(partial(FITS), 101.0)
    step.loud_s = 109.0
    assert seen(step, 110.0) is Hears.PHRASE
    step.loud_s = 101.0 + PHRASE_S
    assert seen(step, 101.0 + PHRASE_S) is Hears.FINISHING


def test_when_the_time_is_over_the_recogniser_is_asked_for_what_it_has() -> None:
    step = attention(sounds=0)

    step.look(105.0)
    assert step.hears is Hears.FINISHING
    step.recognised(final(), 105.1)
    assert step.outcome == NothingHeard()


def test_who_is_loud_when_the_time_is_over_is_waited_for() -> None:
    step = attention(sounds=0)

    step.loud_s = 104.9
    assert seen(step, 105.0) is Hears.WAITS
    step.loud_s = 105.0 + SPEAKING_S
    # A noisy line must not wait for ever.
    assert seen(step, 105.0 + SPEAKING_S) is Hears.FINISHING


def test_what_cut_a_prompt_counts_though_the_end_takes_it_back() -> None:
    step = attention()

    step.recognised(partial(FITS), 101.0)
    step.recognised(final(), 102.0)
    assert step.outcome == WordsSpoken(said=FITS, after_ms=1000, took_ms=2000)


def test_who_has_spoken_waits_for_no_recogniser_that_is_silent_until_its_end() -> None:
    step = attention(sounds=0, limit_s=30)

    step.is_recognised, step.loud_s = True, 102.0
    assert seen(step, 102.0 + STALL_S - 0.1) is Hears.WAITS
    assert seen(step, 102.0 + STALL_S) is Hears.FINISHING
    step.look(102.0 + STALL_S + FINISH_S)
    assert isinstance(step.outcome, HearingBroke)
    assert step.outcome.was_spoken
    assert STALL_S + FINISH_S < 4


def test_who_only_coughed_has_the_rest_of_the_time() -> None:
    step = attention(sounds=0, limit_s=30)

    step.is_recognised, step.loud_s = True, 102.0
    assert seen(step, 102.0 + STALL_S) is Hears.FINISHING
    step.recognised(final(), 104.5)
    step.is_recognised = False
    assert (seen(step, 105.0), step.outcome) == (Hears.WAITS, None)
    step.look(130.0)
    step.recognised(final(), 130.1)
    assert step.outcome == NothingHeard()


def test_a_break_tells_what_was_played_and_what_is_left() -> None:
    in_prompt, behind = attention(), attention()

    in_prompt.played = 1
    in_prompt.broke("killed", 101.0)
    behind.played = 2
    behind.prompt_ended(102.0)
    behind.broke("killed", 104.0)
    assert in_prompt.outcome == HearingBroke(detail="killed", played=1, left_s=5.0)
    assert behind.outcome == HearingBroke(detail="killed", played=2, left_s=3.0)


def test_a_prompt_without_a_wait_ends_with_the_prompt() -> None:
    step = attention(limit_s=0)

    step.prompt_ended(101.0)
    assert step.outcome == NothingHeard()
    assert attention(sounds=0, limit_s=0).outcome == NothingHeard()


EVENTS = st.one_of(
    st.sampled_from(["1", "7", "end", "loud", "none"]),
    st.builds(
        Recognised, said=st.sampled_from([FITS, NOISE, ()]), is_final=st.booleans()
    ),
)


@given(
    events=st.lists(st.tuples(EVENTS, st.floats(0, 1)), max_size=60),
    sounds=st.integers(0, 2),
)
def test_whatever_comes_a_step_ends(
    events: list[tuple[object, float]], sounds: int
) -> None:
    step, now_s = attention(sounds=sounds), 100.0
    for event, later_s in events:
        now_s += later_s
        match event:
            case "end":
                step.prompt_ended(now_s)
            case "loud":
                step.loud_s = now_s
            case "1" | "7" as key:
                step.pressed(key, now_s)
            case Recognised() as result:
                step.recognised(result, now_s)
            case _:
                pass
        step.look(now_s)
    step.prompt_ended(now_s)
    until_s = now_s + 5 + SPEAKING_S + PHRASE_S + STALL_S + FINISH_S + 1
    while now_s < until_s:
        now_s += 0.1
        step.look(now_s)

    assert step.outcome is not None
