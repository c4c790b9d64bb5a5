"""What a simulation is of: a floor, who calls it, and how its people really are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from acd.policy import FloorPolicy
from acd.vocabulary.ids import AgentId, QueueId


class Spell(StrEnum):
    """How handling times lie around their mean."""

    LOGNORMAL = "lognormal"
    EXPONENTIAL = "exponential"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The calls of one queue."""

    queue_id: QueueId
    share: float
    """Its part of all calls, as a weight."""
    handling_s: float
    """Mean of talk and wrap-up with an agent of average speed."""
    spread: float
    """Of the logarithm of handling times: 0.8 is a usual one."""
    patience_s: float
    """Mean of how long a caller waits for a person before leaving (exponential)."""
    wrap_up_share: float = 0.15
    """Part of the handling time that is work after the call."""
    spell: Spell = Spell.LOGNORMAL
    call_class: int = 0
    within_s: float = 20.0
    """Whoever is answered so soon counts for the service level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """For a while there are many times as many calls."""

    at_s: float
    """Since the day's opening."""
    length_s: float
    times: float
    queues: frozenset[QueueId] = frozenset()
    """Which kinds of call; empty: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """How calls come: a Poisson process whose rate follows the day."""

    calls_a_day: float
    profile: tuple[float, ...] = (1.0,)
    """Weights of equal parts of the day."""
    day_noise: float = 0.0
    """Spread of a whole day's rate, as a part of it."""
    bursts: tuple[Burst, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """From some instant on an agent is slower or faster for good."""

    agent_id: AgentId
    at_s: float
    """Since the first day's opening, closed hours counted as well."""
    times: float
    """Of the handling time before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyHangUps:
    """An agent cuts calls short, whose callers then call again."""

    agent_id: AgentId
    share: float
    """Of the calls."""
    left: float = 0.15
    """Part of the handling time that such a call takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What people do, in measures that hold for all of them."""

    ring_s: tuple[float, float] = (2.0, 6.0)
    """From which to which time an agent lets it ring."""
    no_answer: float = 0.0
    """Share of offers that nobody answers."""
    back_s: float = 60.0
    """How soon an agent is ready again who let it ring."""
    breaks: int = 0
    """Of each agent a day."""
    break_s: float = 900.0
    again: float = 0.0
    """Share of those who left in vain that call again."""
    again_s: float = 300.0
    """Mean of how soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything a simulation depends on but the seed and the policy."""

    name: str
    floor: FloorPolicy
    kinds: tuple[Kind, ...]
    arrivals: Arrivals
    habits: Habits = Habits()
    agent_spread: float = 0.0
    """Of the logarithm of how fast agents are."""
    kind_spread: float = 0.0
    """Of how much faster or slower each is with one kind of call."""
    speeds: Mapping[AgentId, float] = field(default_factory=dict)
    """Handling times of some, as a multiple of the average; the others are drawn."""
    changes: tuple[Change, ...] = ()
    early: tuple[EarlyHangUps, ...] = ()
    open_s: float = 8 * 3600.0
    """Length of a day; agents are signed in from its opening to its close."""
    warm_up_days: int = 0
    """First days that are lived through and not counted."""
    days: int = 1
    """Counted days."""
    history_calls: int = 0
    """Handled calls of each agent that are known when the first day begins."""

    @property
    def mean_handling_s(self) -> float:
        """Mean of the handling time over all kinds."""
        shares = sum(kind.share for kind in self.kinds)
        return sum(it.share * it.handling_s for it in self.kinds) / shares

    @property
    def load(self) -> float:
        """Work that comes, as a part of what all agents of average speed can do."""
        work_s = self.arrivals.calls_a_day * self.mean_handling_s
        return work_s / (len(self.floor.agents) * self.open_s)
