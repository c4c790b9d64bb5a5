"""Steps, classes, rules and reasons, as stories of Alice, Bob and Carol."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from acd.choices import Blend, CMu, LongestIdle, RoundRobin
from acd.core.engine import Engine
from acd.core.remembered import remember, restore
from acd.policy import (
    AgentProfile,
    FloorPolicy,
    QueuePolicy,
    Region,
    Rona,
    RonaRule,
    Step,
    Target,
)
from acd.routing.quality import Outcomes, Quality
from acd.vocabulary.agent_facts import AgentNotReady, AgentReady, AgentSignedIn
from acd.vocabulary.ids import AgentId, Place, QueueId, SkillId
from acd.vocabulary.leg_facts import LegEnding
from acd.vocabulary.offer_facts import OfferStarted
from acd.vocabulary.routing_facts import RoutingDecided
from acd.vocabulary.states import AgentState
from services.store.checkpoints import dumped, loaded
from tests.support.builders import (
    ALICE,
    BILL,
    BOB,
    CAROL,
    FAULT,
    YZ,
    Desk,
    a_queue,
    an_agent,
    arrived,
    at,
    call_id,
    caller_leg,
    hung_up,
    queued,
    rings,
)

SKILL = SkillId("fault")
DAVE = AgentId("dave")


def needing(level: int, for_s: float | None = None, region: Region = "any") -> Step:
    return Step(needs={SKILL: level}, for_s=for_s, region=region)


def a_line(*steps: Step, queue_id: QueueId = FAULT) -> QueuePolicy:
    return replace(
        a_queue(queue_id, wrap_up_s=0), steps=steps, choice=LongestIdle(), ageing_s=0
    )


def with_levels(levels: Mapping[AgentId, int]) -> list[AgentProfile]:
    return [
        replace(an_agent(agent_id), levels={SKILL: level})
        for agent_id, level in levels.items()
    ]


def a_desk(
    queues: list[QueuePolicy], agents: list[AgentProfile], **policy: object
) -> Desk:
    floor = FloorPolicy(
        queues={queue.queue_id: queue for queue in queues},
        agents={agent.agent_id: agent for agent in agents},
    )
    return Desk(replace(floor, **policy))  # type: ignore[arg-type]


def rung(desk: Desk) -> list[AgentId]:
    return [fact.agent_id for fact in desk.said(OfferStarted)]


def reason(desk: Desk) -> RoutingDecided:
    return desk.said(RoutingDecided)[-1]


def test_a_call_waits_for_the_level_it_needs_until_its_step_is_over() -> None:
    queue = a_line(needing(4, 20), needing(3, 10), needing(1))
    desk = a_desk([queue], with_levels({ALICE: 3, BOB: 1}))
    desk.ready(ALICE, BOB)

    desk.tell(arrived(1, 0), queued(1, 0))
    assert desk.engine.next_deadline == at(20)
    assert rung(desk) == []
    desk.tick(20)

    assert rung(desk) == [ALICE]
    assert (reason(desk).step, reason(desk).by_step) == (1, 1)
    assert (reason(desk).excluded.step, reason(desk).ready) == (1, 1)


def test_a_step_adds_and_who_qualified_before_comes_first() -> None:
    queue = a_line(needing(4, 20), needing(1))
    desk = a_desk([queue], with_levels({ALICE: 1, BOB: 5}))
    desk.tell(arrived(1, 0), queued(1, 0))
    desk.tick(20)

    # In one turn, when the link is back: Alice has been ready longer.
    desk.engine.floor.is_linked = False
    desk.ready(ALICE, BOB, seconds=21)
    desk.engine.floor.is_linked = True
    desk.tell(arrived(2, 30))

    assert rung(desk) == [BOB]
    assert (reason(desk).step, reason(desk).by_step) == (1, 0)


def test_the_step_a_call_has_reached_stands_through_an_offer() -> None:
    queue = a_line(needing(4, 20), needing(1))
    desk = a_desk([queue], with_levels({ALICE: 5, BOB: 1}))
    desk.ready(ALICE, BOB)
    desk.tell(arrived(1, 0), queued(1, 0))
    assert rung(desk) == [ALICE]

    # It rings past the end of the step, and nobody answers.
    desk.tick(15)
    assert rung(desk) == [ALICE]
    desk.tick(20)

    assert rung(desk) == [ALICE, BOB]
    assert desk.engine.floor.calls[call_id(1)].step == 1


def test_a_call_told_of_late_is_at_the_step_that_its_wait_has_reached() -> None:
    queue = a_line(needing(4, 20), needing(3, 10), needing(1))
    desk = a_desk([queue], with_levels({BOB: 1}))
    desk.ready(BOB)

    desk.tell(arrived(1, 0), queued(1, 0))
    desk.tick(100)
    desk.tick(100)

    assert rung(desk) == [BOB]
    assert reason(desk).step == 2


def test_a_region_helps_another_after_a_stated_wait() -> None:
    queue = a_line(
        needing(1, 30, region="unit"), needing(1, 30, region="province"), needing(1)
    )
    near = replace(an_agent(ALICE), levels={SKILL: 1}, place=YZ)
    city = replace(near, agent_id=BOB, place=Place(province="YJ", unit="JK"))
    away = replace(near, agent_id=CAROL, place=Place(province="HL", unit="HC"))
    desk = a_desk([queue], [near, city, away])
    desk.ready(CAROL, BOB)

    desk.tell(arrived(1, 0), queued(1, 0))
    assert rung(desk) == []
    desk.tick(30)
    assert rung(desk) == [BOB]
    desk.tell(AgentNotReady(at=at(31), agent_id=BOB, reason="break"))
    desk.tell(hung_up(caller_leg(1), 31))
    desk.tell(arrived(2, 32), queued(2, 32))
    desk.tick(62)
    assert rung(desk) == [BOB]
    desk.tick(92)

    assert rung(desk) == [BOB, CAROL]


def test_a_step_may_be_for_some_by_name() -> None:
    own = Step(needs={}, agents=frozenset({CAROL}), for_s=10)
    desk = a_desk([a_line(own, needing(1))], with_levels({ALICE: 1, CAROL: 1}))
    desk.ready(ALICE)

    desk.tell(arrived(1, 0), queued(1, 0))
    assert rung(desk) == []
    desk.tell(AgentSignedIn(at=at(5), agent_id=CAROL))
    desk.tell(AgentReady(at=at(5), agent_id=CAROL))

    assert rung(desk) == [CAROL]
    assert reason(desk).excluded.step == 1


def queues_of_two_priorities(**of_both: float) -> list[QueuePolicy]:
    low = replace(a_line(needing(1)), priority=10, **of_both)  # type: ignore[arg-type]
    high = replace(
        a_line(needing(1), queue_id=BILL),
        priority=50,
        **of_both,  # type: ignore[arg-type]
    )
    return [low, high]


@pytest.mark.parametrize(
    ("of_both", "free_at", "first"),
    [
        ({}, 100, 2),
        ({"ageing_s": 2}, 70, 2),
        # Forty points are eighty seconds more of waiting.
        ({"ageing_s": 2}, 95, 1),
        ({"floor_s": 60}, 59, 2),
        ({"floor_s": 60}, 61, 1),
    ],
)
def test_priority_ages_and_nobody_waits_beyond_the_floor(
    of_both: dict[str, float], free_at: float, first: int
) -> None:
    desk = a_desk(queues_of_two_priorities(**of_both), with_levels({ALICE: 3}))
    desk.tell(arrived(1, 0), queued(1, 0))
    later = max(10.0, free_at - 10 if "ageing_s" in of_both else 50.0)
    desk.tell(arrived(2, later), queued(2, later, BILL))

    desk.ready(ALICE, seconds=free_at)

    assert [fact.call_id for fact in desk.said(OfferStarted)] == [call_id(first)]


def test_danger_goes_before_the_floor() -> None:
    desk = a_desk(queues_of_two_priorities(floor_s=10), with_levels({ALICE: 3}))
    desk.tell(arrived(1, 0), queued(1, 0))
    desk.tell(arrived(2, 90), replace(queued(2, 90), call_class=20))

    desk.ready(ALICE, seconds=100)

    assert [fact.call_id for fact in desk.said(OfferStarted)] == [call_id(2)]


@pytest.mark.parametrize(("guard_s", "first"), [(None, 2), (30, 1)])
def test_a_strict_target_goes_first_until_somebody_waits_too_long(
    guard_s: float | None, first: int
) -> None:
    patient = replace(a_line(needing(1)), target=Target(within_s=60))
    strict = replace(a_line(needing(1), queue_id=BILL), target=Target(within_s=10))
    desk = a_desk(
        [patient, strict], with_levels({ALICE: 1}), order=CMu(guard_s=guard_s)
    )
    desk.tell(arrived(1, 0), queued(1, 0))
    desk.tell(arrived(2, 30), queued(2, 30, BILL))

    desk.ready(ALICE, seconds=40)

    assert [fact.call_id for fact in desk.said(OfferStarted)] == [call_id(first)]


def learned(desk: Desk, agent_id: AgentId, handle_s: float, calls: int = 40) -> None:
    times = desk.engine.floor.handling_times
    for _ in range(calls):
        times.learn(agent_id, FAULT, handle_s, at(-200))


def a_blended_desk(blend: Blend, levels: Mapping[AgentId, int]) -> Desk:
    queue = replace(a_line(needing(1)), choice=blend)
    return a_desk([queue], with_levels(levels))


@pytest.mark.parametrize(("idle_weight", "who"), [(0, BOB), (2, BOB), (1000, ALICE)])
def test_the_quick_are_chosen_unless_idleness_outweighs_it(
    idle_weight: float, who: AgentId
) -> None:
    desk = a_blended_desk(Blend(idle_weight=idle_weight), {ALICE: 1, BOB: 1})
    learned(desk, ALICE, 300)
    learned(desk, BOB, 200)
    desk.ready(ALICE, BOB)

    desk.tell(arrived(1, 0), queued(1, 0))

    assert rung(desk) == [who]
    decided = reason(desk)
    assert decided.terms == ("handling", "idle", "scarcity", "level", "occupancy")
    assert [it.agent_id for it in decided.scored] == [
        who,
        {ALICE: BOB, BOB: ALICE}[who],
    ]
    for one in decided.scored:
        assert one.score == pytest.approx(sum(one.terms), abs=0.01)


def test_short_calls_gain_nothing_out_of_the_bounds_of_quality() -> None:
    desk = a_blended_desk(Blend(idle_weight=0), {ALICE: 1, BOB: 1, CAROL: 1})
    learned(desk, ALICE, 240)
    learned(desk, BOB, 60)
    learned(desk, CAROL, 230)
    desk.ready(ALICE, BOB, CAROL)
    desk.tell(arrived(1, 0), queued(1, 0))
    assert rung(desk) == [BOB]
    desk.tell(hung_up(caller_leg(1), 1))

    desk.engine.floor.quality = Quality.of(
        {
            BOB: Outcomes(calls=200, repeats=120),
            ALICE: Outcomes(calls=200, repeats=10),
            CAROL: Outcomes(calls=200, repeats=10),
        }
    )
    desk.tell(arrived(2, 2), queued(2, 2))

    # Bob counts as the average, which the long calls of none of them are far from.
    bob = next(it for it in reason(desk).scored if it.agent_id == BOB)
    average_s = desk.engine.floor.handling_times.average_s(FAULT)
    assert bob.terms[0] == pytest.approx(average_s, abs=0.01)


def test_who_can_do_much_is_kept_for_who_needs_it() -> None:
    queue = replace(a_line(needing(1)), choice=Blend(scarcity_s=30))
    expert = replace(an_agent(ALICE), levels={SKILL: 3, SkillId("bill"): 3})
    desk = a_desk([queue], [expert, *with_levels({BOB: 3})])
    desk.ready(ALICE, BOB)

    desk.tell(arrived(1, 0), queued(1, 0))

    assert rung(desk) == [BOB]


def test_turns_go_round() -> None:
    queue = replace(a_line(needing(1)), choice=RoundRobin())
    desk = a_desk([queue], with_levels({ALICE: 1, BOB: 1, CAROL: 1}))
    desk.ready(ALICE, BOB, CAROL)

    for n in range(1, 7):
        desk.tell(arrived(n, 2 * n), queued(n, 2 * n))
        desk.tell(hung_up(caller_leg(n), 2 * n + 1))

    assert rung(desk) == [ALICE, BOB, CAROL, ALICE, BOB, CAROL]


def test_everybody_is_in_the_reason_chosen_ready_or_excluded() -> None:
    other = replace(an_agent(DAVE), levels={SkillId("bill"): 3})
    desk = a_desk(
        [a_line(needing(2))], [*with_levels({ALICE: 3, BOB: 3, CAROL: 1}), other]
    )
    desk.ready(ALICE, CAROL, DAVE)

    desk.tell(arrived(1, 0), queued(1, 4))

    decided, started = desk.facts[-3:-1]
    assert isinstance(decided, RoutingDecided)
    assert isinstance(started, OfferStarted)
    assert (decided.offer_id, decided.agent_id) == (started.offer_id, ALICE)
    told = decided.excluded
    assert (decided.ready, told.signed_out, told.level, told.skill) == (1, 1, 1, 1)
    assert (decided.rule, decided.order) == ("longest_idle", "cmu")


ENDINGS = {
    LegEnding.NO_ANSWER: "no_answer",
    LegEnding.DECLINED: "declined",
    LegEnding.BUSY: "busy",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_only_too_many_in_the_window_make_not_ready(ending: LegEnding) -> None:
    rule = RonaRule(limit=2, window_s=100)
    rona = replace(Rona(), **{ENDINGS[ending]: rule})
    desk = a_desk([a_line(needing(1))], with_levels({ALICE: 1, BOB: 1}), rona=rona)
    desk.ready(ALICE, BOB)

    def miss(n: int, seconds: float) -> None:
        desk.tell(arrived(n, seconds), queued(n, seconds))
        desk.tell(hung_up(desk.offered_leg(n), seconds + 1, ending))
        desk.tell(hung_up(caller_leg(n), seconds + 2))

    miss(1, 0)
    # Alice stays ready, behind Bob, to whom the call went on.
    assert rung(desk) == [ALICE, BOB]
    assert desk.state_of(ALICE) == ("ready", "")
    desk.tell(AgentNotReady(at=at(10), agent_id=BOB, reason="break"))
    miss(2, 200)
    assert desk.state_of(ALICE)[0] == "ready"
    miss(3, 250)

    assert desk.state_of(ALICE)[0] == "not_ready"


@pytest.mark.parametrize("ending", [LegEnding.UNREACHABLE, LegEnding.LOST])
def test_what_nobody_is_to_blame_for_counts_nothing(ending: LegEnding) -> None:
    desk = a_desk([a_line(needing(1))], with_levels({ALICE: 1}))
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 0))

    desk.tell(hung_up(desk.offered_leg(1), 1, ending))

    assert desk.engine.floor.agents[ALICE].misses == {}


def test_a_penalty_ends_by_itself_unless_the_agent_chose_otherwise() -> None:
    rona = Rona(no_answer=RonaRule(limit=1, penalty_s=60))
    desk = a_desk([a_line(needing(1))], with_levels({ALICE: 1, BOB: 1}), rona=rona)
    desk.ready(ALICE, BOB)
    desk.tell(arrived(1, 0), queued(1, 0))
    desk.tick(15)
    desk.tick(30)
    assert {desk.state_of(it) for it in (ALICE, BOB)} == {("not_ready", "rona")}
    desk.tell(AgentNotReady(at=at(40), agent_id=BOB, reason="lunch"))

    outcome = desk.tick(75)

    assert [it.agent_id for it in rings(outcome)] == [ALICE]
    desk.tick(90)
    assert desk.state_of(BOB) == ("not_ready", "lunch")


def test_the_open_queue_rings_whom_the_levels_allow() -> None:
    desk = a_desk([a_line(needing(4, 9), needing(1))], with_levels({ALICE: 4, BOB: 1}))

    assert desk.engine.floor.queues_of == {ALICE: (FAULT,), BOB: ()}


def test_a_restart_goes_on_at_the_same_step_with_the_same_order() -> None:
    queue = replace(a_line(needing(4, 20), needing(1)), choice=RoundRobin())
    desk = a_desk([queue], with_levels({ALICE: 1, BOB: 1}))
    desk.ready(ALICE, BOB)
    desk.tell(arrived(1, 0), queued(1, 0), arrived(2, 1), queued(2, 1))
    desk.tick(20)

    again = Engine(desk.engine.floor.policy)
    restore(again.floor, loaded(dumped(remember(desk.engine.floor))))

    assert remember(again.floor) == remember(desk.engine.floor)
    assert again.tick(at(21)).facts == desk.engine.tick(at(21)).facts != ()
    assert again.floor.agents[BOB].state is AgentState.RESERVED


def test_who_comes_to_work_is_as_busy_as_those_who_are_there() -> None:
    desk = a_blended_desk(Blend(), {ALICE: 1, BOB: 1, CAROL: 1})
    desk.ready(ALICE)
    assert desk.engine.floor.agents[ALICE].over == 0
    desk.tell(arrived(1, 0), queued(1, 0))
    desk.talk(1, 1)
    desk.tell(hung_up(caller_leg(1), 600))

    desk.ready(BOB, seconds=700)

    alice, bob = (desk.engine.floor.agents[it] for it in (ALICE, BOB))
    assert bob.occupancy == pytest.approx(alice.occupancy, abs=1e-6)
    assert bob.over == pytest.approx(0, abs=1e-6)
