"""How ready agents are scored for a call: the smallest score is chosen.

A score is what it was at the beginning of the idle spell, less a weight for each second
since, which is the same for all: the order of two who are ready never changes. So an
index can be kept in order without looking at the time, and a score shown as of now.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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


Key = tuple[float, float, tuple[float, ...]]
"""A score as of the beginning of the idle spell, what breaks its ties, and the terms
that stand through the spell."""
Score = Callable[[Standing], Key]
"""By what agents are ordered for one job; a key holds as long as the spell does."""


class Scoring:
    """Scores agents by what is known of them."""

    def __init__(self, estimates: Estimates, quality: Quality) -> None:
        """Join it with what is known."""
        self.estimates = estimates
        self._counted: dict[tuple[Blend, str], dict[AgentId, tuple[float, float]]] = {}
        self._within: dict[QualityGate | None, dict[AgentId, bool]] = {}
        self.quality = quality

    @property
    def quality(self) -> Quality:
        """How everybody's calls end; with another one keys are others."""
        return self._quality

    @quality.setter
    def quality(self, quality: Quality) -> None:
        self._quality = quality
        self.forget()

    def forget(self) -> None:
        """Work out anew what estimates count as: everybody's have changed."""
        for within in self._within.values():
            within.clear()
        for counted in self._counted.values():
            counted.clear()

    def score(self, job: Job) -> Score:
        """Return by what agents are ordered for a job."""
        match job.choice:
            case Blend() as blend:
                return self._blended(blend, job)
            case LongestIdle():
                return _longest_idle
            case FastestFirst():
                return partial(_fastest, self.estimates, job.kind)
            case LeastOccupied():
                return _least_occupied
            case RoundRobin():
                return partial(_by_turns, job.queue_id)
            case PriorityMatrix():
                return partial(_best_level, job.requirement)

    def _blended(self, blend: Blend, job: Job) -> Score:
        """Return the blended score; what the rule leaves out costs nothing."""
        handling = self._handling(blend, job.kind)
        idle_weight, scarcity_s, level_s = (
            blend.idle_weight,
            blend.scarcity_s,
            blend.level_s,
        )
        bound = inf if blend.occupancy_bound is None else blend.occupancy_bound

        def score(agent: Standing) -> Key:
            profile = agent.profile
            since_s = agent.ready_since_s - EPOCH_S
            scarce_s = better_s = busy_s = 0.0
            if scarcity_s:
                scarce_s = scarcity_s * max(0, len(profile.levels) - 1)
            if level_s:
                better_s = -level_s * job.requirement.surplus(profile)
            if agent.over > bound:
                busy_s = OCCUPANCY_S_A_POINT * 100 * (agent.over - bound)
            handling_s = handling(profile.agent_id)
            own_s = handling_s + scarce_s + better_s + busy_s
            terms = handling_s, scarce_s, better_s, busy_s
            return own_s + idle_weight * since_s, since_s, terms

        return score

    def _handling(self, blend: Blend, kind: str) -> Callable[[AgentId], float]:
        """Return what tells the handling time that counts; it changes with estimates'.

        Who becomes ready is put into several pools at once, some of one kind.
        """
        counted = self._counted.setdefault((blend, kind), {})
        within = self._within.setdefault(blend.quality_gate, {})
        expected_s = self.estimates.expected_s

        def handling_s(agent_id: AgentId) -> float:
            told_s = expected_s(agent_id, kind)
            found = counted.get(agent_id)
            if found is None or found[0] != told_s:
                counts_s = self._counts_s(blend, kind, agent_id, told_s, within)
                found = counted[agent_id] = told_s, counts_s
            return found[1]

        return handling_s

    def _counts_s(
        self,
        blend: Blend,
        kind: str,
        agent_id: AgentId,
        handling_s: float,
        within: dict[AgentId, bool],
    ) -> float:
        """Return what an estimate counts as: gated, clamped, per resolved call.

        Args:
            blend: The rule.
            kind: Of the call.
            agent_id: Whose it is.
            handling_s: The estimate.
            within: Who passes the rule's gate, as far as it was asked; it is the same
                as long as the quality is.
        """
        average_s = self.estimates.average_s(kind)
        gate = blend.quality_gate
        if gate is not None:
            is_within = within.get(agent_id)
            if is_within is None:
                is_within = within[agent_id] = self._quality.is_within(
                    agent_id, repeat_rate=gate.repeat_rate, least_calls=gate.least_calls
                )
            handling_s = gated_s(handling_s, average_s, is_within=is_within)
        reach_s = average_s * blend.clamp
        handling_s = min(max(handling_s, average_s - reach_s), average_s + reach_s)
        if blend.per_resolved:
            handling_s /= self._quality.resolved_share(agent_id)
        return handling_s


def _longest_idle(agent: Standing) -> Key:
    return agent.ready_since_s - EPOCH_S, 0.0, ()


def _fastest(estimates: Estimates, kind: str, agent: Standing) -> Key:
    expected_s = estimates.expected_s(agent.profile.agent_id, kind)
    return expected_s, agent.ready_since_s - EPOCH_S, (expected_s,)


def _least_occupied(agent: Standing) -> Key:
    return agent.occupancy_key, agent.ready_since_s - EPOCH_S, (agent.over,)


def _by_turns(queue_id: QueueId, agent: Standing) -> Key:
    last_s = agent.last_offers.get(queue_id, -inf)
    return last_s, agent.ready_since_s - EPOCH_S, (last_s,)


def _best_level(requirement: Requirement, agent: Standing) -> Key:
    surplus = -requirement.surplus(agent.profile)
    return surplus, agent.ready_since_s - EPOCH_S, (float(surplus),)


def terms_now(
    choice: AgentChoice, own: tuple[float, ...], idle_s: float, now_s: float
) -> tuple[float, ...]:
    """Return the terms of a score as of now, to the millisecond, as ``TERMS`` has them.

    Args:
        choice: The rule.
        own: Those that stand through the idle spell, as the key was made of.
        idle_s: How long the agent has been ready.
        now_s: In seconds since 1970.
    """
    match choice:
        case Blend():
            # Most of them are 0, and need no rounding.
            handling_s, *others = [round(term, 3) if term else term for term in own]
            idle = -round(choice.idle_weight * idle_s, 3)
            return (handling_s, idle, *others)
        case LongestIdle():
            return (-round(idle_s, 3),)
        case RoundRobin():
            (last_s,) = own
            return (0.0 if last_s == -inf else round(last_s - now_s, 3),)
        case FastestFirst() | LeastOccupied() | PriorityMatrix():
            return tuple([round(term, 3) for term in own])
