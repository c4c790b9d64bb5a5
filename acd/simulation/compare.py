"""Policies beside each other on the same callers: means, and differences by pairs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev
from typing import Final

from acd.simulation.figures import Figures

_T_95: Final = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""Student's t for 95 %, two sides, by degrees of freedom from 1 on."""
_T_MANY: Final = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure that policies are compared by."""

    words: str
    unit: str
    of: Callable[[Figures], float]
    is_more_better: bool = False


MEASURES: Final[Mapping[str, Measure]] = {
    "service_level": Measure(
        words="service level",
        unit="%",
        of=lambda it: it.whole.service_level,
        is_more_better=True,
    ),
    "asa_s": Measure(words="ASA", unit="s", of=lambda it: it.whole.asa_s),
    "p95_s": Measure(words="wait, 95th in 100", unit="s", of=lambda it: it.whole.p95_s),
    "most_s": Measure(words="longest wait", unit="s", of=lambda it: it.whole.most_s),
    "to_offer_s": Measure(
        words="time to offer", unit="s", of=lambda it: it.whole.to_offer_s
    ),
    "abandonment": Measure(
        words="abandonment", unit="%", of=lambda it: it.whole.abandonment
    ),
    "aht_s": Measure(words="AHT", unit="s", of=lambda it: it.aht_s),
    "occupancy": Measure(words="occupancy", unit="%", of=lambda it: it.occupancy),
    "occupancy_spread": Measure(
        words="spread of occupancy", unit="points", of=lambda it: it.occupancy_spread
    ),
    "occupancy_p95_p5": Measure(
        words="occupancy, 95th less 5th",
        unit="points",
        of=lambda it: it.occupancy_p95_p5,
    ),
    "idle_gini": Measure(
        words="inequality of idle spells", unit="Gini", of=lambda it: it.idle_gini
    ),
    "decision_us": Measure(
        words="a turn with an offer", unit="µs", of=lambda it: it.decision_us
    ),
}
"""By their names in JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean over seeds, and where the true one lies in 95 of 100 cases."""

    mean: float
    half: float
    """Half the interval's width; 0 for one seed, which tells nothing of it."""

    @property
    def low(self) -> float:
        """Return the lower end."""
        return self.mean - self.half

    @property
    def high(self) -> float:
        """Return the upper end."""
        return self.mean + self.half


def interval(values: Sequence[float]) -> Interval:
    """Return the mean of values and its 95 % interval.

    Raises:
        ValueError: There are no values.
    """
    if not values:
        msg = "interval: at least one value would do, got none"
        raise ValueError(msg)
    count = len(values)
    if count == 1:
        return Interval(mean=values[0], half=0.0)
    t = _T_95[count - 2] if count - 2 < len(_T_95) else _T_MANY
    return Interval(mean=fmean(values), half=t * stdev(values) / sqrt(count))


def measured(name: str, runs: Sequence[Figures]) -> Interval:
    """Return one measure over the seeds of a policy."""
    return interval([MEASURES[name].of(it) for it in runs])


def difference(
    name: str,
    runs: Sequence[Figures],
    against: Sequence[Figures],
    *,
    is_relative: bool = False,
) -> Interval:
    """Return by how much a policy differs from another, seed by seed.

    Args:
        name: Of the measure.
        runs: Of the policy, seed by seed.
        against: Of the other one, with the same seeds in the same order.
        is_relative: In percent of the other's mean, not in the measure's unit.
    """
    of = MEASURES[name].of
    pairs = zip(runs, against, strict=True)
    found = interval([of(one) - of(other) for one, other in pairs])
    if not is_relative:
        return found
    base = fmean(of(it) for it in against)
    if not base:
        return Interval(mean=0.0, half=0.0)
    return Interval(mean=found.mean / base * 100, half=found.half / base * 100)
