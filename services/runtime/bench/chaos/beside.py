"""Callers in and beside a fault: who comes to an agent, how late, in which silence."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.phone.sipp import SippRun
from services.phone.sipp_log import SippCall
from services.runtime.bench.figures import Figure, percentile
from services.runtime.bench.ordinary import ordinary_calls
from services.runtime.bench.stand import Stand

PER_S = 5.0
TALK_MS = 2000
SLOWER_FLOOR, SLOWER_GOAL = 0.20, 0.05
SILENCE_FLOOR_S, SILENCE_GOAL_S = 4.0, 2.0
ENOUGH_TO_COMPARE = 299
"""Of fewer trials even the worst one bounds the 99th percentile from above in less than
95 % of cases (0.99^299 = 0.05): two such percentiles say nothing of each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Calls that were placed together."""

    callers: tuple[SippCall, ...]
    set_up_ms: tuple[float, ...]
    """From the caller's INVITE to the agent's device."""


async def placed(stand: Stand, devices: SippRun, for_s: float, *, first: int) -> Placed:
    """Place ordinary calls for so long; ``first`` is the first caller's number."""
    callers = await ordinary_calls(
        stand, per_s=PER_S, for_s=for_s, talk_ms=TALK_MS, first=first
    )
    rang = {call.number: call.at["rang"] for call in devices.calls}
    return Placed(
        callers=callers,
        set_up_ms=tuple(
            (rang[call.number] - call.at["dialled"]).total_seconds() * 1000
            for call in callers
            if call.number in rang
        ),
    )


def slower(
    name: str, found_ms: Sequence[float], control_ms: Sequence[float]
) -> Iterator[Figure]:
    """Yield by how much the slowest set-ups are slower than without the fault."""
    if not found_ms or not control_ms:
        return
    calm_ms = percentile(control_ms, 99)
    yield Figure(
        name=f"{name}: set-up p99 slower",
        value=percentile(found_ms, 99) / calm_ms - 1,
        unit="share",
        n=min(len(found_ms), len(control_ms)),
        floor=SLOWER_FLOOR,
        goal=SLOWER_GOAL,
        enough=ENOUGH_TO_COMPARE,
        more={
            "p99_ms": round(percentile(found_ms, 99), 1),
            "control_p99_ms": round(calm_ms, 1),
            "p50_ms": round(percentile(found_ms, 50), 1),
            "control_p50_ms": round(percentile(control_ms, 50), 1),
        },
    )


def picked_up(devices: SippRun) -> dict[str, datetime]:
    """Return when an agent's device picked up, by the caller's number."""
    return {
        call.number: call.at["picked_up"]
        for call in devices.calls
        if "picked_up" in call.at
    }


def unserved(callers: Sequence[SippCall], served: Collection[str]) -> list[SippCall]:
    """Return who was not answered, or came to no agent; ``served`` are numbers."""
    return [it for it in callers if it.status != 200 or it.number not in served]


def silences_s(
    callers: Sequence[SippCall],
    taken: Mapping[str, datetime],
    silence_s: Callable[[SippCall, datetime, datetime], float],
) -> list[float]:
    """Return the longest silence of each who was answered, until an agent had them.

    Args:
        callers: All of them.
        taken: When an agent's device picked up, by number.
        silence_s: The longest of a caller between two instants.
    """
    return [
        silence_s(
            call,
            call.at["answered"],
            taken.get(call.number, call.at.get("hung_up", call.at["answered"])),
        )
        for call in callers
        if "answered" in call.at
    ]


def longest_silence(name: str, silences_s: Sequence[float], **more: object) -> Figure:
    """Return the figure of a phase; without anybody answered its floor fails."""
    return Figure(
        name=f"{name}: longest silence",
        value=max(silences_s, default=2 * SILENCE_FLOOR_S),
        unit="s",
        n=len(silences_s),
        floor=SILENCE_FLOOR_S,
        goal=SILENCE_GOAL_S,
        more=more,
    )
