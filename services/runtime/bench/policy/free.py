"""Checks of the simulation that cost nothing: what theory says must come out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from acd.choices import AgentChoice, Blend, LongestIdle, LongestWait
from acd.policy import AgentProfile, FloorPolicy, QueuePolicy, Step
from acd.simulation.compare import interval
from acd.simulation.erlang import erlang_a
from acd.simulation.figures import Figures
from acd.simulation.run import simulate
from acd.simulation.scenario import Arrivals, Habits, Kind, Scenario, Spell
from acd.vocabulary.facts import Fact
from acd.vocabulary.ids import CENTRE, AgentId, DeviceId, QueueId, SkillId
from acd.vocabulary.offer_facts import OfferStarted
from services.runtime.bench.figures import Figure

_HANDLING_S, _PATIENCE_S, _AGENTS, _LOAD = 120.0, 90.0, 20, 0.95
_QUEUE = QueueId("q")
_UNBOUNDED = Blend(idle_weight=1e9, occupancy_bound=None, quality_gate=None, clamp=0.4)


def checks(reference: Scenario, *, seeds: int, hours: float) -> Iterator[Figure]:
    """Yield the checks.

    Args:
        reference: What picks are compared on.
        seeds: Of the comparison with Erlang A.
        hours: Length of its days.
    """
    yield from _erlang(seeds, hours)
    longest = _picks(reference, LongestIdle())
    unbounded = _picks(reference, _UNBOUNDED)
    yield _same("idle_weight_without_bound_is_longest_idle", longest, unbounded)
    blended = _picks(reference, Blend())
    renamed, names = _renamed(reference)
    back = [(call, names[agent]) for call, agent in _picks(renamed, Blend())]
    yield _same("other_names_change_nothing", blended, back)


def _erlang(seeds: int, hours: float) -> Iterator[Figure]:
    per_s = _LOAD * _AGENTS / _HANDLING_S
    runs = [
        simulate(_one_class(per_s, hours), seed=seed).figures
        for seed in range(1, seeds + 1)
    ]
    formula = erlang_a(
        per_s=per_s, handling_s=_HANDLING_S, patience_s=_PATIENCE_S, agents=_AGENTS
    )
    found: dict[str, tuple[Sequence[float], float]] = {
        "abandonment": ([it.whole.abandonment for it in runs], formula.abandonment),
        "occupancy": ([it.occupancy for it in runs], formula.occupancy),
        "wait": ([_mean_wait_s(it) for it in runs], formula.wait_s),
    }
    for name, (values, expected) in found.items():
        one = interval(values)
        yield Figure(
            name=f"erlang_a_{name}",
            value=abs(one.mean - expected),
            unit="off",
            n=seeds,
            floor=round(one.half, 3),
            more={"simulated": round(one.mean, 3), "formula": round(expected, 3)},
        )


def _mean_wait_s(figures: Figures) -> float:
    """Return the wait of everybody: by Little, what patience takes away."""
    return figures.whole.abandonment / 100 * _PATIENCE_S


def _one_class(per_s: float, hours: float) -> Scenario:
    skill = SkillId("s")
    queue = QueuePolicy(
        queue_id=_QUEUE,
        name="q",
        steps=(Step(needs={skill: 1}),),
        ring_s=15,
        wrap_up_s=0,
        place=CENTRE,
    )
    agents = {
        AgentId(f"a{nth}"): AgentProfile(
            agent_id=AgentId(f"a{nth}"),
            name=f"a{nth}",
            device_id=DeviceId(f"a{nth}"),
            levels={skill: 3},
            place=CENTRE,
        )
        for nth in range(_AGENTS)
    }
    kind = Kind(
        queue_id=_QUEUE,
        share=1,
        handling_s=_HANDLING_S,
        spread=0,
        patience_s=_PATIENCE_S,
        wrap_up_share=0,
        spell=Spell.EXPONENTIAL,
    )
    return Scenario(
        name="one class",
        floor=FloorPolicy(queues={_QUEUE: queue}, agents=agents),
        kinds=(kind,),
        arrivals=Arrivals(calls_a_day=per_s * hours * 3600),
        habits=Habits(ring_s=(0, 0)),
        open_s=hours * 3600,
    )


def _picks(scenario: Scenario, choice: AgentChoice) -> list[tuple[str, str]]:
    """Return which agent each offer was made to, in order."""
    queues = {
        queue_id: replace(queue, choice=choice)
        for queue_id, queue in scenario.floor.queues.items()
    }
    floor = replace(scenario.floor, queues=queues, order=LongestWait())
    picks: list[tuple[str, str]] = []

    def hear(fact: Fact) -> None:
        if isinstance(fact, OfferStarted):
            picks.append((fact.call_id, fact.agent_id))

    simulate(replace(scenario, floor=floor), seed=1, hear=hear)
    return picks


def _renamed(scenario: Scenario) -> tuple[Scenario, dict[str, str]]:
    """Return a scenario with other names for its agents, and who each one was."""
    agents = scenario.floor.agents
    count = len(agents)
    names = {
        agent_id: AgentId(f"n{(nth * 7919) % count:05d}")
        for nth, agent_id in enumerate(agents)
    }
    floor = replace(
        scenario.floor,
        agents={
            names[agent_id]: replace(profile, agent_id=names[agent_id])
            for agent_id, profile in agents.items()
        },
    )
    return replace(scenario, floor=floor), {new: old for old, new in names.items()}


def _same(
    name: str, some: Sequence[tuple[str, str]], others: Sequence[tuple[str, str]]
) -> Figure:
    apart = sum(one != other for one, other in zip(some, others, strict=False))
    apart += abs(len(some) - len(others))
    return Figure(
        name=name,
        value=apart,
        unit="picks apart",
        n=max(len(some), len(others)),
        floor=0.0,
    )
