"""A scenario file to a scenario, or every problem with its line."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from acd.policy import FloorPolicy
from acd.simulation.chance import Chance
from acd.simulation.crowd import DAY_S
from acd.simulation.scenario import (
    Arrivals,
    Burst,
    Change,
    EarlyHangUps,
    Habits,
    Kind,
    Scenario,
    Spell,
)
from acd.vocabulary.ids import AgentId, QueueId
from ivr.problems import Problem, Refused, refusing
from ivr.source import Source, read_source
from ivr.wording import unknown
from ivr.words import problem_at, read_as
from services.floor.load import FloorRefused, load_floor, policy_of
from services.floor.routing import routing_problems, unknown_skills
from services.floor.written import WrittenAgent, WrittenFloor
from services.floor.written_routing import WrittenChoice, WrittenOrder, as_in_file
from services.runtime.settings import CHECKOUT
from services.runtime.simulate.written import (
    PATTERNS,
    WrittenBurst,
    WrittenGroup,
    WrittenScenario,
    options_at,
)

SHIPPED = CHECKOUT / "dialplans" / "scenarios"
FLOWS = CHECKOUT / "dialplans" / "flows"
_PICK = 31
_BLEND = WrittenChoice(rule="blend")
_CMU = WrittenOrder(rule="cmu")


class ScenarioRefused(Refused):
    """A scenario file, or the floor that it names, cannot be used."""


def place_of(named: str) -> Path:
    """Return a scenario's file: one of ours by its name alone, or any."""
    ours = SHIPPED / f"{named}.yaml"
    return ours if ours.exists() else Path(named)


def load_scenario(path: Path, *, flows: Path = FLOWS) -> Scenario:
    """Read a scenario and prove what can be proved of it.

    Args:
        path: The scenario file.
        flows: The folder of flows, which a floor file is proved against.

    Raises:
        ScenarioRefused: With every problem found.
    """
    with refusing(ScenarioRefused, path):
        source = read_source(path)
    written = read_as(
        WrittenScenario,
        source,
        options_at=options_at,
        trail_of=as_in_file,
        patterns=PATTERNS,
    )
    if isinstance(written, list):
        raise ScenarioRefused(written)
    problems = list(_shape_problems(source, written))
    floor = None
    if not problems:
        floor = _floor(source, written, path, flows, problems)
    if floor is not None:
        problems += _name_problems(source, written, floor)
    if problems or floor is None:
        raise ScenarioRefused(problems)
    return _scenario(written, floor)


def _shape_problems(source: Source, written: WrittenScenario) -> Iterator[Problem]:
    """Tell what contradicts itself, whatever the floor is."""
    own = {"skills": written.skills, "queues": written.queues, "agents": written.agents}
    for part, entries in own.items():
        if written.floor is not None and entries:
            what = f"are those of {written.floor!r}; delete them or `floor`"
            yield problem_at(source, (part,), what)
        if written.floor is None and not entries:
            what = "is required where no `floor` is named, got nothing"
            yield problem_at(source, (part,), what)
    arrivals = written.arrivals
    if (arrivals.load is None) == (arrivals.calls_a_day is None):
        yield problem_at(source, ("arrivals",), "needs `load` or `calls_a_day`, one")
    if not any(arrivals.profile):
        trail = ("arrivals", "profile")
        yield problem_at(source, trail, "has nothing above 0; one weight would do")
    if _seconds(written.closes) <= _seconds(written.opens):
        what = f"must be later than {written.opens}, got {written.closes!r}"
        yield problem_at(source, ("closes",), what)
    if written.people.ring_s[0] > written.people.ring_s[1]:
        what = f"goes from less to more, got {list(written.people.ring_s)}"
        yield problem_at(source, ("people", "ring_s"), what)
    for nth, burst in enumerate(arrivals.bursts):
        if not _seconds(written.opens) <= _seconds(burst.at) < _seconds(written.closes):
            what = f"is when it is closed, got {burst.at!r}; name an open hour"
            yield problem_at(source, ("arrivals", "bursts", str(nth), "at"), what)
    for name, group in written.agents.items():
        yield from _group_problems(source, name, group, written.skills)


def _group_problems(
    source: Source, name: str, group: WrittenGroup, skills: Iterable[str]
) -> Iterator[Problem]:
    here = ("agents", name)
    if (group.skills is None) == (group.pick is None):
        yield problem_at(source, here, "needs `skills` or `pick`, one of them")
    if group.skills is not None:
        yield from unknown_skills(source, here, group.skills, skills)
    if group.pick is not None:
        pick, count = group.pick, len(group.pick.of)
        if not pick.least <= pick.most <= count:
            what = (
                f"goes from {pick.least} to {pick.most} of {count}; at most {count},"
                " and not less than `least`"
            )
            yield problem_at(source, (*here, "pick"), what)
        for nth, skill in enumerate(pick.of):
            if skill not in skills:
                trail = (*here, "pick", "of", str(nth))
                yield problem_at(source, trail, unknown(skill, "skill", skills))


def _floor(
    source: Source,
    written: WrittenScenario,
    path: Path,
    flows: Path,
    problems: list[Problem],
) -> FloorPolicy | None:
    """Return the floor; None, and what is wrong with it among the problems."""
    if written.floor is not None:
        try:
            return load_floor(path.parent / written.floor, flows).policy
        except FloorRefused as refused:
            problems += refused.problems
            return None
    floor = WrittenFloor.model_construct(
        province="-",
        skills=written.skills,
        queues=written.queues,
        agents=dict(_agents(written)),
        choice=written.choice or _BLEND,
        order=written.order or _CMU,
    )
    for name, queue in written.queues.items():
        here = ("queues", name)
        problems += unknown_skills(source, here, queue.skills, written.skills)
    problems += routing_problems(source, floor)
    return None if problems else policy_of(floor)


def _agents(written: WrittenScenario) -> Iterator[tuple[str, WrittenAgent]]:
    for nth, (prefix, group) in enumerate(written.agents.items()):
        for place in range(group.count):
            agent_id = f"{prefix}{place + 1}"
            yield (
                agent_id,
                WrittenAgent.model_construct(
                    name=agent_id,
                    skills=_skills_of(group, nth, place),
                    province=group.province,
                    unit=group.unit,
                ),
            )


def _skills_of(
    group: WrittenGroup, nth: int, place: int
) -> tuple[str, ...] | Mapping[str, int]:
    """Return an agent's skills; those drawn go round, so that each has its holders."""
    if group.pick is None:
        return group.skills or ()
    pick, chance = group.pick, Chance(_PICK, nth, place)
    count = int(chance.between(pick.least, pick.most + 1))
    first = place % len(pick.of)
    others = [it for it in chance.shuffled(len(pick.of)) if it != first]
    return tuple(pick.of[it] for it in [first, *others][:count])


def _name_problems(
    source: Source, written: WrittenScenario, floor: FloorPolicy
) -> Iterator[Problem]:
    """Tell names that the floor does not have, and calls that nobody can take."""
    for name in written.calls:
        if name not in floor.queues:
            trail = ("calls", name)
            yield problem_at(source, trail, unknown(name, "queue", floor.queues))
        elif not _has_agents(floor, QueueId(name)):
            what = "needs what no agent has; give the skills to somebody"
            yield problem_at(source, ("calls", name), what)
    for nth, burst in enumerate(written.arrivals.bursts):
        for place, name in enumerate(burst.queues):
            if name not in written.calls:
                where = ("arrivals", "bursts", str(nth), "queues", str(place))
                yield problem_at(source, where, unknown(name, "queue", written.calls))
    named = [("changes", nth, it.agent) for nth, it in enumerate(written.changes)]
    named += [("early", nth, it.agent) for nth, it in enumerate(written.early)]
    for part, nth, agent in named:
        if agent not in floor.agents:
            what = unknown(agent, "agent", floor.agents)
            yield problem_at(source, (part, str(nth), "agent"), what)


def _has_agents(floor: FloorPolicy, queue_id: QueueId) -> bool:
    return any(
        (not step.agents or agent.agent_id in step.agents)
        and all(agent.levels.get(it, 0) >= level for it, level in step.needs.items())
        for step in floor.queues[queue_id].steps
        for agent in floor.agents.values()
    )


def _scenario(written: WrittenScenario, floor: FloorPolicy) -> Scenario:
    kinds = tuple(
        Kind(
            queue_id=QueueId(name),
            share=calls.share,
            handling_s=calls.handling_s,
            spread=calls.spread,
            patience_s=calls.patience_s,
            wrap_up_share=calls.wrap_up_share,
            spell=Spell(calls.spell),
            call_class=calls.call_class,
            within_s=floor.queues[QueueId(name)].target.within_s,
        )
        for name, calls in written.calls.items()
    )
    people = written.people
    return Scenario(
        name=written.name,
        floor=floor,
        kinds=kinds,
        arrivals=_arrivals(written, floor, kinds),
        habits=Habits(
            ring_s=people.ring_s,
            no_answer=people.no_answer,
            back_s=people.back_s,
            breaks=people.breaks,
            break_s=people.break_s,
            again=people.again,
            again_s=people.again_s,
        ),
        agent_spread=people.agent_spread,
        kind_spread=people.kind_spread,
        speeds={
            AgentId(f"{prefix}{place + 1}"): group.speed
            for prefix, group in written.agents.items()
            if group.speed is not None
            for place in range(group.count)
        },
        changes=tuple(
            Change(
                agent_id=AgentId(it.agent),
                at_s=(it.day - 1) * DAY_S + _seconds(it.at) - _seconds(written.opens),
                times=it.times,
            )
            for it in written.changes
        ),
        early=tuple(
            EarlyHangUps(agent_id=AgentId(it.agent), share=it.share, left=it.left)
            for it in written.early
        ),
        open_s=_seconds(written.closes) - _seconds(written.opens),
        warm_up_days=written.warm_up_days,
        days=written.days,
        history_calls=written.history_calls,
    )


def _arrivals(
    written: WrittenScenario, floor: FloorPolicy, kinds: tuple[Kind, ...]
) -> Arrivals:
    arrivals = written.arrivals
    calls_a_day = float(arrivals.calls_a_day or 0)
    if arrivals.load is not None:
        shares = sum(kind.share for kind in kinds)
        mean_s = sum(it.share * it.handling_s for it in kinds) / shares
        open_s = _seconds(written.closes) - _seconds(written.opens)
        calls_a_day = arrivals.load * len(floor.agents) * open_s / mean_s
    return Arrivals(
        calls_a_day=calls_a_day,
        profile=arrivals.profile,
        day_noise=arrivals.day_noise,
        bursts=tuple(_burst(it, written.opens) for it in arrivals.bursts),
    )


def _burst(written: WrittenBurst, opens: str) -> Burst:
    return Burst(
        at_s=_seconds(written.at) - _seconds(opens),
        length_s=written.minutes * 60,
        times=written.times,
        queues=frozenset(map(QueueId, written.queues)),
    )


def _seconds(clock: str) -> float:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 3600.0 + int(minutes) * 60
