"""What the floor file says about routing, as the values that the engine decides by."""

from collections.abc import Iterable, Iterator, Mapping

from acd.choices import (
    AgentChoice,
    Blend,
    ByPriority,
    CallOrder,
    CMu,
    FastestFirst,
    FixedRatio,
    LeastOccupied,
    LongestIdle,
    LongestWait,
    PriorityMatrix,
    QualityGate,
    RoundRobin,
)
from acd.policy import PLAIN_LEVEL, Rona, RonaRule, Step
from acd.vocabulary.ids import AgentId, QueueId, SkillId
from ivr.problems import Problem
from ivr.source import Source, Trail
from ivr.wording import unknown
from ivr.words import problem_at
from services.floor.written import WrittenFloor, WrittenQueue
from services.floor.written_routing import (
    Skills,
    WrittenChoice,
    WrittenOrder,
    WrittenRona,
    WrittenRonaRule,
    WrittenStep,
)

PLAIN: Mapping[str, AgentChoice] = {
    "longest_idle": LongestIdle(),
    "least_occupied": LeastOccupied(),
    "fastest_first": FastestFirst(),
    "round_robin": RoundRobin(),
    "priority_matrix": PriorityMatrix(),
}
"""The rules without options, by their written names."""


def levels_of(skills: Skills, *, plain: int = PLAIN_LEVEL) -> dict[SkillId, int]:
    """Return skills with their levels.

    Args:
        skills: As written.
        plain: The level of those that are named without one.
    """
    if isinstance(skills, Mapping):
        return {SkillId(skill): level for skill, level in skills.items()}
    return dict.fromkeys(map(SkillId, skills), plain)


def steps_of(floor: WrittenFloor, queue: WrittenQueue) -> tuple[Step, ...]:
    """Return the steps of a queue: what it needs at first, then what it wrote."""
    ends = [step.after_s for step in queue.steps]
    begins = [0.0, *ends]
    spans = [end - begin for begin, end in zip(begins, ends, strict=False)]
    first = Step(needs=needs_of(queue), region=queue.region)
    further = [_step(floor, queue, step) for step in queue.steps]
    return tuple(
        Step(needs=it.needs, agents=it.agents, region=it.region, for_s=for_s)
        for it, for_s in zip([first, *further], [*spans, None], strict=True)
    )


def needs_of(queue: WrittenQueue) -> dict[SkillId, int]:
    """Return what a queue's calls need at first; a plain skill needs any level."""
    return levels_of(queue.skills, plain=1)


def _step(floor: WrittenFloor, queue: WrittenQueue, step: WrittenStep) -> Step:
    if step.queue is not None:
        needs = needs_of(floor.queues[step.queue])
    elif step.skills is not None:
        needs = levels_of(step.skills, plain=1)
    elif step.agents:
        needs = {}
    else:
        needs = needs_of(queue)
    return Step(
        needs=needs,
        agents=frozenset(map(AgentId, step.agents)),
        region=step.region or queue.region,
    )


def choice_of(written: WrittenChoice) -> AgentChoice:
    """Return the rule by which an agent is chosen."""
    if written.rule != "blend":
        return PLAIN[written.rule]
    gate = written.quality_gate
    return Blend(
        idle_weight=written.idle_weight,
        clamp=written.clamp,
        scarcity_s=written.scarcity_s,
        level_s=written.level_s,
        per_resolved=written.per_resolved,
        occupancy_bound=written.occupancy_bound,
        quality_gate=QualityGate(
            repeat_rate=gate.repeat_rate, least_calls=gate.least_calls
        ),
    )


def order_of(written: WrittenOrder) -> CallOrder:
    """Return the rule by which a call is chosen."""
    guard_s = written.guard_s
    match written.rule:
        case "longest_wait":
            return LongestWait(guard_s=guard_s)
        case "by_priority":
            return ByPriority(guard_s=guard_s)
        case "fixed_ratio":
            shares = {QueueId(queue): share for queue, share in written.shares.items()}
            return FixedRatio(shares=shares, guard_s=guard_s)
        case "cmu":
            return CMu() if guard_s is None else CMu(guard_s=guard_s)


def rona_of(written: WrittenRona) -> Rona:
    """Return when agents who do not take offers are made not ready."""
    return Rona(
        no_answer=_rona_rule(written.no_answer),
        declined=_rona_rule(written.declined),
        busy=_rona_rule(written.busy),
    )


def _rona_rule(written: WrittenRonaRule) -> RonaRule:
    return RonaRule(
        limit=written.limit, window_s=written.window_s, penalty_s=written.penalty_s
    )


def routing_problems(source: Source, floor: WrittenFloor) -> Iterator[Problem]:
    """Tell what is wrong with steps, rules and their names."""
    for name, queue in floor.queues.items():
        yield from _step_problems(source, floor, name)
        if queue.choice is not None:
            yield from _choice_problems(source, ("queues", name), queue.choice)
    yield from _choice_problems(source, (), floor.choice)
    yield from _circles(source, floor)
    for name in floor.order.shares:
        if name not in floor.queues:
            trail = ("order", "shares", name)
            yield problem_at(source, trail, unknown(name, "queue", floor.queues))
    if (floor.order.rule == "fixed_ratio") != bool(floor.order.shares):
        what = "are what `fixed_ratio` is of, and no other rule"
        yield problem_at(source, ("order", "shares"), what)


def _step_problems(source: Source, floor: WrittenFloor, name: str) -> Iterator[Problem]:
    before = 0.0
    for nth, step in enumerate(floor.queues[name].steps):
        here = ("queues", name, "steps", str(nth))
        if step.after_s <= before:
            what = f"must be more than the {before:g} s before it, got {step.after_s:g}"
            yield problem_at(source, (*here, "after_s"), what)
        before = step.after_s
        if step.queue is not None and step.skills is not None:
            what = "says what is needed already; delete it or `skills`"
            yield problem_at(source, (*here, "queue"), what)
        if step.queue is not None and step.queue not in floor.queues:
            what = unknown(step.queue, "queue", floor.queues)
            yield problem_at(source, (*here, "queue"), what)
        yield from unknown_skills(source, here, step.skills or (), floor.skills)
        for place, agent in enumerate(step.agents):
            if agent not in floor.agents:
                what = unknown(agent, "agent", floor.agents)
                yield problem_at(source, (*here, "agents", str(place)), what)


def unknown_skills(
    source: Source, here: Trail, skills: Skills, known: Iterable[str]
) -> Iterator[Problem]:
    """Tell skills that are not listed."""
    for place, skill in enumerate(skills):
        if skill not in known:
            where = skill if isinstance(skills, Mapping) else str(place)
            what = unknown(skill, "skill", known)
            yield problem_at(source, (*here, "skills", where), what)


def _choice_problems(
    source: Source, here: Trail, choice: WrittenChoice
) -> Iterator[Problem]:
    if choice.rule != "blend":
        for option in sorted(choice.model_fields_set - {"rule"}):
            what = f"is an option of `blend`, the rule is {choice.rule!r}; delete it"
            yield problem_at(source, (*here, "choice", option), what)


def _circles(source: Source, floor: WrittenFloor) -> Iterator[Problem]:
    """Tell queues whose calls overflow, by way of others, to themselves."""
    for name in floor.queues:
        way = _way_back(floor, name)
        if way is not None and name == min(way):
            what = f"overflows in a circle, {' → '.join([*way, name])}; break it"
            yield problem_at(source, ("queues", name, "steps"), what)


def _way_back(floor: WrittenFloor, name: str) -> list[str] | None:
    """Return the queues from one back to itself, or None when there is no such way."""
    ways, seen = [[name]], set[str]()
    while ways:
        way = ways.pop()
        for step in floor.queues[way[-1]].steps:
            if step.queue == name:
                return way
            onward = step.queue
            if onward is not None and onward in floor.queues and onward not in seen:
                seen.add(onward)
                ways.append([*way, onward])
    return None
