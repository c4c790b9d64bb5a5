"""Who calls: every call of a day, the same for whichever policy meets it."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import accumulate, pairwise
from math import exp
from typing import Final

from acd.simulation.chance import Chance
from acd.simulation.scenario import Arrivals, Burst, Scenario

DAY_S: Final = 86_400.0
_NOISE, _COMING, _CALL = 1, 2, 3
_MOST_CALLS_A_DAY: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Caller:
    """One try of one caller to reach a person."""

    key: int
    """Names the draws of this call: in each simulation of the seed the same."""
    at_s: float
    """Since the first day's opening."""
    kind: int
    """Which of the scenario's kinds of call."""
    patience_s: float
    z: float
    """How long this call takes for whomever: spreads above or below the mean."""
    attempt: int = 0
    """How often the caller has tried in vain."""


def callers_of(scenario: Scenario, seed: int, day: int) -> Iterator[Caller]:
    """Yield the callers of a day in the order in which they come.

    Those of a burst come beside the others, who are the same with it and without.
    """
    arrivals = scenario.arrivals
    noise = Chance(seed, _NOISE, day).normal() * arrivals.day_noise
    factor = exp(noise - arrivals.day_noise**2 / 2)
    shares = [kind.share for kind in scenario.kinds]
    streams = [_stream(scenario, seed, day, nth=0, factor=factor, shares=shares)]
    for nth, burst in enumerate(arrivals.bursts, 1):
        of_burst = [
            kind.share if not burst.queues or kind.queue_id in burst.queues else 0.0
            for kind in scenario.kinds
        ]
        more = (burst.times - 1) * sum(of_burst) / sum(shares) * factor
        streams.append(
            _stream(
                scenario,
                seed,
                day,
                nth=nth,
                factor=more,
                shares=of_burst,
                burst=burst,
            )
        )
    yield from merge(*streams, key=lambda caller: caller.at_s)


def again(caller: Caller, scenario: Scenario, seed: int, at_s: float) -> Caller:
    """Return the next try of a caller, with a patience of its own."""
    key = Chance(seed, _CALL, caller.key, caller.attempt + 1)
    kind = scenario.kinds[caller.kind]
    return Caller(
        key=caller.key + ((caller.attempt + 1) << 40),
        at_s=at_s,
        kind=caller.kind,
        patience_s=key.span(kind.patience_s),
        z=key.normal(),
        attempt=caller.attempt + 1,
    )


def _stream(
    scenario: Scenario,
    seed: int,
    day: int,
    *,
    nth: int,
    factor: float,
    shares: list[float],
    burst: Burst | None = None,
) -> Iterator[Caller]:
    rate = _Rate(scenario.arrivals, scenario.open_s, burst)
    coming, passed = Chance(seed, _COMING, day, nth), 0.0
    for count in range(_MOST_CALLS_A_DAY):
        passed += coming.span(1.0)
        at_s = rate.reached(passed / factor) if factor > 0 else None
        if at_s is None:
            return
        # Which day, stream and place: below 2^40, above which stand the attempts.
        key = (day * 16 + nth) * _MOST_CALLS_A_DAY + count
        chance = Chance(seed, _CALL, key, 0)
        kind = chance.pick(shares)
        yield Caller(
            key=key,
            at_s=day * DAY_S + at_s,
            kind=kind,
            patience_s=chance.span(scenario.kinds[kind].patience_s),
            z=chance.normal(),
        )


class _Rate:
    """When so many calls have come, on average."""

    def __init__(self, arrivals: Arrivals, open_s: float, burst: Burst | None) -> None:
        part_s = open_s / len(arrivals.profile)
        a_second = arrivals.calls_a_day / (part_s * sum(arrivals.profile))
        edges = {nth * part_s for nth in range(len(arrivals.profile) + 1)}
        from_s, until_s = 0.0, open_s
        if burst is not None:
            from_s = min(burst.at_s, open_s)
            until_s = min(burst.at_s + burst.length_s, open_s)
        inner = {edge for edge in edges if from_s < edge < until_s}
        self._edges = sorted(inner | {from_s, until_s})
        self._rates = [
            arrivals.profile[min(int((a + b) / 2 / part_s), len(arrivals.profile) - 1)]
            * a_second
            for a, b in pairwise(self._edges)
        ]
        spans = (b - a for a, b in pairwise(self._edges))
        counts = (r * s for r, s in zip(self._rates, spans, strict=True))
        self._come = list(accumulate(counts, initial=0.0))

    def reached(self, count: float) -> float | None:
        """Return when that many have come; None where the day ends before."""
        if count >= self._come[-1]:
            return None
        nth = bisect_right(self._come, count) - 1
        return self._edges[nth] + (count - self._come[nth]) / self._rates[nth]
