"""What a call needs of an agent, step by step, and whether somebody has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

from acd.policy import AgentProfile, QueuePolicy, Region, Step
from acd.vocabulary.ids import AgentId, Place, SkillId

ALL = "-"
"""The code of a place that is all of what lies below it."""


class Lack(StrEnum):
    """Why an agent of the floor does not qualify for a step."""

    NAMED = "named"
    """The step is for others by name."""
    REGION = "region"
    SKILL = "skill"
    LEVEL = "level"
    STEP = "step"
    """A later step will do; the call has not waited for it yet."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One step, for one call: equal ones are met by the same agents."""

    needs: tuple[tuple[SkillId, int], ...]
    """Skills with their lowest levels, by name."""
    agents: frozenset[AgentId]
    """Only these; empty means anybody."""
    province: str | None
    """None: of any."""
    unit: str | None

    def lack(self, agent: AgentProfile) -> Lack | None:
        """Return what an agent lacks first, or None for one who qualifies."""
        if self.agents and agent.agent_id not in self.agents:
            return Lack.NAMED
        if not self._is_near(agent.place):
            return Lack.REGION
        levels = agent.levels
        lack = None
        for skill, least in self.needs:
            level = levels.get(skill)
            if level is None:
                return Lack.SKILL
            if level < least:
                lack = Lack.LEVEL
        return lack

    def surplus(self, agent: AgentProfile) -> int:
        """Return by how many levels an agent has more than is needed."""
        levels = agent.levels
        return sum(levels[skill] - least for skill, least in self.needs)

    def _is_near(self, place: Place) -> bool:
        if self.province is None or place.province in (ALL, self.province):
            return self.unit is None or place.unit in (ALL, self.unit)
        return False


def requirements(
    queue: QueuePolicy, skills: frozenset[SkillId], place: Place
) -> tuple[Requirement, ...]:
    """Return what a call needs at each step of its queue.

    Args:
        queue: The queue's policy.
        skills: What the flow asked for beside the queue, on any level.
        place: The call's own, from which regions are counted.
    """
    return tuple(_requirement(step, skills, place) for step in queue.steps)


def _requirement(step: Step, skills: frozenset[SkillId], place: Place) -> Requirement:
    # Who is meant by name is meant whatever the flow asked for.
    extra = () if step.agents else skills
    needs = {**dict.fromkeys(extra, 1), **step.needs}
    province, unit = _region(step.region, place)
    return Requirement(
        needs=tuple(sorted(needs.items())),
        agents=step.agents,
        province=province,
        unit=unit,
    )


def _region(region: Region, place: Place) -> tuple[str | None, str | None]:
    if region == "any" or place.province == ALL:
        return None, None
    if region == "province" or place.unit == ALL:
        return place.province, None
    return place.province, place.unit


def is_served_by(queue: QueuePolicy, agent: AgentProfile) -> bool:
    """Tell whether an agent is one for a queue's callers, wherever these are.

    What counts is the first step that is not for some by name.
    """
    anybodys = (step.needs for step in queue.steps if not step.agents)
    needs = next(anybodys, queue.steps[0].needs)
    return all(agent.levels.get(skill, 0) >= least for skill, least in needs.items())


def step_ends_s(queue: QueuePolicy) -> Iterator[float]:
    """Yield after which wait each step but the last has its next one beside it."""
    return accumulate(step.for_s for step in queue.steps if step.for_s is not None)
