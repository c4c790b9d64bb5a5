"""How an agent's calls end: whose callers call again, are dissatisfied, or are cut."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt

from acd.vocabulary.ids import AgentId

USUAL_REPEATS = 0.10
"""Share of callers who call again soon, where nothing is known."""
USUAL_DISSATISFIED = 0.10
USUAL_CUT = 0.01
"""Share of conversations that the agent ends within ``CUT_SHORT_S``."""
CUT_RATE = 0.05
"""Who ends more of them so is out of bounds."""
_TRUST = 30.0
"""So many calls weigh what the floor does, against what the agent does."""
_LEAST_RESOLVED = 0.2
_SURE = 1.645
"""Out of bounds is who is so in 19 cases of 20, not who had bad luck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What became of an agent's calls, faded as their handling times are."""

    calls: float = 0.0
    repeats: float = 0.0
    """Of these calls: the caller called again soon."""
    cut: float = 0.0
    """Of these calls: the agent ended them at once."""
    rated: float = 0.0
    """Calls whose callers said how it was."""
    dissatisfied: float = 0.0


_NONE = Outcomes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The outcomes of all agents, each shrunken towards the floor's.

    It is a value: whoever learns anew makes another.
    """

    agents: Mapping[AgentId, Outcomes] = field(default_factory=dict)
    floor: Outcomes = _NONE

    @classmethod
    def of(cls, agents: Mapping[AgentId, Outcomes]) -> "Quality":
        """Return the quality of agents, with the floor's as their sum."""
        every = agents.values()
        return cls(
            agents=agents,
            floor=Outcomes(
                calls=sum(o.calls for o in every),
                repeats=sum(o.repeats for o in every),
                cut=sum(o.cut for o in every),
                rated=sum(o.rated for o in every),
                dissatisfied=sum(o.dissatisfied for o in every),
            ),
        )

    def calls(self, agent_id: AgentId) -> float:
        """Return on how many calls, faded, an agent is judged."""
        return self.agents.get(agent_id, _NONE).calls

    def repeat_rate(self, agent_id: AgentId) -> float:
        """Return the share of an agent's callers who call again soon."""
        own, floor = self.agents.get(agent_id, _NONE), self.floor
        usual = _share(floor.repeats, floor.calls, USUAL_REPEATS)
        return _share(own.repeats, own.calls, usual)

    def dissatisfied_rate(self, agent_id: AgentId) -> float:
        """Return the share of an agent's callers who said that it was bad."""
        own, floor = self.agents.get(agent_id, _NONE), self.floor
        usual = _share(floor.dissatisfied, floor.rated, USUAL_DISSATISFIED)
        return _share(own.dissatisfied, own.rated, usual)

    def cut_rate(self, agent_id: AgentId) -> float:
        """Return the share of conversations that an agent ended at once."""
        own, floor = self.agents.get(agent_id, _NONE), self.floor
        return _share(own.cut, own.calls, _share(floor.cut, floor.calls, USUAL_CUT))

    def resolved_share(self, agent_id: AgentId) -> float:
        """Return the share of callers who need not call again, for time per resolved.

        It is never so small that a single bad day would take somebody out of work.
        """
        return max(_LEAST_RESOLVED, 1.0 - self.repeat_rate(agent_id))

    def is_within(
        self, agent_id: AgentId, *, repeat_rate: float, least_calls: float
    ) -> bool:
        """Tell whether an agent's short calls may count for them.

        Args:
            agent_id: Whose.
            repeat_rate: More callers than this share who call again, or are
                dissatisfied, are too many.
            least_calls: With fewer calls nobody is judged.
        """
        own = self.agents.get(agent_id, _NONE)
        if own.calls < least_calls:
            return True
        return not (
            _is_above(self.repeat_rate(agent_id), own.calls, repeat_rate)
            or _is_above(self.dissatisfied_rate(agent_id), own.rated, repeat_rate)
            or _is_above(self.cut_rate(agent_id), own.calls, CUT_RATE)
        )


def gated_s(expected_s: float, average_s: float, *, is_within: bool) -> float:
    """Return what counts: out of bounds nobody gains by short calls."""
    return expected_s if is_within else max(expected_s, average_s)


def _share(happened: float, of: float, usual: float) -> float:
    return (happened + _TRUST * usual) / (of + _TRUST)


def _is_above(rate: float, calls: float, bound: float) -> bool:
    doubt = sqrt(bound * (1 - bound) / (calls + _TRUST))
    return rate - _SURE * doubt > bound
