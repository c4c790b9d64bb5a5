"""How agents really are: what the simulation knows and no policy is told."""

from math import exp, log
from statistics import NormalDist
from typing import Final

from acd.simulation.chance import Chance
from acd.simulation.crowd import Caller
from acd.simulation.scenario import Scenario, Spell
from acd.vocabulary.ids import AgentId

_AGENT, _WITH_KIND, _CUT, _RING, _BREAK, _KNOWN = 11, 12, 13, 14, 15, 16
_SHORTEST_S: Final = 1.0
_NORMAL: Final = NormalDist()


class People:
    """The true handling times of every agent, and what each does when it rings.

    Agents are drawn by their place on the floor, not by their name.
    """

    def __init__(self, scenario: Scenario, seed: int) -> None:
        """Draw everybody of a seed."""
        self._seed = seed
        self._scenario = scenario
        self._nth = {it: nth for nth, it in enumerate(scenario.floor.agents)}
        self._log_speed = self._drawn()
        self._early = {it.agent_id: it for it in scenario.early}

    def _drawn(self) -> dict[AgentId, list[float]]:
        """Draw by how much each is slower, as logarithms, kind by kind."""
        scenario = self._scenario
        # So that the mean over agents is the kind's own mean.
        middle = (scenario.agent_spread**2 + scenario.kind_spread**2) / 2
        drawn = {}
        for agent_id, nth in self._nth.items():
            own = Chance(self._seed, _AGENT, nth).normal() * scenario.agent_spread
            if agent_id in scenario.speeds:
                own = log(scenario.speeds[agent_id]) + middle
            drawn[agent_id] = [
                own
                + Chance(self._seed, _WITH_KIND, nth, kind).normal()
                * scenario.kind_spread
                - middle
                for kind in range(len(scenario.kinds))
            ]
        return drawn

    def mean_s(self, agent_id: AgentId, kind: int, at_s: float) -> float:
        """Return the true mean handling time of an agent, early hang-ups apart."""
        factor = exp(self._log_speed[agent_id][kind])
        for change in self._scenario.changes:
            if change.agent_id == agent_id and at_s >= change.at_s:
                factor *= change.times
        return self._scenario.kinds[kind].handling_s * factor

    def handling_s(self, agent_id: AgentId, caller: Caller, at_s: float) -> float:
        """Return how long a call takes with an agent, talk and wrap-up together."""
        mean_s = self.mean_s(agent_id, caller.kind, at_s)
        whole_s = max(_SHORTEST_S, self._spell(caller.kind, caller.z, mean_s))
        if self.cuts_short(agent_id, caller):
            return max(_SHORTEST_S, whole_s * self._early[agent_id].left)
        return whole_s

    def cuts_short(self, agent_id: AgentId, caller: Caller) -> bool:
        """Tell whether an agent hangs up on a caller early."""
        early = self._early.get(agent_id)
        if early is None:
            return False
        return Chance(self._seed, _CUT, caller.key).share() < early.share

    def ring_s(self, caller: Caller, nth: int) -> float | None:
        """Return how long a call's nth offer rings; None where nobody answers."""
        habits = self._scenario.habits
        chance = Chance(self._seed, _RING, caller.key, nth)
        if chance.share() < habits.no_answer:
            return None
        return chance.between(*habits.ring_s)

    def breaks_at_s(self, agent_id: AgentId, day: int) -> list[float]:
        """Return when an agent wishes a break, in seconds since the day's opening."""
        habits, nth = self._scenario.habits, self._nth[agent_id]
        chance = Chance(self._seed, _BREAK, nth, day)
        part_s = self._scenario.open_s / (habits.breaks or 1)
        return [(it + chance.share()) * part_s for it in range(habits.breaks)]

    def known_s(self, agent_id: AgentId, kind: int) -> list[float]:
        """Return handling times that were seen before the first day."""
        nth, mean_s = self._nth[agent_id], self.mean_s(agent_id, kind, 0.0)
        chance = Chance(self._seed, _KNOWN, nth, kind)
        serves = sum(
            it.queue_id in self._queues(agent_id) for it in self._scenario.kinds
        )
        count = self._scenario.history_calls // max(1, serves)
        return [
            max(_SHORTEST_S, self._spell(kind, chance.normal(), mean_s))
            for _ in range(count)
        ]

    def _queues(self, agent_id: AgentId) -> frozenset[str]:
        floor = self._scenario.floor
        skills = floor.agents[agent_id].skills
        return frozenset(
            it.queue_id for it in floor.queues.values() if it.skills <= skills
        )

    def _spell(self, kind: int, z: float, mean_s: float) -> float:
        its = self._scenario.kinds[kind]
        if its.spell is Spell.EXPONENTIAL:
            return -mean_s * log(_survival(z))
        return mean_s * exp(its.spread * z - its.spread**2 / 2)


def _survival(z: float) -> float:
    """Return the share of a normal distribution above z."""
    return max(1e-12, _NORMAL.cdf(-z))
