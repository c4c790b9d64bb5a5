"""Whether the people of a floor can serve its queues, and queues be told apart."""

from collections.abc import Iterable, Iterator, Mapping

from acd.policy import Step
from acd.vocabulary.ids import SkillId
from ivr.load import WrittenFlow
from ivr.problems import Problem
from ivr.source import Source
from ivr.steps import QueueStep
from ivr.wording import Wording
from ivr.words import problem_at
from services.floor.routing import levels_of, steps_of
from services.floor.written import WrittenFloor

_People = Mapping[str, Mapping[SkillId, int]]


def named_alike(source: Source, floor: WrittenFloor) -> Iterator[Problem]:
    """Tell queues of one name: nobody at a board could tell them apart."""
    first: dict[str, str] = {}
    for queue_id, queue in floor.queues.items():
        other = first.setdefault(queue.name.strip().casefold(), queue_id)
        if other != queue_id:
            what = f"{queue.name!r} is the name of queue {other!r}; name it otherwise"
            yield problem_at(source, ("queues", queue_id, "name"), what)


def unmet(
    source: Source, floor: WrittenFloor, flows: Iterable[WrittenFlow]
) -> Iterator[Problem]:
    """Tell queues, and flows that lead to them, whose callers nobody could ever serve.

    A floor without any agent is being set up: nothing is told of it.
    """
    people = {who: levels_of(agent.skills) for who, agent in floor.agents.items()}
    if not people:
        return
    for queue_id, queue in floor.queues.items():
        steps = steps_of(floor, queue)
        if not _can_be_met(steps, {}, people):
            here = ("queues", queue_id, "skills")
            yield problem_at(source, here, _nobody(steps, {}))
    for written in flows:
        for name, step in written.flow.steps.items():
            if not isinstance(step, QueueStep) or not step.skills:
                continue
            own = levels_of(step.skills, plain=1)
            for queued in sorted(set(step.queues.values())):
                ways = steps_of(floor, floor.queues[queued])
                if _can_be_met(ways, {}, people) and not _can_be_met(ways, own, people):
                    here = ("steps", name, "skills")
                    yield problem_at(written.source, here, _nobody(ways, own))


def _can_be_met(
    steps: Iterable[Step], own: Mapping[SkillId, int], people: _People
) -> bool:
    return any(
        all(
            levels.get(skill, 0) >= least
            for skill, least in {**own, **step.needs}.items()
        )
        for step in steps
        for who, levels in people.items()
        if not step.agents or who in step.agents
    )


def _needs(step: Step, own: Mapping[SkillId, int]) -> Iterable[tuple[SkillId, int]]:
    return {**own, **step.needs}.items()


def _nobody(steps: Iterable[Step], own: Mapping[SkillId, int]) -> Wording:
    ways = [
        " and ".join(
            f"{skill} {least}" for skill, least in {**own, **step.needs}.items()
        )
        + (f" of {', '.join(sorted(step.agents))}" if step.agents else "")
        for step in steps
    ]
    ways_zh = [
        " 和 ".join(
            f"{skill} {least}" for skill, least in {**own, **step.needs}.items()
        )
        + (f"（{'、'.join(sorted(step.agents))}）" if step.agents else "")
        for step in steps
    ]
    return Wording(
        en=f"nobody could ever take its calls, they need {', or '.join(ways)}; give an "
        "agent the level, or ask for less",
        zh=f"没有坐席能接它的电话，需要 {'，或 '.join(ways_zh)}；"
        "请给某个坐席相应的技能等级，或降低要求",
    )
