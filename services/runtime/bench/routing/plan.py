"""The floor of the bench of routing: two groups, how quick each agent is, who calls."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, log
from pathlib import Path
from typing import Any

from services.runtime.bench.floor_plan import FIRST_AGENT, written
from services.runtime.bench.ordinary import FIRST_NUMBER

WRAP_UP_S = 1.0
RING_MS = 300
_OVERHEAD_S = 0.45
"""Ringing and signalling of a call, in which its agent is busy too."""
_MEAN_S = 9.5
_BETWEEN = 0.3
"""Standard deviation of the logarithm, from agent to agent."""
WITHIN = 0.25
"""The same, from call to call of one agent."""
_SHORTEST_S = 5.3
"""What takes less than 5 s the estimates take for no call; see docs/routing.md."""
_QUICKEST_S, _SLOWEST_S = 6.0, 16.0
_APART = 1_000_000
"""From one queue's first caller to the next one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """What a queue's calls need from so long a wait on."""

    after_s: float
    needs: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedQueue:
    """A queue of the bench."""

    queue_id: str
    number: str
    kind: str
    pace: float
    """How long its calls take, against what its agents take at all."""
    steps: tuple[PlannedStep, ...]


FAULT = PlannedQueue(
    queue_id="q_fault",
    number="6000",
    kind="fault",
    pace=1.1,
    steps=(
        PlannedStep(after_s=0, needs={"fault": 2}),
        PlannedStep(after_s=4, needs={"fault": 1}),
    ),
)
BILL = PlannedQueue(
    queue_id="q_bill",
    number="6001",
    kind="bill",
    pace=1.0,
    steps=(PlannedStep(after_s=0, needs={"bill": 2}),),
)
QUEUES = {it.queue_id: it for it in (FAULT, BILL)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAgent:
    """An agent, and how long this one truly takes."""

    agent_id: str
    levels: Mapping[str, int]
    mean_s: float
    """Of handling, wrap-up included, with calls of pace 1."""

    def true_s(self, queue: PlannedQueue) -> float:
        """Return the true mean of handling a queue's calls."""
        return self.mean_s * queue.pace


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCaller:
    """Who calls, when and where; the beginning is 0."""

    number: str
    queue: PlannedQueue
    dials_after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingBench:
    """How much is asked for."""

    calls: int = 500
    group: int = 10
    """Agents of each of the two groups."""
    load: float = 0.85
    seed: int = 4
    base_port: int | None = None


@dataclass(frozen=True, kw_only=True)
class RoutingPlan:
    """The floor, its agents' true times and its callers: all of it from a seed."""

    bench: RoutingBench

    @cached_property
    def agents(self) -> Mapping[str, PlannedAgent]:
        """All agents by id, the group of faults first."""
        dice = _dice(self.bench.seed, "agents")
        group = self.bench.group
        made = [
            PlannedAgent(
                agent_id=str(FIRST_AGENT + n),
                levels=_levels(*divmod(n, group), group),
                mean_s=_held(dice.lognormvariate(log(_MEAN_S), _BETWEEN)),
            )
            for n in range(2 * group)
        ]
        return {it.agent_id: it for it in made}

    @property
    def agent_ids(self) -> tuple[str, ...]:
        """The ids of all agents."""
        return tuple(self.agents)

    @cached_property
    def callers(self) -> Sequence[PlannedCaller]:
        """Everybody who calls, in order: two streams without memory."""
        rates = self._rates()
        whole = sum(rates.values())
        dice, at_s = _dice(self.bench.seed, "callers"), 0.0
        found: list[PlannedCaller] = []
        counts = dict.fromkeys(QUEUES, 0)
        for _ in range(self.bench.calls):
            at_s += dice.expovariate(whole)
            is_fault = dice.random() < rates[FAULT.queue_id] / whole
            queue = FAULT if is_fault else BILL
            first = FIRST_NUMBER + _APART * list(QUEUES).index(queue.queue_id)
            number = str(first + counts[queue.queue_id])
            counts[queue.queue_id] += 1
            found.append(PlannedCaller(number=number, queue=queue, dials_after_s=at_s))
        return found

    def _rates(self) -> Mapping[str, float]:
        """Return calls a second of each queue that load its group as asked for."""
        agents = list(self.agents.values())
        groups = (agents[: self.bench.group], agents[self.bench.group :])
        return {
            queue.queue_id: self.bench.load
            * sum(1 / (it.true_s(queue) + _OVERHEAD_S) for it in group)
            for queue, group in zip(QUEUES.values(), groups, strict=True)
        }

    def talks_s(self, agent_id: str, queue: PlannedQueue) -> "Talks":
        """Return an agent's talks with a queue's callers, one after the other."""
        dice = _dice(self.bench.seed, f"{agent_id} {queue.kind}")
        return Talks(self.agents[agent_id].true_s(queue), dice)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write floor and flows; return the floor's file and the flows' folder."""
        walks = {it.kind: {"desk": {"queue": it.queue_id}} for it in QUEUES.values()}
        return written(folder, self.floor(), walks)

    def floor(self) -> dict[str, Any]:
        """Return what the floor's file says."""
        return {
            "province": "YJ",
            "numbers": {
                it.number: {"name": it.kind, "flow": it.kind} for it in QUEUES.values()
            },
            "skills": {it.kind: it.kind for it in QUEUES.values()},
            "choice": "blend",
            "order": "cmu",
            "queues": {it.queue_id: _queue(it) for it in QUEUES.values()},
            "agents": {
                it.agent_id: {
                    "name": f"agent {it.agent_id}",
                    "skills": dict(it.levels),
                }
                for it in self.agents.values()
            },
        }


class Talks:
    """How long one agent talks, call after call."""

    def __init__(self, mean_s: float, dice: random.Random) -> None:
        """Draw around the mean of handling, wrap-up included."""
        self._middle = log(mean_s) - WITHIN**2 / 2
        self._dice = dice

    def next_s(self) -> float:
        """Return how long the next call is talked."""
        handled_s = exp(self._middle + WITHIN * self._dice.gauss())
        return max(handled_s, _SHORTEST_S) - WRAP_UP_S


def _levels(nth_group: int, nth: int, group: int) -> Mapping[str, int]:
    """Return skills: of each group one in five can do the other's work as well.

    One more has the other's skill on a level that is not enough at first, or ever.
    """
    own, other = (FAULT.kind, BILL.kind)[:: -1 if nth_group else 1]
    levels = {own: 2 + nth % 4}
    helpers = max(1, group // 5)
    if nth < helpers:
        levels[other] = 3
    elif nth == helpers:
        levels[other] = 1
    return levels


def _queue(queue: PlannedQueue) -> dict[str, Any]:
    first, *further = queue.steps
    return {
        "name": queue.kind,
        "kind": queue.kind,
        "skills": dict(first.needs),
        "steps": [{"after_s": it.after_s, "skills": dict(it.needs)} for it in further],
        "wrap_up_s": WRAP_UP_S,
        "target": {"share": 0.8, "within_s": 10 if queue is FAULT else 20},
    }


def _held(mean_s: float) -> float:
    return min(max(mean_s, _QUICKEST_S), _SLOWEST_S)


def _dice(seed: int, what: str) -> random.Random:
    return random.Random(f"{seed} {what}")  # noqa: S311 - told again from a seed
