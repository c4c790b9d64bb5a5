"""What the bench of routing plans, and how it judges what stands on record."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.floor.load import load_floor
from services.phone import sipp_scenarios
from services.runtime.bench.figures import Figure
from services.runtime.bench.routing.explained import spread_over, unlike
from services.runtime.bench.routing.judged import figures, rank_figures, spearman
from services.runtime.bench.routing.plan import (
    BILL,
    FAULT,
    QUEUES,
    RoutingBench,
    RoutingPlan,
)
from services.runtime.bench.routing.records import OnRecord, Wait

PLAN = RoutingPlan(bench=RoutingBench(calls=2))
BEGAN = datetime(2026, 11, 22, 3, tzinfo=UTC)
FAULTS_ONLY, BOTH, BARELY, BILLS_ONLY = "1004", "1001", "1013", "1014"


def decided(agent_id: str = FAULTS_ONLY, **other: Any) -> dict[str, Any]:
    row = {
        "offer_id": "o1",
        "call_id": "c1",
        "agent_id": agent_id,
        "queue_id": FAULT.queue_id,
        "decided_at": BEGAN,
        "waited_s": 0.0,
        "step": 0,
        "by_step": 0,
        "rule": "blend",
        "order_rule": "cmu",
        "terms": ["handling", "idle"],
        "scored": [{"agent_id": agent_id, "score": 7.0, "terms": [9.0, -2.0]}],
        "ready": 2,
        "excluded": {"talking": 3, "skill": 0},
    }
    return row | other


def on_record(*decisions: dict[str, Any], **other: Any) -> OnRecord:
    talks = [row | {"handled_s": 9.0} for row in decisions]
    given: dict[str, Any] = {
        "offers": list(decisions),
        "decisions": list(decisions),
        "talks": talks,
        "waits": [],
    }
    return OnRecord(**given | other)


def figure(name: str, told: OnRecord) -> Figure:
    [found] = [it for it in figures(PLAN, told) if it.name == name]
    return found


@pytest.mark.parametrize("group", [3, 10])
def test_the_floor_of_the_bench_is_one_that_an_instance_takes(
    group: int, tmp_path: Path
) -> None:
    plan = RoutingPlan(bench=RoutingBench(group=group))

    policy = load_floor(*plan.write(tmp_path)).policy

    assert tuple(map(str, policy.agents)) == plan.agent_ids
    assert {str(it) for it in policy.queues} == set(QUEUES)
    for agent_id, agent in policy.agents.items():
        assert dict(agent.levels) == dict(plan.agents[agent_id].levels)
    for queue_id, queue in policy.queues.items():
        needs = [dict(step.needs) for step in queue.steps]
        assert needs == [dict(step.needs) for step in QUEUES[queue_id].steps]


def test_the_same_seed_calls_in_the_same_way_and_no_two_are_one() -> None:
    one, again = (RoutingPlan(bench=RoutingBench()) for _ in range(2))

    assert one.callers == again.callers
    assert len({it.number for it in one.callers}) == 500
    assert one.agents == again.agents


def test_an_agents_talks_are_as_long_as_they_truly_are() -> None:
    for agent_id in PLAN.agents:
        talks = PLAN.talks_s(agent_id, FAULT)
        mean_s = sum(talks.next_s() for _ in range(4000)) / 4000 + 1.0
        true_s = PLAN.agents[agent_id].true_s(FAULT)
        assert mean_s == pytest.approx(true_s, rel=0.04)


@pytest.mark.parametrize(
    "row",
    [
        decided(FAULTS_ONLY),
        decided(BOTH, queue_id=BILL.queue_id),
        decided(BARELY, step=1, by_step=1, waited_s=4.2),
    ],
)
def test_who_has_what_the_step_needs_is_qualified(row: dict[str, Any]) -> None:
    assert figure("answered_by_qualified", on_record(row)).value == 1


@pytest.mark.parametrize(
    "row",
    [
        decided(BILLS_ONLY),
        decided(FAULTS_ONLY, queue_id=BILL.queue_id),
        decided(BARELY),
        decided(BARELY, step=1, by_step=1, waited_s=3.0),
        decided(BARELY, step=0, by_step=1, waited_s=9.0),
        decided(BOTH, queue_id=BILL.queue_id, step=1, waited_s=9.0),
    ],
)
def test_who_has_not_what_the_step_needs_is_not(row: dict[str, Any]) -> None:
    assert figure("answered_by_qualified", on_record(row)).value == 0


def test_a_call_whose_row_names_another_was_not_answered_by_who_was_chosen() -> None:
    talk = decided(FAULTS_ONLY) | {"handled_s": 9.0}

    told = on_record(decided(BOTH), talks=[talk])

    assert figure("answered_by_qualified", told).value == 0


@pytest.mark.parametrize(
    ("offers", "decisions", "unlike"),
    [
        ([decided()], [decided()], 0),
        ([decided()], [], 1),
        ([], [decided()], 1),
        ([decided()], [decided(), decided()], 1),
        ([decided()], [decided(BOTH)], 2),
    ],
)
def test_each_offer_has_exactly_one_row(
    offers: list[dict[str, Any]], decisions: list[dict[str, Any]], unlike: int
) -> None:
    told = on_record(offers=offers, decisions=decisions)

    assert figure("offers_without_own_row", told).value == unlike


def test_a_call_was_chosen_where_another_waited_that_might_have_had_the_agent() -> None:
    def waiting(queue_id: str, since_s: float) -> Wait:
        return Wait(
            call_id="c2",
            queue_id=queue_id,
            since=BEGAN - timedelta(seconds=since_s),
            until=BEGAN + timedelta(seconds=3),
        )

    def chosen(agent_id: str, wait: Wait) -> float:
        told = on_record(decided(agent_id, waited_s=5.0), waits=[wait])
        return figure("chosen_of_several_calls", told).value

    assert chosen(FAULTS_ONLY, waiting(FAULT.queue_id, 1)) == 100
    assert chosen(FAULTS_ONLY, waiting(BILL.queue_id, 1)) == 0
    assert chosen(FAULTS_ONLY, waiting(FAULT.queue_id, -1)) == 0
    assert chosen(BARELY, waiting(FAULT.queue_id, 1)) == 0
    assert chosen(BARELY, waiting(FAULT.queue_id, 4.5)) == 100


@pytest.mark.parametrize(
    ("other", "rho"),
    [([1, 2, 3, 4], 1), ([4, 3, 2, 1], -1), ([1, 1, 1, 1], 0), ([10, 40, 20, 90], 0.8)],
)
def test_ranks_are_compared_and_not_values(other: list[float], rho: float) -> None:
    assert spearman([0.1, 0.2, 0.3, 9], [float(it) for it in other]) == (
        pytest.approx(rho)
    )


def test_agents_with_few_calls_are_not_ranked() -> None:
    rows = [decided("1002", offer_id=f"o{n}") for n in range(15)]
    rows += [decided("1005", offer_id=f"p{n}") for n in range(14)]
    estimates = {
        "average_s": {"fault": 10.0, "bill": 9.0},
        "estimates": [
            {"agent_id": it, "kind": "fault", "expected_s": 9.0}
            for it in ("1002", "1005", "1006")
        ],
    }

    ranks, agents = rank_figures(PLAN, on_record(*rows), estimates)

    assert [(it.name, it.n, it.holds) for it in ranks] == [
        ("estimates_rank", 1, None),
        ("estimates_rank_fault", 1, None),
        ("estimates_rank_bill", 0, None),
    ]
    assert [(it["agent"], it["calls"]) for it in agents] == [("1002", 15), ("1005", 14)]


def explained() -> dict[str, Any]:
    row = decided()
    alike = ("offer_id", "agent_id", "queue_id", "waited_s", "step", "by_step")
    return {name: row[name] for name in (*alike, "rule", "ready")} | {
        "order": "cmu",
        "source": "record",
        "sentences": [f"agent {FAULTS_ONLY} was chosen"],
        "excluded": {"talking": 3},
        "scored": [
            {
                "agent_id": FAULTS_ONLY,
                "score": 7.0,
                "terms": {"handling": 9.0, "idle": -2.0},
            }
        ],
    }


def _with(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda told: told.update({name: value})


def test_an_explanation_as_its_row_is_alike() -> None:
    assert list(unlike(explained(), decided())) == []


@pytest.mark.parametrize(
    "change",
    [
        _with("agent_id", "1001"),
        _with("waited_s", 0.1),
        _with("by_step", 1),
        _with("order", "longest_wait"),
        _with("source", "journal"),
        _with("excluded", {"talking": 2}),
        _with("scored", []),
        _with("sentences", ["somebody was chosen"]),
    ],
)
def test_an_explanation_other_than_its_row_is_told(
    change: Callable[[dict[str, Any]], None],
) -> None:
    told = explained()
    change(told)

    assert len(list(unlike(told, decided()))) == 1


def test_calls_to_explain_are_from_the_first_to_the_last() -> None:
    chosen = spread_over([str(n) for n in range(100)], 10)

    assert (chosen[0], chosen[-1], len(set(chosen))) == ("0", "99", 10)
    assert spread_over(["a", "b"], 10) == ["a", "b"]


def test_a_caller_who_dials_later_waits_before_anything_is_logged() -> None:
    def scenario(*, waits: bool) -> str:
        return sipp_scenarios.caller("", payload=0, rtp_events=False, waits=waits)

    assert scenario(waits=True).index("<pause variable") < scenario(waits=True).index(
        "dialled"
    )
    assert "<pause variable" not in scenario(waits=False)
