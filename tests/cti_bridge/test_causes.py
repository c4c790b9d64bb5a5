"""Each device's answer as it was seen from Asterisk 22.10.1, and what it means."""

import pytest

from acd.vocabulary.leg_facts import LegEnding
from cti_bridge.ami.causes import RINGING, UP, ending

DOWN = 0


@pytest.mark.parametrize(
    ("sip_code", "cause", "meaning"),
    [
        (486, 17, LegEnding.BUSY),
        (600, 17, LegEnding.BUSY),
        (603, 21, LegEnding.DECLINED),
        (302, 23, LegEnding.DECLINED),
        (401, 21, LegEnding.UNREACHABLE),
        (403, 21, LegEnding.UNREACHABLE),
        (404, 1, LegEnding.UNREACHABLE),
        (488, 58, LegEnding.UNREACHABLE),
        (500, 38, LegEnding.UNREACHABLE),
        (503, 34, LegEnding.UNREACHABLE),
        (606, 58, LegEnding.UNREACHABLE),
        (487, 127, LegEnding.HUNG_UP),
        (None, 0, LegEnding.HUNG_UP),
        (None, 17, LegEnding.BUSY),
        (None, 27, LegEnding.UNREACHABLE),
    ],
)
def test_a_device_that_answers_no_says_why(
    sip_code: int | None, cause: int, meaning: LegEnding
) -> None:
    assert ending(state=RINGING, cause=cause, sip_code=sip_code) is meaning
    assert ending(state=DOWN, cause=cause, sip_code=sip_code) is meaning


@pytest.mark.parametrize(("sip_code", "cause"), [(480, 19), (408, 18), (None, 19)])
def test_silence_is_no_answer_only_where_it_rang(
    sip_code: int | None, cause: int
) -> None:
    rang = ending(state=RINGING, cause=cause, sip_code=sip_code)
    never_rang = ending(state=DOWN, cause=cause, sip_code=sip_code)

    assert rang is LegEnding.NO_ANSWER
    assert never_rang is LegEnding.UNREACHABLE


@pytest.mark.parametrize("sip_code", [None, 408, 480, 486])
def test_a_leg_that_was_answered_is_hung_up_whatever_the_code(
    sip_code: int | None,
) -> None:
    assert ending(state=UP, cause=16, sip_code=sip_code) is LegEnding.HUNG_UP
