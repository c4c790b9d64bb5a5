"""The figures of a call centre, as pure sums: each formula stands in its docstring."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from acd.simulation.tally import SHORT_ABANDON_S, AgentTally, QueueTally, Tally
from acd.vocabulary.ids import QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """One queue, or all of them."""

    offered: int
    """Calls that came to the queue."""
    answered: int
    service_level: float
    """Answered within the target's time ÷ (offered - short abandons), in percent."""
    asa_s: float
    """Mean wait of the answered, from the queue to the conversation."""
    p95_s: float
    most_s: float
    to_offer_s: float
    """Mean time to the first offer, of those that had one."""
    abandonment: float
    """Left before a conversation ÷ offered, in percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One simulation under one policy."""

    whole: QueueFigures
    queues: Mapping[QueueId, QueueFigures]
    aht_s: float
    """Talk and wrap-up ÷ handled calls."""
    occupancy: float
    """Talk and wrap-up ÷ time at work (ready, reserved, busy), in percent."""
    occupancy_spread: float
    """Standard deviation of the agents' occupancies, in points."""
    occupancy_p95_p5: float
    """How many points lie between the busy and the idle end of the agents."""
    calls_most: int
    calls_least: int
    """Calls of the agents who had most and least."""
    idle_gini: float
    """How unequal the agents' mean idle spells are: 0 all alike, 1 one has all."""
    unanswered: int
    """Offers that rang in vain."""
    decision_us: float = 0.0
    """Median real time of a turn with an offer in it; 0 where it was not measured."""


def figures_of(tally: Tally, decision_us: float = 0.0) -> Figures:
    """Return what a tally comes to."""
    agents = [it for it in tally.agents.values() if it.at_work_s > 0]
    handled = sum(it.calls for it in agents)
    busy_s = sum(it.busy_s for it in agents)
    shares = [it.occupancy for it in agents]
    at_work_s = sum(it.at_work_s for it in agents)
    return Figures(
        whole=_queue(tally.queues.values()),
        queues={it: _queue((one,)) for it, one in tally.queues.items() if one.offered},
        aht_s=sum(it.handled_s for it in agents) / handled if handled else 0.0,
        occupancy=busy_s / at_work_s * 100 if at_work_s else 0.0,
        occupancy_spread=pstdev(shares) if shares else 0.0,
        occupancy_p95_p5=share_at(shares, 0.95) - share_at(shares, 0.05),
        calls_most=max((it.calls for it in agents), default=0),
        calls_least=min((it.calls for it in agents), default=0),
        idle_gini=gini(_idle_spells(agents)),
        unanswered=sum(it.unanswered for it in agents),
        decision_us=decision_us,
    )


def _queue(tallies: Iterable[QueueTally]) -> QueueFigures:
    offered = within = short = 0
    waits: list[float] = []
    to_offer: list[float] = []
    left = 0
    for one in tallies:
        offered += one.offered
        waits += one.waits_s
        to_offer += one.to_offer_s
        left += len(one.left_s)
        within += sum(waited_s <= one.within_s for waited_s in one.waits_s)
        short += sum(waited_s <= SHORT_ABANDON_S for waited_s in one.left_s)
    base = offered - short
    return QueueFigures(
        offered=offered,
        answered=len(waits),
        service_level=within / base * 100 if base else 100.0,
        asa_s=fmean(waits) if waits else 0.0,
        p95_s=share_at(waits, 0.95),
        most_s=max(waits, default=0.0),
        to_offer_s=fmean(to_offer) if to_offer else 0.0,
        abandonment=left / offered * 100 if offered else 0.0,
    )


def _idle_spells(agents: Iterable[AgentTally]) -> list[float]:
    return [it.ready_s / it.idle_spells for it in agents if it.idle_spells]


def gini(values: Sequence[float]) -> float:
    """Return how unequal values are: 0 all alike or none, near 1 one has all."""
    total = sum(values)
    if not values or total <= 0:
        return 0.0
    count = len(values)
    weighted = sum(nth * value for nth, value in enumerate(sorted(values), 1))
    return 2 * weighted / (count * total) - (count + 1) / count


def share_at(values: Iterable[float], share: float) -> float:
    """Return the value that such a share do not exceed (nearest rank); 0 for none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[max(1, math.ceil(share * len(ordered))) - 1]
