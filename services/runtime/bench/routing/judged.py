"""What the records of a bench of routing come to, as figures with floors."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from statistics import fmean
from typing import Any

from services.runtime.bench.figures import Figure
from services.runtime.bench.routing.plan import QUEUES, PlannedAgent, RoutingPlan
from services.runtime.bench.routing.records import OnRecord, Row

ENOUGH_CALLS = 15
"""An agent with fewer is not ranked."""
_ENOUGH_AGENTS = 5
_RANK_FLOOR, _RANK_GOAL = 0.7, 0.9
_ACTS_FLOOR = 10.0
_EARLY_S = 0.05
"""A step is due by a deadline, and a wait is told in whole microseconds."""


def figures(plan: RoutingPlan, told: OnRecord) -> Iterator[Figure]:
    """Yield what the rows alone tell."""
    yield _qualified(plan, told)
    yield _one_row_each(told)
    yield from _both_rules_act(plan, told)
    yield _occupancy(plan, told)
    yield from _waits(told)


def _qualified(plan: RoutingPlan, told: OnRecord) -> Figure:
    decided = {row["offer_id"]: row for row in told.decisions}
    wrong = [
        talk["call_id"]
        for talk in told.talks
        if not is_qualified(plan.agents, talk, decided.get(talk["offer_id"]))
    ]
    answered = {talk["call_id"] for talk in told.talks} - set(wrong)
    by_other = sum(
        QUEUES[talk["queue_id"]].kind != _own(plan, talk["agent_id"])
        for talk in told.talks
    )
    return Figure(
        name="answered_by_qualified",
        value=len(answered),
        unit="calls",
        n=plan.bench.calls,
        floor=plan.bench.calls,
        is_more_better=True,
        more={
            "by_the_other_group": by_other,
            "by_a_later_step": sum(row["by_step"] > 0 for row in told.decisions),
            "not_by_qualified": wrong[:10],
        },
    )


def is_qualified(
    agents: Mapping[str, PlannedAgent], talk: Row, decided: Row | None
) -> bool:
    """Tell whether who answered met what the floor's file asked for by then.

    Args:
        agents: As they were written.
        talk: Who answered a call of which queue.
        decided: The reason of its offer; None where there is none.
    """
    if decided is None or decided["agent_id"] != talk["agent_id"]:
        return False
    queue, levels = QUEUES[decided["queue_id"]], agents[talk["agent_id"]].levels
    if not 0 <= decided["by_step"] <= decided["step"] < len(queue.steps):
        return False
    if queue.steps[decided["step"]].after_s > decided["waited_s"] + _EARLY_S:
        return False
    needs = queue.steps[decided["by_step"]].needs
    return all(levels.get(skill, 0) >= level for skill, level in needs.items())


def _own(plan: RoutingPlan, agent_id: str) -> str:
    is_second = plan.agent_ids.index(agent_id) >= plan.bench.group
    return list(QUEUES.values())[is_second].kind


def _one_row_each(told: OnRecord) -> Figure:
    same = ("offer_id", "call_id", "agent_id", "queue_id")
    offers = {tuple(row[name] for name in same) for row in told.offers}
    decided = [tuple(row[name] for name in same) for row in told.decisions]
    unlike = len(offers.symmetric_difference(decided))
    unlike += len(decided) - len(set(decided))
    return Figure(
        name="offers_without_own_row",
        value=unlike,
        unit="offers",
        n=len(told.offers),
        floor=0,
        more={"offers": len(told.offers), "rows": len(decided)},
    )


def _both_rules_act(plan: RoutingPlan, told: OnRecord) -> Iterator[Figure]:
    """Tell how often there was anything to choose; without that nothing is shown."""
    several = [row for row in told.decisions if row["ready"] > 1]
    contested = [row for row in told.decisions if _rivals(plan, told, row)]
    for name, rows, rule in (
        ("chosen_of_several_agents", several, "rule"),
        ("chosen_of_several_calls", contested, "order_rule"),
    ):
        yield Figure(
            name=name,
            value=_percent(len(rows), len(told.decisions)),
            unit="%",
            n=len(told.decisions),
            floor=_ACTS_FLOOR,
            is_more_better=True,
            more={"rules": sorted({row[rule] for row in rows})},
        )


def _rivals(plan: RoutingPlan, told: OnRecord, row: Row) -> int:
    """Count the other calls that waited then and might have had this agent."""
    levels = plan.agents[row["agent_id"]].levels
    return sum(
        wait.call_id != row["call_id"]
        and wait.since < row["decided_at"] < wait.until
        and wait.call_id not in _rung(told, row)
        and any(
            step.after_s <= (row["decided_at"] - wait.since) / timedelta(seconds=1)
            and all(levels.get(it, 0) >= level for it, level in step.needs.items())
            for step in QUEUES[wait.queue_id].steps
        )
        for wait in told.waits
    )


def _rung(told: OnRecord, row: Row) -> set[str]:
    """Return the calls that an agent's phone rang for just then."""
    at = row["decided_at"]
    return {
        other["call_id"]
        for other in told.decisions
        if at - timedelta(seconds=2) < other["decided_at"] <= at
    }


def _occupancy(plan: RoutingPlan, told: OnRecord) -> Figure:
    busy_s = sum(talk["handled_s"] for talk in told.talks)
    last = plan.callers[-1].dials_after_s
    return Figure(
        name="occupancy",
        value=_percent(busy_s, last * len(plan.agents)),
        unit="%",
        n=len(plan.agents),
        more={"asked_for": 100 * plan.bench.load, "without": "ringing"},
    )


def _waits(told: OnRecord) -> Iterator[Figure]:
    waits_s = [row["waited_s"] for row in told.decisions]
    for name, value in (
        ("waited_mean", fmean(waits_s) if waits_s else 0.0),
        ("waited_longest", max(waits_s, default=0.0)),
    ):
        yield Figure(name=name, value=value, unit="s", n=len(waits_s))


def rank_figures(
    plan: RoutingPlan, told: OnRecord, estimates: Mapping[str, Any]
) -> tuple[list[Figure], list[dict[str, object]]]:
    """Return how well estimates rank agents, and the agents with both.

    Args:
        plan: With the true means.
        told: How many calls each agent had.
        estimates: As ``GET /estimates`` tells them.
    """
    rows = list(_compared(plan, told, estimates))
    judged = [row for row in rows if row["calls"] >= ENOUGH_CALLS]
    found = [_rank("estimates_rank", judged)]
    for queue in QUEUES.values():
        own = [row for row in judged if row["kind"] == queue.kind]
        found.append(_rank(f"estimates_rank_{queue.kind}", own))
    return found, rows


def _compared(
    plan: RoutingPlan, told: OnRecord, estimates: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    for row in estimates["estimates"]:
        [queue] = [it for it in QUEUES.values() if it.kind == row["kind"]]
        agent = plan.agents[row["agent_id"]]
        handled_s = [
            talk["handled_s"]
            for talk in told.talks
            if (talk["agent_id"], talk["queue_id"]) == (agent.agent_id, queue.queue_id)
        ]
        if handled_s:
            yield {
                "agent": agent.agent_id,
                "kind": queue.kind,
                "calls": len(handled_s),
                "true_s": round(agent.true_s(queue), 2),
                "expected_s": round(row["expected_s"], 2),
                "mean_s": round(fmean(handled_s), 2),
                # Both kinds in one ranking: beside what the kind takes on the whole.
                "true": agent.mean_s,
                "expected": row["expected_s"] / estimates["average_s"][row["kind"]],
            }


def _rank(name: str, rows: Sequence[Mapping[str, Any]]) -> Figure:
    return Figure(
        name=name,
        value=spearman(
            [row["true"] for row in rows], [row["expected"] for row in rows]
        ),
        unit="rho",
        n=len(rows),
        floor=_RANK_FLOOR,
        goal=_RANK_GOAL,
        is_more_better=True,
        enough=_ENOUGH_AGENTS,
        more={"calls_at_least": ENOUGH_CALLS},
    )


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the rank correlation of pairs; 0 where all of one side are alike."""
    one, other = _centred_ranks(first), _centred_ranks(second)
    norm = sum(it * it for it in one) * sum(it * it for it in other)
    return sum(map(float.__mul__, one, other)) / norm**0.5 if norm else 0.0


def _centred_ranks(values: Sequence[float]) -> list[float]:
    """Return ranks around 0; equal values share theirs."""
    middle = (len(values) + 1) / 2
    return [
        sum(it < value for it in values)
        + (sum(it == value for it in values) + 1) / 2
        - middle
        for value in values
    ]


def same_again(
    name: str, *, same: int, recorded: int, more: Mapping[str, object]
) -> Figure:
    """Return the share of decisions that are taken again."""
    return Figure(
        name=name,
        value=_percent(same, recorded),
        unit="%",
        n=recorded,
        floor=100.0,
        is_more_better=True,
        more={"same": same} | dict(more),
    )


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0
