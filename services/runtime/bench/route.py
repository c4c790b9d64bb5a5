"""What a decision costs: the choice alone, and the whole turn with its facts."""

import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import median
from typing import Any, Final

from acd.choices import Blend
from acd.core.engine import Engine
from acd.policy import AgentProfile, FloorPolicy, QueuePolicy, Step
from acd.vocabulary.agent_facts import AgentReady, AgentSignedIn
from acd.vocabulary.flow_facts import CallArrived
from acd.vocabulary.ids import (
    AgentId,
    CallId,
    DeviceId,
    LegId,
    Place,
    QueueId,
    SkillId,
)
from acd.vocabulary.leg_facts import CallQueued, LegEnded, LegEnding, SwitchSeen
from acd.vocabulary.states import AgentState
from services.runtime.bench.figures import Figure, machine
from services.runtime.progress import say
from services.store.segments import Origin, entry_for

SKILLS: Final = 40
FEW, MANY, VERY_MANY = 1_000, 2_100, 10_000
"""Agents on the floor."""
WAITING: Final = 1_500
"""Calls that wait for skills of which nobody is ready."""
_READY_SHARE: Final = 0.15
_PLACE: Final = Place(province="YJ", unit="-")
_START: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Bench:
    """A floor of so many agents, and calls for them; the same of the same seed."""

    def __init__(self, agents: int, *, seed: int = 7) -> None:
        """Sign everybody in, and let some be ready.

        Args:
            agents: How many; each has two to six of the skills.
            seed: Of who has which.
        """
        self._random = random.Random(seed)  # noqa: S311 - a load, no secret
        self._at = _START
        self._ids = count(1)
        policy = FloorPolicy(
            queues={queue.queue_id: queue for queue in map(_queue, range(SKILLS))},
            agents={one.agent_id: one for one in map(self._agent, range(agents))},
        )
        self._engine = Engine(policy)
        self._tell(SwitchSeen(at=self._at, boot_id="b", taken_at=self._at, legs=()))
        ids = list(policy.agents)
        self._random.shuffle(ids)
        ready = int(agents * _READY_SHARE)
        for agent_id in ids:
            self._tell(AgentSignedIn(at=self._later(), agent_id=agent_id))
        for agent_id in ids[:ready]:
            self._tell(AgentReady(at=self._later(), agent_id=agent_id))
        levels = (policy.agents[agent_id].levels for agent_id in ids[:ready])
        self._served = sorted({int(skill[1:]) for one in levels for skill in one})

    def choices_us(self, trials: int) -> list[float]:
        """Return what it took to choose an agent, to reserve one, and to free one."""
        took_us = []
        for _ in range(trials):
            call_id = self._waits(self._skill())
            took_us.append(self._choice_us(call_id))
            self._hang_up(call_id)
        return took_us

    def turns_us(self, trials: int) -> list[float]:
        """Return what turns took: a call queued, an offer made, the facts written."""
        took_us = []
        for _ in range(trials):
            call_id, fact = self._arrives(self._skill())
            began_ns = time.thread_time_ns()
            outcome = self._engine.apply(fact)
            for seq, one in enumerate(outcome.facts):
                entry_for(seq, Origin.ESTABLISHED, one)
            took_us.append((time.thread_time_ns() - began_ns) / 1000)
            self._hang_up(call_id)
        return took_us

    def wait(self, calls: int) -> None:
        """Let calls wait for a skill that nobody has who is ready."""
        for _ in range(calls):
            self._tell(self._arrives(SKILLS - 1)[1])

    def _choice_us(self, call_id: CallId) -> float:
        floor = self._engine.floor
        lines, ready = floor.lines, floor.lines.ready
        pools = lines.pools(floor.calls[call_id])
        began_ns = time.thread_time_ns()
        standing = next(ready.in_order(pools[0]))
        agent_id = standing.profile.agent_id
        ready.remove(agent_id)
        ready.move(agent_id, AgentState.RESERVED)
        ready.move(agent_id, AgentState.READY)
        ready.add(standing)
        return (time.thread_time_ns() - began_ns) / 1000

    def _waits(self, skill: int) -> CallId:
        """Let a call wait, and make it no offer."""
        call_id, fact = self._arrives(skill)
        floor = self._engine.floor
        floor.is_linked = False
        self._tell(fact)
        floor.is_linked = True
        return call_id

    def _arrives(self, skill: int) -> tuple[CallId, CallQueued]:
        nth = next(self._ids)
        call_id, leg_id = CallId(f"{nth:032x}"), LegId(f"b-1.{nth}")
        at = self._later()
        self._tell(
            CallArrived(
                at=at,
                place=_PLACE,
                call_id=call_id,
                leg_id=leg_id,
                number="6000",
                caller_number="13800138000",
                caller_name="",
                sip_call_id=f"{nth}@bench",
            )
        )
        queue_id = QueueId(f"q{skill}")
        return call_id, CallQueued(
            at=at, call_id=call_id, leg_id=leg_id, queue_id=queue_id, skills=()
        )

    def _hang_up(self, call_id: CallId) -> None:
        leg_id = self._engine.floor.calls[call_id].leg_id
        at = self._later()
        self._tell(LegEnded(at=at, leg_id=leg_id, ending=LegEnding.HUNG_UP))

    def _skill(self) -> int:
        return self._random.choice(self._served)

    def _agent(self, nth: int) -> AgentProfile:
        # Nobody has the last: its callers wait.
        skills = self._random.sample(range(SKILLS - 1), self._random.randint(2, 6))
        levels = {SkillId(f"s{one}"): self._random.randint(1, 5) for one in skills}
        return AgentProfile(
            agent_id=AgentId(f"{10_000 + nth}"),
            name=f"agent {nth}",
            device_id=DeviceId(f"dev-{10_000 + nth}"),
            levels=levels,
            place=_PLACE,
        )

    def _tell(self, fact: Any) -> None:  # noqa: ANN401 - any fact that is told
        self._engine.apply(fact)

    def _later(self) -> datetime:
        self._at += timedelta(milliseconds=7)
        return self._at


def run(*, is_short: bool) -> dict[str, Any]:
    """Measure, and return the figures as JSON has them."""
    trials = 2_000 if is_short else 10_000
    figures = [figure.as_json() for figure in _figures(trials)]
    return {"bench": "route", "machine": machine(), "figures": figures}


def _figures(trials: int) -> Iterator[Figure]:
    benches = {}
    for agents in (FEW, MANY, VERY_MANY):
        say(f"a floor of {agents} agents …")
        benches[agents] = Bench(agents)
    say(f"{trials} decisions of each kind …")
    chosen = {agents: bench.choices_us(trials) for agents, bench in benches.items()}
    yield _median("match_2100", chosen[MANY], floor=10.0)
    growth = median(chosen[VERY_MANY]) / median(chosen[FEW])
    yield _ratio("match_10000_to_1000", growth, trials, floor=2.0)
    turns = benches[MANY].turns_us(trials)
    yield _median("decision_2100", turns, floor=100.0)
    benches[MANY].wait(WAITING)
    crowded = benches[MANY].turns_us(trials)
    slower = median(crowded) / median(turns)
    yield _ratio("decision_with_1500_waiting", slower, trials, floor=1.25)


def _median(name: str, took_us: Sequence[float], *, floor: float) -> Figure:
    ordered = sorted(took_us)
    return Figure(
        name=name,
        value=median(ordered),
        unit="µs CPU",
        n=len(ordered),
        floor=floor,
        more={"p99": round(ordered[int(0.99 * len(ordered))], 1)},
    )


def _ratio(name: str, value: float, trials: int, *, floor: float) -> Figure:
    return Figure(name=name, value=value, unit="times", n=trials, floor=floor)


def _queue(nth: int) -> QueuePolicy:
    return QueuePolicy(
        queue_id=QueueId(f"q{nth}"),
        name=f"queue {nth}",
        steps=(Step(needs={SkillId(f"s{nth}"): 1}),),
        ring_s=15.0,
        wrap_up_s=0.0,
        place=_PLACE,
        max_waiting=10 * WAITING,
        choice=Blend(),
    )
