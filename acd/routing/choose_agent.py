"""How ready agents are scored for a call: the smallest score is chosen.

A score is what it was at the beginning of the idle spell, less a weight for each second
since, which is the same for all: the order of two who are ready never changes. So an
index can be kept in order without looking at the time, and a score shown as of now.
"""

from dataclasses import dataclass
from math import inf

from acd.choices import (
    AgentChoice,
    Blend,
    FastestFirst,
    LeastOccupied,
    LongestIdle,
    PriorityMatrix,
    QualityGate,
    RoundRobin,
)
from acd.routing.quality import Quality, gated_s
from acd.routing.requirements import Requirement
from acd.routing.standing import Estimates, Standing
from acd.vocabulary.ids import AgentId, QueueId

OCCUPANCY_S_A_POINT = 10.0
"""Seconds of score for each hundredth that somebody is busier than the bound."""

EPOCH_S = 1_767_225_600.0
"""2026 began then: keys of seconds since keep decimals that those since 1970 lose."""

NAMES: dict[type[AgentChoice], str] = {
    LongestIdle: "longest_idle",
    LeastOccupied: "least_occupied",
    FastestFirst: "fastest_first",
    RoundRobin: "round_robin",
    PriorityMatrix: "priority_matrix",
    Blend: "blend",
}
TERMS: dict[type[AgentChoice], tuple[str, ...]] = {
    LongestIdle: ("idle",),
    LeastOccupied: ("over_mean",),
    FastestFirst: ("handling",),
    RoundRobin: ("since_offer",),
    PriorityMatrix: ("level",),
    Blend: ("handling", "idle", "scarcity", "level", "occupancy"),
}
"""What the terms of each rule's score are called; their sum is the score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The call to be given away, as far as scores depend on it."""

    queue_id: QueueId
    kind: str
    choice: AgentChoice
    requirement: Requirement


class Scoring:
    """Scores agents by what is known of them."""

    def __init__(self, estimates: Estimates, quality: Quality) -> None:
        """Join it with what is known."""
        self.estimates = estimates
        self.quality = quality
        self._averages: dict[str, float] = {}

    @property
    def quality(self) -> Quality:
        """How everybody's calls end; with another one keys are others."""
        return self._quality

    @quality.setter
    def quality(self, quality: Quality) -> None:
        self._quality = quality
        self._within: dict[QualityGate, dict[AgentId, bool]] = {}

    def forget_averages(self) -> None:
        """Ask for everybody's mean anew: the estimates have another revision."""
        self._averages.clear()

    def key(self, job: Job, agent: Standing) -> tuple[float, float, tuple[float, ...]]:
        """Return by what an agent is ordered, for as long as the idle spell lasts.

        Returns:
            The key, what breaks its ties, and the terms that stand as long as it.
        """
        since_s = agent.ready_since_s - EPOCH_S
        match job.choice:
            case Blend() as blend:
                terms = self._own_terms(blend, job, agent)
                return sum(terms) + blend.idle_weight * since_s, since_s, terms
            case LongestIdle():
                return since_s, 0.0, ()
            case FastestFirst():
                agent_id = agent.profile.agent_id
                expected_s = self.estimates.expected_s(agent_id, job.kind)
                return expected_s, since_s, (expected_s,)
            case LeastOccupied():
                return agent.occupancy_key, since_s, (agent.over,)
            case RoundRobin():
                last_s = agent.last_offers.get(job.queue_id, -inf)
                return last_s, since_s, (last_s,)
            case PriorityMatrix():
                surplus = -job.requirement.surplus(agent.profile)
                return surplus, since_s, (float(surplus),)

    def _own_terms(
        self, blend: Blend, job: Job, agent: Standing
    ) -> tuple[float, float, float, float]:
        """Return all terms of a blended score but the idle time's."""
        profile = agent.profile
        scarcity_s = level_s = occupancy_s = 0.0
        if blend.scarcity_s:
            scarcity_s = blend.scarcity_s * max(0, len(profile.levels) - 1)
        if blend.level_s:
            level_s = -blend.level_s * job.requirement.surplus(profile)
        if blend.occupancy_bound is not None and agent.over > blend.occupancy_bound:
            points = 100 * (agent.over - blend.occupancy_bound)
            occupancy_s = OCCUPANCY_S_A_POINT * points
        handling_s = self._handling_s(blend, job.kind, agent)
        return handling_s, scarcity_s, level_s, occupancy_s

    def _handling_s(self, blend: Blend, kind: str, agent: Standing) -> float:
        agent_id = agent.profile.agent_id
        handling_s = self.estimates.expected_s(agent_id, kind)
        average_s = self._averages.get(kind)
        if average_s is None:
            average_s = self._averages[kind] = self.estimates.average_s(kind)
        gate = blend.quality_gate
        if gate is not None:
            is_within = self._is_within(gate, agent_id)
            handling_s = gated_s(handling_s, average_s, is_within=is_within)
        reach_s = average_s * blend.clamp
        handling_s = min(max(handling_s, average_s - reach_s), average_s + reach_s)
        if blend.per_resolved:
            handling_s /= self.quality.resolved_share(agent_id)
        return handling_s

    def _is_within(self, gate: QualityGate, agent_id: AgentId) -> bool:
        """Tell whether short calls count, worked out once for each quality."""
        judged = self._within.setdefault(gate, {})
        found = judged.get(agent_id)
        if found is None:
            found = judged[agent_id] = self._quality.is_within(
                agent_id, repeat_rate=gate.repeat_rate, least_calls=gate.least_calls
            )
        return found


def terms_now(
    choice: AgentChoice, own: tuple[float, ...], idle_s: float, now_s: float
) -> tuple[float, ...]:
    """Return the terms of a score as of now, as ``TERMS`` names them.

    Args:
        choice: The rule.
        own: Those that stand through the idle spell, as the key was made of.
        idle_s: How long the agent has been ready.
        now_s: In seconds since 1970.
    """
    match choice:
        case Blend():
            handling_s, scarcity_s, level_s, occupancy_s = own
            idle = -round(choice.idle_weight * idle_s, 3)
            return handling_s, idle, scarcity_s, level_s, occupancy_s
        case LongestIdle():
            return (-round(idle_s, 3),)
        case RoundRobin():
            (last_s,) = own
            return (0.0 if last_s == -inf else round(last_s - now_s, 3),)
        case FastestFirst() | LeastOccupied() | PriorityMatrix():
            return own
