"""What the simulations came to, as figures with their floors."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import fmean

from acd.simulation.compare import Interval, difference
from acd.simulation.figures import Figures
from services.runtime.bench.figures import Figure
from services.runtime.bench.policy.plan import (
    FEWER,
    FEWER_AGENTS,
    LARGE,
    NO_RING,
    OTHERS,
    REFERENCE,
    shipped,
)
from services.runtime.simulate.policies import (
    DEFAULT,
    LONGEST_IDLE,
    ORACLE,
)
from services.runtime.simulate.running import Ran

_CALLS_A_DAY = 150_000
_LEVELS: Mapping[str, tuple[float, float | None]] = {
    "aht_s": (-3.0, None),
    "to_offer_s": (-10.0, None),
    "asa_s": (-5.0, None),
    "abandonment": (-10.0, None),
}
"""By how many percent the default is to be better with ring time, at least."""

Runs = Mapping[tuple[str, str], Sequence[Ran]]
"""Of each scenario's name and policy, seed by seed."""


def figures_of(ran: Sequence[Ran]) -> Iterator[Figure]:
    """Yield every figure that the runs allow for."""
    runs: dict[tuple[str, str], list[Ran]] = {}
    for one in ran:
        runs.setdefault((one.job.scenario.name, one.job.policy), []).append(one)
    names = {name: shipped(name).name for name in (REFERENCE, LARGE, *OTHERS)}
    reference = names[REFERENCE]
    yield from _against_longest_idle(runs, reference)
    yield from _without_ringing(runs)
    yield _spread(runs, reference)
    yield _oracle(runs, reference)
    yield _saved(runs, reference)
    for name in (REFERENCE, LARGE, *OTHERS):
        yield _no_worse(runs, name, names[name])
    yield from _early(runs, names["early_hang_up"])
    yield from _speed(runs, names)


def _of(
    runs: Runs, scenario: str, policy: str, seeds: int | None = None
) -> list[Figures]:
    return [one.figures for one in runs[scenario, policy][:seeds]]


def _less(
    runs: Runs,
    scenario: str,
    measure: str,
    *,
    policy: str = DEFAULT,
    against: str = LONGEST_IDLE,
    is_relative: bool = False,
) -> tuple[Interval, int]:
    """Return by how much a policy differs from another, and over how many seeds."""
    seeds = min(len(runs[scenario, policy]), len(runs[scenario, against]))
    found = difference(
        measure,
        _of(runs, scenario, policy, seeds),
        _of(runs, scenario, against, seeds),
        is_relative=is_relative,
    )
    return found, seeds


def _against_longest_idle(runs: Runs, reference: str) -> Iterator[Figure]:
    for measure, (floor, goal) in _LEVELS.items():
        found, seeds = _less(runs, reference, measure, is_relative=True)
        yield Figure(
            name=f"default_{measure.removesuffix('_s')}",
            value=found.mean,
            unit="% of longest idle",
            n=seeds,
            floor=floor,
            goal=goal,
            more=_more(found),
        )


def _without_ringing(runs: Runs) -> Iterator[Figure]:
    found, seeds = _less(runs, NO_RING, "asa_s", is_relative=True)
    yield Figure(
        name="default_asa_without_ringing",
        value=found.mean,
        unit="% of longest idle",
        n=seeds,
        floor=-12.0,
        more=_more(found),
    )


def _spread(runs: Runs, reference: str) -> Figure:
    found, seeds = _less(runs, reference, "occupancy_spread")
    return Figure(
        name="default_occupancy_spread_at_most",
        value=found.high,
        unit="points more",
        n=seeds,
        floor=0.5,
        goal=0.0,
        more=_more(found),
    )


def _oracle(runs: Runs, reference: str) -> Figure:
    found, seeds = _less(runs, reference, "aht_s", against=ORACLE, is_relative=True)
    return Figure(
        name="default_aht_above_oracle",
        value=found.mean,
        unit="%",
        n=seeds,
        floor=2.0,
        goal=1.0,
        more=_more(found),
    )


def _saved(runs: Runs, reference: str) -> Figure:
    """Return with how many fewer agents the default serves as longest idle does."""
    seeds = len(runs[f"{FEWER} {FEWER_AGENTS[0]}", DEFAULT])
    level = _level(runs, reference, LONGEST_IDLE, seeds)
    points = [(0, _level(runs, reference, DEFAULT, seeds))]
    points += [(n, _level(runs, f"{FEWER} {n}", DEFAULT, seeds)) for n in FEWER_AGENTS]
    agents = len(runs[reference, DEFAULT][0].job.scenario.floor.agents)
    return Figure(
        name="agents_saved",
        value=saved(points, level),
        unit=f"of {agents}",
        n=seeds,
        is_more_better=True,
        goal=1.0,
        more={
            "service_level_of_longest_idle": round(level, 3),
            "service_level_by_fewer": {n: round(found, 3) for n, found in points},
        },
    )


def saved(points: Sequence[tuple[int, float]], level: float) -> float:
    """Return where service levels, falling with fewer agents, come to a level.

    Args:
        points: How many fewer, and the service level with so many; from 0 on.
        level: What is to be reached.

    Returns:
        How many fewer, between two points by a straight line; 0 where it is not
        reached at all, and the last where it is reached with all of them.
    """
    if points[0][1] < level:
        return 0.0
    for (few, high), (more, low) in pairwise(points):
        if low < level:
            return few + (more - few) * (high - level) / (high - low)
    return float(points[-1][0])


def _level(runs: Runs, scenario: str, policy: str, seeds: int) -> float:
    return fmean(it.whole.service_level for it in _of(runs, scenario, policy, seeds))


def _no_worse(runs: Runs, name: str, scenario: str) -> Figure:
    found, seeds = _less(runs, scenario, "service_level")
    return Figure(
        name=f"service_level_{name}",
        value=found.mean,
        unit="points more",
        n=seeds,
        floor=-0.2,
        is_more_better=True,
        more=_more(found)
        | {
            LONGEST_IDLE: round(_level(runs, scenario, LONGEST_IDLE, seeds), 2),
            DEFAULT: round(_level(runs, scenario, DEFAULT, seeds), 2),
        },
    )


def _early(runs: Runs, scenario: str) -> Iterator[Figure]:
    """Yield what the early hanger-up gains by the default, in calls and in rest."""
    early = runs[scenario, DEFAULT][0].job.scenario.early[0].agent_id
    ours, others = runs[scenario, DEFAULT], runs[scenario, LONGEST_IDLE]
    rest = [(100 - one.busy[early][1]) - (100 - one.figures.occupancy) for one in ours]
    before = [
        (100 - one.busy[early][1]) - (100 - one.figures.occupancy) for one in others
    ]
    yield Figure(
        name="early_hanger_up_rest",
        value=fmean(rest) - fmean(before),
        unit="points more idle than by longest idle",
        n=len(rest),
        floor=0.5,
        goal=0.0,
        more={
            "idle_above_mean_default": round(fmean(rest), 2),
            "idle_above_mean_longest_idle": round(fmean(before), 2),
            "calls_default": round(fmean(it.busy[early][0] for it in ours), 1),
            "calls_longest_idle": round(fmean(it.busy[early][0] for it in others), 1),
        },
    )


def _speed(runs: Runs, names: Mapping[str, str]) -> Iterator[Figure]:
    (large,) = runs[names[LARGE], DEFAULT]
    cost_us = large.cpu_s / large.calls * 1e6
    yield Figure(
        name="simulated_day_of_150000_calls",
        value=cost_us * _CALLS_A_DAY / 1e6,
        unit="s CPU",
        n=large.calls,
        floor=90.0,
        more={"us_a_call": round(cost_us, 1), "calls": large.calls},
    )
    yield Figure(
        name="decision_2100_agents",
        value=large.figures.decision_us,
        unit="µs a turn with an offer",
        n=large.calls,
    )


def _more(found: Interval) -> dict[str, object]:
    return {"low": round(found.low, 3), "high": round(found.high, 3)}
