"""A storm of calls on a hotline that carries a few a second, as its callers see it."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.phone.sipp import CallerPlan, DevicePlan, Load, SippOutcome
from services.phone.sipp_log import SippCall
from services.runtime.bench.chaos.murmur import murmuring
from services.runtime.bench.cpu import spent_s
from services.runtime.bench.figures import Figure, percentile
from services.runtime.bench.floor_plan import DIRECT, FIRST_AGENT, QUEUE, FloorPlan
from services.runtime.bench.ordinary import numbered
from services.runtime.bench.stand import Stand, open_stand
from services.runtime.progress import say

DANGER = "6010"
"""The number with reserved lines, an own queue and own agents."""
_DANGER_LINES = 20
_DANGER_QUEUE = "q_danger"
_DANGER_SKILL = "danger"
_RING_MS = 200
_LEAD_S = 2.0
"""For SIPp to start, and for the calls before to be settled."""
_QUICK_S = 0.5
"""A calm call that is answered later than this, and later than all before the storm,
is not yet normal."""
_LONGEST_REFUSAL_S = 32.0
"""After so long an INVITE without an answer is given up by who sent it (timer B)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """How many call, how fast, on what carries how many."""

    per_s: float = 60.0
    for_s: float = 300.0
    rated_per_s: float = 5.0
    calm_s: float = 30.0
    """Of ordinary load before the storm, and again behind it."""
    talk_s: float = 3.0
    """From the answer to the caller's goodbye, where an agent is free."""
    talking: int = 20
    """Callers who talk through all of it."""
    danger_per_s: float = 1.0
    retry_after_s: float = 4.0
    tries: int = 3
    """How often each caller of the storm dials, with so much between."""

    @property
    def through_s(self) -> float:
        """How long it all takes from the first call of the calm."""
        return 2 * self.calm_s + self.for_s + 4 * _LEAD_S


@dataclass(frozen=True, slots=True, kw_only=True)
class StormFloor(FloorPlan):
    """The floor of a bench with a number in danger, that takes its rated calls."""

    rated_per_s: float
    danger_agents: int

    @property
    def agent_ids(self) -> tuple[str, ...]:
        """The ids of all agents; those for danger come last."""
        every = self.agents + self.danger_agents
        return tuple(str(FIRST_AGENT + n) for n in range(every))

    def walks(self) -> dict[str, Mapping[str, object]]:
        """Return the flows, the one of danger too."""
        desk = {"desk": {"queue": _DANGER_QUEUE}}
        return FloorPlan.walks(self) | {"danger": desk}

    def floor(self) -> dict[str, Any]:
        """Return the floor with the line of danger, and what is admitted."""
        floor = FloorPlan.floor(self)
        floor["numbers"][DANGER] = {
            "name": "danger",
            "flow": "danger",
            "reserved": _DANGER_LINES,
        }
        floor["skills"][_DANGER_SKILL] = "danger"
        floor["queues"][_DANGER_QUEUE] = {
            **floor["queues"][QUEUE],
            "name": "danger",
            "skills": [_DANGER_SKILL],
        }
        for agent in self.agent_ids[self.agents :]:
            floor["agents"][agent]["skills"] = [_DANGER_SKILL]
        # Twice the rated calls for a moment: people do not come evenly.
        admission = {
            "per_s": self.rated_per_s * 1.2,
            "burst": max(1, round(self.rated_per_s * 2)),
        }
        return floor | {"admission": admission}


@dataclass(frozen=True, slots=True, kw_only=True)
class StormSeen:
    """What SIPp saw, on the callers' side, and what the machine spent."""

    plan: Storm
    talking: tuple[SippCall, ...]
    calm: tuple[SippCall, ...]
    storm: tuple[SippCall, ...]
    after: tuple[SippCall, ...]
    danger: tuple[SippCall, ...]
    ended_at: datetime
    """When the last call of the storm was dialled."""
    cpu_s: dict[str, float]
    """CPU of each part through the storm."""

    def counts(self) -> dict[str, object]:
        """Return the counts that stand behind the figures."""
        people = Counter(call.number for call in self.storm)
        served = {call.number for call in self.storm if call.status == 200}
        answers = Counter(str(call.status) for call in self.storm)
        return {
            "dialled": len(self.storm),
            "people": len(people),
            "people_served": len(served),
            "answers": dict(answers),
            "danger": len(self.danger),
            "cpu_ms_a_call": {
                part: round(1000 * spent / max(1, len(self.storm)), 2)
                for part, spent in self.cpu_s.items()
            },
        }

    def figures(self) -> list[Figure]:
        """Return what was promised for a storm, and what came of it."""
        return list(self._figures())

    def _figures(self) -> Iterator[Figure]:
        refused = [call for call in self.storm if call.status != 200]
        cut_off = sum(not call.went_well for call in self.talking)
        yield _figure("storm_talking_lost", cut_off, len(self.talking), "calls", 0)
        unanswered = [call for call in refused if "answered" not in call.at]
        yield _figure(
            "storm_refused_unanswered",
            len(unanswered) / max(1, len(refused)),
            len(refused),
            "share",
            1.0,
            is_more_better=True,
        )
        waits = [_took_s(call, "refused") for call in refused if "refused" in call.at]
        longest = max(waits, default=_LONGEST_REFUSAL_S)
        yield _figure("storm_refusal_max", longest, len(waits), "s", _LONGEST_REFUSAL_S)
        if waits:
            yield _figure(
                "storm_refusal_p99", percentile(waits, 99), len(waits), "s", None
            )
        admitted = sum(call.went_well for call in self.storm) / self.plan.for_s
        calm = sum(call.went_well for call in self.calm) / self.plan.calm_s
        yield Figure(
            name="storm_admitted_of_calm",
            value=admitted / calm if calm else 0.0,
            unit="share",
            n=len(self.storm),
            floor=0.9,
            goal=0.98,
            is_more_better=True,
            more={"calm_per_s": round(calm, 2), "storm_per_s": round(admitted, 2)},
        )
        yield _figure(
            "storm_danger_served",
            sum(call.went_well for call in self.danger) / max(1, len(self.danger)),
            len(self.danger),
            "share",
            1.0,
            is_more_better=True,
        )
        yield Figure(
            name="storm_normal_again",
            value=self._normal_after_s(),
            unit="s",
            n=len(self.after),
            floor=15,
            goal=5,
        )

    def _normal_after_s(self) -> float:
        """Return seconds from the storm's end to the last call that was not normal."""
        before = [_took_s(call, "answered") for call in self.calm if call.status == 200]
        slow_s = max(_QUICK_S, *before) if before else _QUICK_S
        odd = [
            call.at["dialled"]
            for call in self.after
            if not call.went_well or _took_s(call, "answered") > slow_s
        ]
        return max(0.0, (max(odd) - self.ended_at).total_seconds()) if odd else 0.0


async def run(storm: Storm, *, base_port: int | None = None) -> StormSeen:
    """Start an instance, let the storm go over it, and return what was seen.

    Raises:
        BenchFailed: The instance or its devices do not become ready.
    """
    handled_s = storm.talk_s + 1.0
    floor = StormFloor(
        agents=storm.talking + round(storm.rated_per_s * 1.5 * handled_s),
        danger_agents=max(2, round(storm.danger_per_s * 3 * handled_s)),
        rated_per_s=storm.rated_per_s,
    )
    async with AsyncExitStack() as stack:
        stand = await stack.enter_async_context(open_stand(floor, base_port=base_port))
        await stack.enter_async_context(stand.devices(DevicePlan(ring_ms=_RING_MS)))
        ears = await stack.enter_async_context(murmuring(storm.talking))
        return await _over(stand, storm, ears)


async def _over(stand: Stand, storm: Storm, ears: Sequence[int]) -> StormSeen:
    async with asyncio.TaskGroup() as tasks:
        talk_ms = round(1000 * (storm.through_s + _LEAD_S))
        plan = CallerPlan(
            number=DIRECT,
            callers=numbered(storm.talking, 13_900_000_000),
            hang_up_after_ms=(talk_ms,),
            # A talk in which nobody says anything is ended by the switch after a while.
            media_ports=ears,
        )
        talking = tasks.create_task(_placed(stand, plan, per_s=storm.rated_per_s / 2))
        await asyncio.sleep(storm.talking / storm.rated_per_s * 2 + _LEAD_S)
        say(f"calm: {storm.rated_per_s:g} calls/s for {storm.calm_s:g} s")
        calm = await _calm(stand, storm, first=13_600_000_000)
        say(f"storm: {storm.per_s:g} calls/s for {storm.for_s:g} s")
        began = spent_s(stand.instance.pids)
        danger = tasks.create_task(_in_danger(stand, storm))
        crowd = tasks.create_task(_crowd(stand, storm))
        await asyncio.sleep(storm.for_s)
        spent = {
            part: now_s - began[part]
            for part, now_s in spent_s(stand.instance.pids).items()
        }
        say("calm again")
        # While the last of the storm still talk: what comes now is ordinary.
        after = await _calm(stand, storm, first=13_700_000_000)
    stormed = crowd.result().calls
    return StormSeen(
        plan=storm,
        talking=talking.result().calls,
        calm=calm.calls,
        storm=stormed,
        after=after.calls,
        danger=danger.result().calls,
        ended_at=max(
            (call.at["dialled"] for call in stormed),
            default=datetime.min + timedelta(),  # noqa: DTZ901 - only where none dialled
        ),
        cpu_s=spent,
    )


async def _calm(stand: Stand, storm: Storm, *, first: int) -> SippOutcome:
    calls = round(storm.rated_per_s * storm.calm_s)
    plan = _plan(DIRECT, numbered(calls, first), round(1000 * storm.talk_s))
    return await _placed(stand, plan, per_s=storm.rated_per_s)


async def _in_danger(stand: Stand, storm: Storm) -> SippOutcome:
    calls = max(1, round(storm.danger_per_s * storm.for_s))
    callers = numbered(calls, 13_500_000_000)
    plan = _plan(DANGER, callers, round(1000 * storm.talk_s))
    return await _placed(stand, plan, per_s=storm.danger_per_s)


async def _crowd(stand: Stand, storm: Storm) -> SippOutcome:
    plan = _plan(DIRECT, redialling(storm), round(1000 * storm.talk_s))
    return await _placed(stand, plan, per_s=storm.per_s)


def redialling(storm: Storm) -> tuple[tuple[str, str], ...]:
    """Return who dials, in order: each so often, with so many others between."""
    calls = round(storm.per_s * storm.for_s)
    crowd = max(1, round(storm.per_s * storm.retry_after_s))
    order = [
        turn // (crowd * storm.tries) * crowd + turn % crowd for turn in range(calls)
    ]
    # Far apart, so that their last digits are no row.
    return tuple((str(13_000_000_000 + 7919 * n), "storm") for n in order)


def _plan(number: str, callers: Sequence[tuple[str, str]], talk_ms: int) -> CallerPlan:
    return CallerPlan(number=number, callers=callers, hang_up_after_ms=(talk_ms,))


async def _placed(stand: Stand, plan: CallerPlan, *, per_s: float) -> SippOutcome:
    calls = len(plan.callers)
    spent_s = calls / per_s + plan.hang_up_after_ms[0] / 1000 + 40
    load = Load(calls=calls, per_s=per_s, at_once=5000, timeout_s=spent_s)
    return await stand.callers(plan, load)


def _took_s(call: SippCall, event: str) -> float:
    return (call.at[event] - call.at["dialled"]).total_seconds()


def _figure(
    name: str,
    value: float,
    n: int,
    unit: str,
    floor: float | None,
    *,
    is_more_better: bool = False,
) -> Figure:
    return Figure(
        name=name,
        value=value,
        unit=unit,
        n=n,
        floor=floor,
        is_more_better=is_more_better,
    )
