"""Erlang A: what one class of calls and equal agents must come to, by formula."""

from dataclasses import dataclass
from itertools import count
from typing import Final

_SMALLEST: Final = 1e-14


@dataclass(frozen=True, slots=True, kw_only=True)
class ErlangA:
    """Steady state of M/M/n+M: exponential arrivals, handling and patience."""

    wait_s: float
    """Mean time in the queue of everybody, answered or not."""
    abandonment: float
    """Share that leaves before a conversation, in percent."""
    occupancy: float
    """Share of the agents' time that is handling, in percent."""


def erlang_a(
    *, per_s: float, handling_s: float, patience_s: float, agents: int
) -> ErlangA:
    """Solve the balance of births and deaths.

    Args:
        per_s: Arrivals a second.
        handling_s: Mean handling time.
        patience_s: Mean patience.
        agents: How many.

    Raises:
        ValueError: One of them is not above 0.
    """
    if min(per_s, handling_s, patience_s, agents) <= 0:
        msg = "erlang A: numbers above 0 would do"
        raise ValueError(msg)
    total = weight = 1.0
    waiting = busy = 0.0
    for here in count(1):
        leaving = min(here, agents) / handling_s + max(0, here - agents) / patience_s
        weight *= per_s / leaving
        total += weight
        waiting += weight * max(0, here - agents)
        busy += weight * min(here, agents)
        if here > agents and weight < total * _SMALLEST:
            break
    mean_waiting = waiting / total
    return ErlangA(
        wait_s=mean_waiting / per_s,
        abandonment=mean_waiting / patience_s / per_s * 100,
        occupancy=busy / total / agents * 100,
    )
