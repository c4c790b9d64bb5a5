"""What the end of a leg means, by Asterisk's cause and the device's own answer."""

from __future__ import annotations

from typing import Final

from acd.vocabulary.leg_facts import LegEnding

RINGING: Final = 5
"""Asterisk's number of a leg whose device rings (``ChannelState``)."""
UP: Final = 6
"""Asterisk's number of a leg that is answered."""

_BY_SIP: Final[dict[int, LegEnding]] = {
    486: LegEnding.BUSY,
    600: LegEnding.BUSY,
    603: LegEnding.DECLINED,
    # The device would send the call elsewhere; it may not, so the agent refused it.
    300: LegEnding.DECLINED,
    301: LegEnding.DECLINED,
    302: LegEnding.DECLINED,
    305: LegEnding.DECLINED,
    380: LegEnding.DECLINED,
    # Our own taking back.
    487: LegEnding.HUNG_UP,
}
"""Answers of devices that say what the cause alone does not (RFC 3261, section 21).

Asterisk makes cause 21 of 603 and of 401 and 403 alike, 19 of 480, 58 of 488.
"""

_BY_CAUSE: Final[dict[int, LegEnding]] = {
    0: LegEnding.HUNG_UP,
    16: LegEnding.HUNG_UP,
    17: LegEnding.BUSY,
    21: LegEnding.DECLINED,
    23: LegEnding.DECLINED,
}
"""Q.850 causes as Asterisk gives them where there was no SIP answer."""

_NOBODY_CAME: Final = frozenset({408, 480})
_NO_ANSWER_CAUSES: Final = frozenset({18, 19})


def ending(*, state: int, cause: int, sip_code: int | None) -> LegEnding:
    """Return why a leg ended.

    Args:
        state: The leg's last ``ChannelState``.
        cause: Q.850 cause; 0 when Asterisk had none.
        sip_code: The device's final answer (``TechCause``), None when there was none.
            Asterisk tells 480 where its own time ran out.
    """
    if state == UP:
        return LegEnding.HUNG_UP
    if sip_code in _NOBODY_CAME or (sip_code is None and cause in _NO_ANSWER_CAUSES):
        # A device that never said that it rings was not there.
        return LegEnding.NO_ANSWER if state == RINGING else LegEnding.UNREACHABLE
    if sip_code is not None:
        return _BY_SIP.get(sip_code, LegEnding.UNREACHABLE)
    return _BY_CAUSE.get(cause, LegEnding.UNREACHABLE)
