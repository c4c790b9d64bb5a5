"""How agents really are: what the simulation knows and no policy is told."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRecord:
    """Calls of one agent and kind before the first day."""

    handled_s: tuple[float, ...]
    repeats: int
    """How many of their callers called again soon."""


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
        self.served = self._served()
        """Of each agent, which kinds of call they can take at its first step."""
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

    def known(self, agent_id: AgentId, kind: int) -> OnRecord:
        """Return what is on record of an agent when the first day begins."""
        nth, mean_s = self._nth[agent_id], self.mean_s(agent_id, kind, 0.0)
        kinds = self.served[agent_id]
        if kind not in kinds:
            return OnRecord(handled_s=(), repeats=0)
        chance = Chance(self._seed, _KNOWN, nth, kind)
        early = self._early.get(agent_id)
        handled_s, repeats = [], 0
        for _ in range(self._scenario.history_calls // len(kinds)):
            whole_s = self._spell(kind, chance.normal(), mean_s)
            if early is not None and chance.share() < early.share:
                whole_s *= early.left
                repeats += 1
            handled_s.append(max(_SHORTEST_S, whole_s))
        return OnRecord(handled_s=tuple(handled_s), repeats=repeats)

    def _served(self) -> dict[AgentId, frozenset[int]]:
        """Return the kinds of call that each agent can take at the first step."""
        floor, served = self._scenario.floor, {}
        needs = [
            floor.queues[kind.queue_id].steps[0].needs for kind in self._scenario.kinds
        ]
        for agent_id, profile in floor.agents.items():
            levels = profile.levels
            served[agent_id] = frozenset(
                nth
                for nth, needed in enumerate(needs)
                if all(levels.get(it, 0) >= level for it, level in needed.items())
            )
        return served

    def _spell(self, kind: int, z: float, mean_s: float) -> float:
        its = self._scenario.kinds[kind]
        if its.spell is Spell.EXPONENTIAL:
            return -mean_s * log(_survival(z))
        return mean_s * exp(its.spread * z - its.spread**2 / 2)


def _survival(z: float) -> float:
    """Return the share of a normal distribution above z."""
    return max(1e-12, _NORMAL.cdf(-z))
