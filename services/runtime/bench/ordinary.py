"""Ordinary calls to a stand: so many a second for so long, each with a short talk."""

from collections.abc import Sequence

from services.phone.sipp import CallerPlan, Load
from services.phone.sipp_log import SippCall
from services.runtime.bench.floor_plan import DIRECT
from services.runtime.bench.stand import Stand

FIRST_NUMBER = 13_800_000_000
_LATEST_S = 40.0
"""So long after the last was dialled, what is left of them is given up."""


def numbered(count: int, first: int = FIRST_NUMBER) -> tuple[tuple[str, str], ...]:
    """Return callers of which each has a number of its own."""
    return tuple((str(first + n), "bench") for n in range(count))


async def ordinary_calls(
    stand: Stand,
    *,
    per_s: float,
    for_s: float,
    talk_ms: int,
    first: int = FIRST_NUMBER,
    media_ports: Sequence[int] = (),
) -> tuple[SippCall, ...]:
    """Place calls, wait for the end of the last, and return them as SIPp saw them.

    Args:
        stand: Where they are placed.
        per_s: How many a second.
        for_s: How long callers come.
        talk_ms: After which each hangs up, from the answer on.
        first: The first caller's number; those of the others follow it.
        media_ports: Where each caller in turn wants its sound; SIPp's own when empty.
    """
    calls = round(per_s * for_s)
    plan = CallerPlan(
        number=DIRECT,
        callers=numbered(calls, first),
        hang_up_after_ms=(talk_ms,),
        media_ports=media_ports,
    )
    load = Load(calls=calls, per_s=per_s, timeout_s=for_s + _LATEST_S)
    return (await stand.callers(plan, load)).calls
