"""Whether prompts were heard on a line, in their turn."""

from array import array
from random import Random

import pytest

from services.phone.heard import heard_in_order
from services.phone.sound import SAMPLE_RATE_HZ

SILENCE = bytes(SAMPLE_RATE_HZ)


def syllable(seed: int, seconds: float = 0.3) -> bytes:
    """Return a sound that is like no other."""
    chance = Random(seed)  # noqa: S311 - the same each time
    count = round(seconds * SAMPLE_RATE_HZ)
    return array("h", (int(chance.gauss(0, 2500)) for _ in range(count))).tobytes()


def prompt(*syllables: int) -> bytes:
    return b"".join(map(syllable, syllables))


def worsened(pcm: bytes) -> bytes:
    """Return a sound as G.711 brings it: a few bits of each sample are gone."""
    return array("h", (it & ~0x3F for it in array("h", pcm))).tobytes()


WELCOME, MENU, BYE = prompt(1, 2, 3), prompt(4, 5, 6, 7), prompt(8)


def heard(line: bytes, *prompts: bytes) -> list[bool]:
    return [found.is_heard for found in heard_in_order(line, prompts)]


def test_prompts_are_found_where_they_begin_as_the_telephone_brings_them() -> None:
    line = worsened(SILENCE + WELCOME + MENU + SILENCE + BYE)

    found = heard_in_order(line, [WELCOME, MENU, BYE])

    assert all(it.is_heard for it in found)
    assert [it.at_s for it in found] == pytest.approx([0.5, 1.4, 3.1], abs=0.001)


def test_a_prompt_that_is_said_twice_is_heard_twice_and_not_three_times() -> None:
    line = worsened(MENU + SILENCE + MENU)

    assert heard(line, MENU, MENU) == [True, True]
    assert heard(line, MENU, MENU, MENU) == [True, True, False]


def test_what_was_left_out_is_not_heard_and_what_comes_behind_it_is() -> None:
    assert heard(WELCOME + BYE, WELCOME, MENU, BYE) == [True, False, True]


def test_what_was_said_in_another_order_is_not_heard_in_this_one() -> None:
    assert heard(MENU + WELCOME, WELCOME, MENU) == [True, False]


def test_another_number_of_six_syllables_is_another_prompt() -> None:
    said, other = prompt(1, 2, 3, 4, 5, 6), prompt(1, 2, 9, 4, 5, 6)

    assert heard(worsened(SILENCE + other), said) == [False]


def test_the_last_word_is_heard_though_its_end_was_cut_off() -> None:
    assert heard(WELCOME + BYE[:-160], WELCOME, BYE) == [True, True]


def test_the_first_word_is_heard_though_its_beginning_came_too_early() -> None:
    assert heard((WELCOME + BYE)[320:], WELCOME, BYE) == [True, True]


def test_an_echo_far_too_quiet_to_be_heard_is_none() -> None:
    faint = array("h", (it // 40 for it in array("h", MENU))).tobytes()

    assert heard(SILENCE + faint + SILENCE, MENU) == [False]


def test_of_a_silent_line_and_a_silent_prompt_nothing_is_told() -> None:
    assert heard(b"", MENU) == [False]
    assert heard(MENU, SILENCE) == [True]
