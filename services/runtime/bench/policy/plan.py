"""Which simulations the bench of policies runs."""

from dataclasses import dataclass, replace
from typing import Final

from acd.policy import FloorPolicy
from acd.simulation.scenario import Scenario
from services.runtime.simulate.load import load_scenario, place_of
from services.runtime.simulate.policies import (
    DEFAULT,
    FASTEST_FIRST,
    LONGEST_IDLE,
    ORACLE,
    POLICIES,
)
from services.runtime.simulate.running import Job

REFERENCE: Final = "medium"
NO_RING: Final = "without ring time"
FEWER: Final = "fewer agents"
LARGE: Final = "large"
OTHERS: Final = (
    *("small", "scarce_skills", "burst", "cold_start", "speed_change"),
    "early_hang_up",
)
PEERS: Final = tuple(name for name in POLICIES if name.startswith("app_queue_"))
FEWER_AGENTS: Final = (4, 8)
"""By how many fewer agents the default is tried with: in between it is a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBench:
    """What is measured, and how long."""

    is_short: bool = False
    """At most five minutes in all: short days, and fewer seeds where little hangs."""
    is_resumed: bool = False
    """Go on behind the simulations that an earlier run of this code finished."""
    seeds: int = 8
    cores: int | None = None


def shipped(name: str) -> Scenario:
    """Return a scenario of ours."""
    return load_scenario(place_of(name))


def shortened(scenario: Scenario, share: float) -> Scenario:
    """Return a scenario with a shorter day, and as much work in each hour of it."""
    arrivals = scenario.arrivals
    bursts = tuple(
        replace(it, at_s=it.at_s * share, length_s=it.length_s * share)
        for it in arrivals.bursts
    )
    return replace(
        scenario,
        arrivals=replace(
            arrivals, calls_a_day=arrivals.calls_a_day * share, bursts=bursts
        ),
        changes=tuple(replace(it, at_s=it.at_s * share) for it in scenario.changes),
        open_s=scenario.open_s * share,
    )


def without_ringing(scenario: Scenario) -> Scenario:
    """Return a scenario in which everybody answers at once."""
    habits = replace(scenario.habits, ring_s=(0.0, 0.0), no_answer=0.0)
    return replace(scenario, name=NO_RING, habits=habits)


def with_fewer(scenario: Scenario, fewer: int) -> Scenario:
    """Return a scenario without some agents, spread over the floor."""
    floor = scenario.floor
    each = len(floor.agents) / fewer
    gone = {int((nth + 0.5) * each) for nth in range(fewer)}
    agents = {
        agent_id: profile
        for nth, (agent_id, profile) in enumerate(floor.agents.items())
        if nth not in gone
    }
    few: FloorPolicy = replace(floor, agents=agents)
    return replace(scenario, name=f"{FEWER} {fewer}", floor=few)


def jobs_of(bench: PolicyBench) -> list[Job]:
    """Return every simulation, those of one question after each other."""
    share = 0.25 if bench.is_short else 1.0
    reference = shortened(shipped(REFERENCE), share)
    few = 2 if bench.is_short else bench.seeds
    main = (LONGEST_IDLE, DEFAULT, ORACLE)
    jobs = _jobs(reference, main, bench.seeds)
    jobs += _jobs(reference, (FASTEST_FIRST, *PEERS), few)
    jobs += _jobs(without_ringing(reference), main[:2], bench.seeds)
    for fewer in FEWER_AGENTS:
        jobs += _jobs(with_fewer(reference, fewer), (DEFAULT,), few)
    for name in OTHERS:
        one = shortened(shipped(name), share)
        if bench.is_short:
            one = replace(one, days=1)
        jobs += _jobs(one, main[:2], few)
    large = shipped(LARGE)
    if bench.is_short:
        large = shortened(large, 0.08)
    return jobs + _jobs(large, main[:2], 1)


def _jobs(scenario: Scenario, policies: tuple[str, ...], seeds: int) -> list[Job]:
    return [
        Job(scenario=scenario, policy=name, seed=seed)
        for seed in range(1, seeds + 1)
        for name in policies
    ]
