"""What all calls have in common: the means of kinds, and how far people differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log, sqrt

from acd.vocabulary.ids import AgentId

Kind = str
"""A kind of call, as the policy of its queue names it."""

USUAL_S = 240.0
"""What a call is expected to take where nothing is known of any."""
_WITHIN = 0.8**2
_AGENTS = 0.20**2
_KINDS = 0.12**2
"""Variances of log seconds to begin with: of calls of one agent and kind, of agents,
and of an agent's kinds (Ibrahim, L'Ecuyer, Shen and Thiongane 2016)."""
_TRUST_CALLS = 50.0
"""So many calls, and so many agents' kinds, weigh what is believed to begin with."""
_TRUST_CELLS = 20.0
_KIND_SPREAD = 0.5**2
"""Variance of the kinds' means about each other; it matters for kinds seldom seen."""
_LEAST = 1e-4
_P995 = 2.576
"""The normal distribution's 99.5th percentile."""


@dataclass(slots=True)
class Cell:
    """Sums of log seconds of one agent's calls of one kind, as of the current day."""

    calls: float = 0.0
    total: float = 0.0
    squares: float = 0.0

    def fade(self, share: float) -> None:
        """Let all that was learned count for less."""
        self.calls *= share
        self.total *= share
        self.squares *= share


Cells = Mapping[AgentId, Mapping[Kind, Cell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """The terms of ``log T = kind's mean + agent + agent's kind + rest``."""

    means: Mapping[Kind, float] = field(default_factory=dict)
    """Mean of log seconds of the average agent."""
    within: Mapping[Kind, float] = field(default_factory=dict)
    """Variance of the rest, where the kind's calls tell it."""
    pooled: float = _WITHIN
    """Variance of the rest over all kinds."""
    agents: float = _AGENTS
    """Variance of the agents."""
    kinds: float = _KINDS
    """Variance of an agent's kinds."""

    def mean(self, kind: Kind) -> float:
        """Return a kind's mean; of an unknown kind the mean of all kinds."""
        found = self.means.get(kind)
        if found is not None:
            return found
        if not self.means:
            return log(USUAL_S) - self.pooled / 2
        return sum(self.means.values()) / len(self.means)

    def rest(self, kind: Kind) -> float:
        """Return the variance of calls about what is expected of their agent."""
        return self.within.get(kind, self.pooled)

    def longest(self, kind: Kind) -> float:
        """Return the log seconds above which one call in 200 lies."""
        spread = self.rest(kind) + self.agents + self.kinds
        return self.mean(kind) + _P995 * sqrt(spread)

    def effects(self, own: Mapping[Kind, Cell]) -> "Effects":
        """Return what an agent adds: the best linear prediction from their calls.

        Kinds whose mean is not known yet tell nothing of the agent.
        """
        pull, weight = 0.0, 1.0 / self.agents
        for kind, cell in own.items():
            mean = self.means.get(kind)
            if mean is not None and cell.calls > 0:
                trust = cell.calls / (self.kinds * cell.calls + self.rest(kind))
                pull += trust * (cell.total / cell.calls - mean)
                weight += trust
        return Effects(agent=pull / weight, variance=1.0 / weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """How an agent differs from the average, in log seconds."""

    agent: float
    variance: float


def settled(cells: Cells, before: Components) -> Components:
    """Work the components out anew, by moments.

    It takes one step from what was believed before: the means are those of agents
    corrected by what each was believed to add, so that a kind which slow people take
    does not look long.

    Args:
        cells: Everybody's sums.
        before: What was believed so far.
    """
    within, pooled = _within(cells)
    base = Components(
        means=before.means,
        within=within,
        pooled=pooled,
        agents=before.agents,
        kinds=before.kinds,
    )
    means = _means(cells, base)
    agents, kinds = _between(cells, means, base)
    return Components(
        means=means, within=within, pooled=pooled, agents=agents, kinds=kinds
    )


def _within(cells: Cells) -> tuple[dict[Kind, float], float]:
    """Return the variance within cells, of each kind and pooled."""
    sums: dict[Kind, list[float]] = {}
    for own in cells.values():
        for kind, cell in own.items():
            if cell.calls > 1:
                found = sums.setdefault(kind, [0.0, 0.0])
                found[0] += max(0.0, cell.squares - cell.total**2 / cell.calls)
                found[1] += cell.calls - 1
    squares = sum(found[0] for found in sums.values())
    degrees = sum(found[1] for found in sums.values())
    pooled = (_TRUST_CALLS * _WITHIN + squares) / (_TRUST_CALLS + degrees)
    within = {
        kind: max(
            _LEAST, (_TRUST_CALLS * pooled + found[0]) / (_TRUST_CALLS + found[1])
        )
        for kind, found in sums.items()
    }
    return within, max(_LEAST, pooled)


def _means(cells: Cells, base: Components) -> dict[Kind, float]:
    pulls: dict[Kind, list[float]] = {}
    for own in cells.values():
        agent = base.effects(own).agent
        for kind, cell in own.items():
            trust = cell.calls / (base.kinds * cell.calls + base.rest(kind))
            found = pulls.setdefault(kind, [0.0, 0.0])
            found[0] += trust * (cell.total / cell.calls - agent)
            found[1] += trust
    if not pulls:
        return {}
    weight = sum(found[1] for found in pulls.values())
    middle = sum(found[0] for found in pulls.values()) / weight
    prior = 1.0 / _KIND_SPREAD
    return {
        kind: (prior * middle + found[0]) / (prior + found[1])
        for kind, found in pulls.items()
    }


def _between(
    cells: Cells, means: Mapping[Kind, float], base: Components
) -> tuple[float, float]:
    """Return the variances of agents and of agents' kinds.

    What two kinds of one agent have in common is the agent's; the square of a single
    cell holds the agent's, the kind's and the noise of its mean.
    """
    both = base.agents + base.kinds
    common = common_weight = 0.0
    single = single_weight = 0.0
    for own in cells.values():
        linear = squared = weights = squared_weights = 0.0
        for kind, cell in own.items():
            noise = base.rest(kind) / cell.calls
            trust = both / (both + noise)
            term = trust * (cell.total / cell.calls - means[kind])
            linear += term
            squared += term * term
            weights += trust
            squared_weights += trust * trust
            single += term * term - trust * trust * noise
        single_weight += squared_weights
        common += linear * linear - squared
        common_weight += weights * weights - squared_weights
    agents = max(
        _LEAST, (_TRUST_CELLS * _AGENTS + common) / (_TRUST_CELLS + common_weight)
    )
    total = (_TRUST_CELLS * (_AGENTS + _KINDS) + single) / (
        _TRUST_CELLS + single_weight
    )
    total = max(2 * _LEAST, total)
    if common_weight <= 0:
        # One kind each: what is the agent's and what the kind's cannot be told apart.
        agents = total * _AGENTS / (_AGENTS + _KINDS)
    agents = min(agents, total - _LEAST)
    return agents, total - agents
