"""Another floor, published while calls go on."""

from dataclasses import replace

import pytest

from acd.choices import Blend, FixedRatio
from acd.core.engine import Engine
from acd.core.new_policy import taken_out
from acd.core.remembered import remember, restore
from acd.policy import AgentProfile, FloorPolicy, Step, Target
from acd.policy_form import PolicyUnreadable, as_text, from_text
from acd.vocabulary.agent_facts import (
    AgentNotReady,
    AgentReady,
    AgentSignedIn,
    AgentStateEntered,
    WrapUpDone,
)
from acd.vocabulary.control_facts import TransferAsked
from acd.vocabulary.decisions import MirrorAgents
from acd.vocabulary.errors import UnknownAgent, UnknownQueue
from acd.vocabulary.floor_facts import FloorPublished, QueueClosed
from acd.vocabulary.ids import AgentId, DeviceId, QueueId, SkillId
from services.store.checkpoints import dumped, loaded
from tests.support.builders import (
    ALICE,
    BILL,
    BOB,
    CAROL,
    FAULT,
    Desk,
    a_floor,
    a_queue,
    an_agent,
    arrived,
    at,
    call_id,
    caller_leg,
    hung_up,
    kinds,
    queued,
    rings,
)

DORA = AgentId("dora")
HELP = QueueId("q_help")


def published(policy: FloorPolicy, seconds: float, version: int = 2) -> FloorPublished:
    return FloorPublished(at=at(seconds), version=version, policy=as_text(policy))


def with_agents(
    *profiles: AgentProfile, without: tuple[AgentId, ...] = ()
) -> FloorPolicy:
    floor = a_floor()
    kept = {it: one for it, one in floor.agents.items() if it not in without}
    return replace(floor, agents=kept | {one.agent_id: one for one in profiles})


def without_queue(queue_id: QueueId) -> FloorPolicy:
    floor = a_floor()
    kept = {it: one for it, one in floor.queues.items() if it != queue_id}
    return replace(floor, queues=kept)


def waiting(desk: Desk) -> list[str]:
    return [*desk.engine.floor.waiting]


def test_an_agent_who_learns_a_skill_gets_the_caller_who_needs_it_at_once() -> None:
    desk = Desk()
    desk.ready(CAROL)
    desk.tell(arrived(1, 1), queued(1, 2))

    learned = with_agents(an_agent(CAROL, "bill", "fault"))
    outcome = desk.tell(published(learned, 3))

    assert [ring.agent_id for ring in rings(outcome)] == [CAROL]


def test_an_agent_who_lost_a_skill_gets_no_more_callers_who_need_it() -> None:
    desk = Desk()
    desk.ready(BOB)
    desk.tell(published(with_agents(an_agent(BOB, "bill")), 1))

    outcome = desk.tell(arrived(1, 2), queued(1, 3))

    assert rings(outcome) == []
    assert waiting(desk) == [call_id(1)]


def test_a_new_agent_can_sign_in_and_is_offered_who_waits() -> None:
    desk = Desk()
    desk.tell(arrived(1, 1), queued(1, 2))
    desk.tell(published(with_agents(an_agent(DORA, "fault")), 3))

    desk.ready(DORA, seconds=4)

    assert [ring.agent_id for ring in rings(desk.last)] == [DORA]


def test_who_is_taken_out_while_talking_finishes_and_is_then_signed_out() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 1), queued(1, 2))
    leg = desk.talk(1, 3)
    desk.tell(published(with_agents(without=(ALICE,)), 4))

    assert desk.state_of(ALICE) == ("talking", "")
    desk.tell(hung_up(caller_leg(1), 5), hung_up(leg, 5))
    assert desk.state_of(ALICE) == ("wrap_up", "")
    desk.tell(WrapUpDone(at=at(6), agent_id=ALICE))

    [*_, entered] = desk.said(AgentStateEntered)
    assert (entered.agent_id, entered.state.value) == (ALICE, "signed_out")
    assert ALICE not in desk.engine.floor.agents
    with pytest.raises(UnknownAgent):
        desk.tell(AgentSignedIn(at=at(7), agent_id=ALICE))


def test_who_leaves_cannot_ask_for_more_work() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 1), queued(1, 2))
    desk.talk(1, 3)
    desk.tell(published(with_agents(without=(ALICE,)), 4))

    with pytest.raises(UnknownAgent):
        desk.tell(AgentReady(at=at(5), agent_id=ALICE))

    desk.tell(AgentNotReady(at=at(6), agent_id=ALICE, reason="break"))
    assert desk.engine.floor.leaving == {ALICE: True}


def test_who_is_taken_out_while_rung_keeps_the_offer_and_is_gone_when_it_fails() -> (
    None
):
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 1), queued(1, 2))
    leg = desk.offered_leg(1)
    desk.tell(published(with_agents(without=(ALICE,)), 3))
    assert desk.state_of(ALICE) == ("reserved", "")

    desk.tick(40)
    assert ALICE in desk.engine.floor.agents, "the leg may still tell something"
    desk.tell(hung_up(leg, 41))

    assert ALICE not in desk.engine.floor.agents
    assert waiting(desk) == [call_id(1)]


def test_who_is_taken_out_while_ready_is_signed_out_and_gone_at_once() -> None:
    desk = Desk()
    desk.ready(ALICE)

    outcome = desk.tell(published(with_agents(without=(ALICE,)), 1))

    assert kinds(outcome.facts) == ["FloorPublished", "AgentStateEntered"]
    [mirrored] = [d for d in outcome.decisions if isinstance(d, MirrorAgents)]
    assert [(m.agent_id, m.queue_ids) for m in mirrored.members] == [(ALICE, ())]
    assert ALICE not in desk.engine.floor.agents


def test_who_was_taken_out_and_comes_back_before_the_end_of_the_call_stays() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 1), queued(1, 2))
    leg = desk.talk(1, 3)
    desk.tell(published(with_agents(without=(ALICE,)), 4))
    desk.tell(published(a_floor(), 5, version=3))

    desk.tell(hung_up(caller_leg(1), 6), hung_up(leg, 6))
    desk.tell(WrapUpDone(at=at(7), agent_id=ALICE))

    assert desk.state_of(ALICE) == ("ready", "")


def test_another_device_takes_the_place_of_the_old_in_the_open_queue() -> None:
    desk = Desk()
    desk.ready(ALICE)

    moved = replace(an_agent(ALICE, "fault"), device_id=DeviceId("dev-77"))
    outcome = desk.tell(published(with_agents(moved), 1))

    members = [
        (member.device_id, member.queue_ids)
        for decision in outcome.decisions
        if isinstance(decision, MirrorAgents)
        for member in decision.members
    ]
    assert members == [("dev-alice", ()), ("dev-77", (FAULT,))]


def test_a_queue_with_callers_that_is_taken_out_serves_them_and_then_goes() -> None:
    desk = Desk()
    desk.tell(arrived(1, 1), queued(1, 2), arrived(2, 3), queued(2, 4))
    desk.tell(published(without_queue(FAULT), 5))
    assert waiting(desk) == [call_id(1), call_id(2)]

    desk.ready(ALICE, BOB, seconds=6)
    for n in (1, 2):
        leg = desk.talk(n, 10 + n)
        desk.tell(hung_up(caller_leg(n), 20 + n), hung_up(leg, 20 + n))

    [closed] = desk.said(QueueClosed)
    assert closed.queue_id == FAULT
    assert set(desk.engine.floor.policy.queues) == {BILL}
    assert desk.engine.floor.closing == {}


def test_who_walks_a_flow_while_their_queue_is_taken_out_is_still_served() -> None:
    desk = Desk()
    desk.tell(arrived(1, 1))
    desk.tell(published(without_queue(FAULT), 2))
    desk.tell(queued(1, 3))
    desk.ready(ALICE, seconds=4)

    assert [ring.call_id for ring in rings(desk.last)] == [call_id(1)]


def test_an_empty_queue_goes_at_once_and_takes_nobody_who_comes_later() -> None:
    desk = Desk()

    outcome = desk.tell(published(without_queue(FAULT), 1))

    assert kinds(outcome.facts) == ["FloorPublished", "QueueClosed"]
    desk.tell(arrived(1, 2))
    with pytest.raises(UnknownQueue):
        desk.tell(queued(1, 3))


def test_a_queue_that_comes_back_while_it_closes_stays() -> None:
    desk = Desk()
    desk.tell(arrived(1, 1), queued(1, 2))
    desk.tell(published(without_queue(FAULT), 3))
    desk.tell(published(a_floor(), 4, version=3))

    desk.tell(hung_up(caller_leg(1), 5))

    assert desk.said(QueueClosed) == []
    assert FAULT in desk.engine.floor.policy.queues


def test_what_is_taken_out_is_told_with_its_callers_before_it_is_done() -> None:
    desk = Desk()
    desk.tell(arrived(1, 1), queued(1, 2))

    floor = desk.engine.floor

    assert list(taken_out(floor, without_queue(FAULT))) == [(FAULT, 1)]
    assert list(taken_out(floor, without_queue(BILL))) == [(BILL, 0)]
    assert list(taken_out(floor, a_floor())) == []


def test_who_waits_needs_what_the_queue_needs_now() -> None:
    desk = Desk()
    desk.ready(ALICE)
    policy = a_floor()
    nobody_can = replace(
        policy, queues={**policy.queues, FAULT: a_queue(FAULT, "fault", "opera")}
    )
    desk.tell(published(nobody_can, 0))
    desk.tell(arrived(1, 1), queued(1, 2))
    assert waiting(desk) == [call_id(1)]

    outcome = desk.tell(published(policy, 3, version=3))

    assert [ring.agent_id for ring in rings(outcome)] == [ALICE]


def test_the_same_floor_told_again_is_old_news() -> None:
    desk = Desk()
    told = published(with_agents(an_agent(DORA, "fault")), 1)
    desk.tell(told)

    assert desk.tell(told).facts == ()


def test_what_is_no_policy_is_refused_and_leaves_the_engine_as_it_was() -> None:
    desk = Desk()
    desk.ready(ALICE)
    before = remember(desk.engine.floor)
    good = as_text(a_floor())

    for bad in ("", "[]", "{}", good.replace('"ring_s"', '"rang_s"')):
        with pytest.raises(PolicyUnreadable):
            desk.tell(FloorPublished(at=at(1), version=9, policy=bad))

    assert remember(desk.engine.floor) == before


def test_a_start_from_a_checkpoint_decides_as_before() -> None:
    desk = Desk()
    desk.ready(ALICE)
    desk.tell(arrived(1, 1), queued(1, 2), arrived(2, 2.5), queued(2, 2.7, BILL))
    leg = desk.talk(1, 3)
    floor = replace(without_queue(BILL), agents={DORA: an_agent(DORA, "fault")})
    desk.tell(published(floor, 4))
    told = remember(desk.engine.floor)

    again = Engine(a_floor())
    restore(again.floor, loaded(dumped(told)))

    assert remember(again.floor) == told
    assert set(again.floor.agents) == {ALICE, DORA}
    assert set(again.floor.closing) == {BILL}
    assert again.floor.policy.version == "2"
    story = (hung_up(caller_leg(1), 5), hung_up(leg, 5), hung_up(caller_leg(2), 6))
    assert [again.apply(fact).facts for fact in story] == [
        desk.engine.apply(fact).facts for fact in story
    ]


def test_a_policy_comes_back_from_its_text_as_it_was() -> None:

    policy = a_floor()
    queue = replace(
        policy.queues[FAULT],
        steps=(
            Step(needs={SkillId("fault"): 4}, region="unit", for_s=20),
            Step(needs={}, agents=frozenset({BOB, ALICE})),
        ),
        choice=Blend(idle_weight=3, quality_gate=None),
        target=Target(share=0.9, within_s=10),
        floor_s=180,
    )
    told = replace(
        policy,
        queues={**policy.queues, FAULT: queue},
        order=FixedRatio(shares={FAULT: 0.5}),
        version="7",
    )

    assert from_text(as_text(told)) == told


def test_a_level_that_changes_decides_who_gets_the_next_call() -> None:
    desk = Desk()
    queue = replace(a_queue(FAULT), steps=(Step(needs={SkillId("fault"): 4}),))
    able = replace(an_agent(ALICE), levels={SkillId("fault"): 4})
    less = replace(an_agent(ALICE), levels={SkillId("fault"): 3})
    floor = replace(a_floor(), queues={FAULT: queue})
    desk.tell(published(replace(floor, agents={ALICE: less}), 0))
    desk.ready(ALICE, seconds=0.5)
    desk.tell(arrived(1, 1), queued(1, 2))
    assert waiting(desk) == [call_id(1)]

    outcome = desk.tell(published(replace(floor, agents={ALICE: able}), 3, version=3))

    assert [ring.agent_id for ring in rings(outcome)] == [ALICE]


def test_who_waits_is_at_the_step_that_their_wait_has_come_to() -> None:
    desk = Desk()
    desk.ready(CAROL)
    desk.tell(arrived(1, 1), queued(1, 2))
    fault, bill = ({SkillId(name): 1} for name in ("fault", "bill"))

    def helped_after(seconds: float) -> FloorPolicy:
        steps = (Step(needs=fault, for_s=seconds), Step(needs=bill))
        queues = {FAULT: replace(a_queue(FAULT), steps=steps)}
        return replace(a_floor(), queues={**a_floor().queues, **queues})

    desk.tell(published(helped_after(60), 12))
    assert desk.engine.next_deadline == at(62)

    outcome = desk.tell(published(helped_after(10), 15, version=3))

    assert [ring.agent_id for ring in rings(outcome)] == [CAROL]


def test_a_queue_taken_out_while_a_caller_is_transferred_to_it_serves_them() -> None:
    desk = Desk()
    desk.ready(ALICE, BOB)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.talk(1, 2)
    asked = TransferAsked(
        at=at(3), call_id=call_id(1), agent_id=ALICE, to_queue=BILL, to_agent=None
    )
    desk.tell(asked)

    desk.tell(published(without_queue(BILL), 3.1))
    assert desk.said(QueueClosed) == []
    desk.tell(queued(1, 3.2, BILL), hung_up(leg, 3.3))

    second = desk.talk(1, 5)
    desk.tell(hung_up(caller_leg(1), 6), hung_up(second, 6))
    assert [it.queue_id for it in desk.said(QueueClosed)] == [BILL]
