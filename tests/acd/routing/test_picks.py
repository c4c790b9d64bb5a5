"""Whoever the indexes pick is whom a scan of everybody would pick."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from math import exp, inf
from random import Random
from typing import get_args

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from acd.choices import (
    AgentChoice,
    Blend,
    ByPriority,
    CallOrder,
    CMu,
    FastestFirst,
    FixedRatio,
    LeastOccupied,
    LongestIdle,
    LongestWait,
    PriorityMatrix,
    RoundRobin,
)
from acd.core.agents import OCCUPANCY_TIME, Agent
from acd.core.calls import Call
from acd.core.engine import Engine
from acd.core.floor import Floor
from acd.policy import (
    AgentProfile,
    FloorPolicy,
    QueuePolicy,
    Rona,
    RonaRule,
    Step,
    Target,
)
from acd.routing.choose_agent import NAMES, TERMS
from acd.routing.choose_call import ORDERS as ORDERS_NAMED
from acd.routing.classes import class_at, priority_at
from acd.vocabulary.agent_facts import AgentNotReady, AgentReady, AgentSignedIn
from acd.vocabulary.facts import Fact, ToldFact
from acd.vocabulary.ids import AgentId, LegId, OfferId, Place, QueueId, SkillId
from acd.vocabulary.leg_facts import LegAnswered, LegEnding, LegJoined
from acd.vocabulary.routing_facts import RoutingDecided
from acd.vocabulary.states import AgentState, CallState
from tests.support.builders import (
    a_queue,
    an_agent,
    arrived,
    at,
    call_id,
    caller_leg,
    hung_up,
    queued,
    seen,
)
from tests.support.routing import can_serve, meets

AGENTS = [AgentId(f"a{n:02}") for n in range(8)]
SKILLS = [SkillId("s0"), SkillId("s1"), SkillId("s2")]
QUEUES = [QueueId("q0"), QueueId("q1"), QueueId("q2")]
ANYBODY = frozenset[AgentId]()
UNITS = ["YZ", "JK", "-"]

CHOICES: list[AgentChoice] = [
    LongestIdle(),
    LeastOccupied(),
    FastestFirst(),
    RoundRobin(),
    PriorityMatrix(),
    Blend(),
    Blend(idle_weight=0.5, scarcity_s=20, level_s=15, occupancy_bound=0),
    Blend(idle_weight=1000, quality_gate=None),
    Blend(per_resolved=True, occupancy_bound=None),
]
ORDERS: list[CallOrder] = [
    LongestWait(),
    ByPriority(guard_s=30),
    FixedRatio(shares={QUEUES[0]: 0.7, QUEUES[1]: 0.2}),
    CMu(),
    CMu(guard_s=20),
]


@st.composite
def steps(draw: st.DrawFn) -> tuple[Step, ...]:
    several = draw(st.integers(1, 3))
    return tuple(
        Step(
            needs=draw(
                st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 3), max_size=2)
            ),
            agents=draw(st.sampled_from([ANYBODY, ANYBODY, frozenset(AGENTS[:2])])),
            region=draw(st.sampled_from(["any", "any", "unit", "province"])),
            for_s=None if nth == several - 1 else draw(st.sampled_from([5.0, 20.0])),
        )
        for nth in range(several)
    )


@st.composite
def floors(draw: st.DrawFn) -> FloorPolicy:
    queues: list[QueuePolicy] = [
        replace(
            a_queue(queue_id, wrap_up_s=draw(st.sampled_from([0.0, 5.0]))),
            steps=draw(steps()),
            choice=draw(st.sampled_from(CHOICES)),
            priority=draw(st.sampled_from([0, 5, 30])),
            ageing_s=draw(st.sampled_from([0.0, 2.0])),
            floor_s=draw(st.sampled_from([None, 40.0])),
        )
        for queue_id in QUEUES
    ]
    levels = st.sampled_from([0, 1, 2, 3, 4, 5, 5])
    agents: list[AgentProfile] = [
        replace(
            an_agent(agent_id),
            levels={it: level for it in SKILLS if (level := draw(levels))},
            place=Place(province="YJ", unit=draw(st.sampled_from(UNITS))),
        )
        for agent_id in AGENTS
    ]
    rule = RonaRule(limit=draw(st.sampled_from([1, 2])), window_s=60, penalty_s=10)
    return FloorPolicy(
        queues={queue.queue_id: queue for queue in queues},
        agents={agent.agent_id: agent for agent in agents},
        order=draw(st.sampled_from(ORDERS)),
        rona=Rona(no_answer=rule, declined=rule),
    )


@dataclass
class Told:
    """An engine beside the plainest reading of its rules."""

    policy: FloorPolicy
    staff: list[AgentId] = field(default_factory=lambda: AGENTS)
    engine: Engine = field(init=False)
    now: float = 0.0
    calls: int = 0
    offers: int = 0
    among_agents: int = 0
    """Picks with a choice of agents."""
    among_calls: int = 0
    """Calls that waited for the agent whom another got."""
    last_offers: dict[tuple[QueueId, AgentId], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine = Engine(self.policy)
        self.tell(seen(0))
        for agent_id in self.staff:
            self.tell(AgentSignedIn(at=at(0), agent_id=agent_id))

    @property
    def floor(self) -> Floor:
        return self.engine.floor

    def tell(self, fact: ToldFact) -> None:
        due = self.engine.next_deadline
        while due is not None and due < fact.at:
            self.check(due, self.engine.tick(due).facts)
            due = self.engine.next_deadline
        self.check(fact.at, self.engine.apply(fact).facts)

    def check(self, now: datetime, facts: tuple[Fact, ...]) -> None:
        decided = [fact for fact in facts if isinstance(fact, RoutingDecided)]
        for nth, fact in enumerate(decided):
            self.offers += 1
            # Who was chosen later in this turn was ready until then.
            after = {it.agent_id for it in decided[nth:]}
            self.agent_is_the_best(fact, after, now)
            self.last_offers[fact.queue_id, fact.agent_id] = now.timestamp()
        if len(decided) == 1:
            self.call_is_the_best(decided[0], now)
        self.among_agents += sum(fact.ready > 1 for fact in decided)
        self.nobody_waits_in_vain()

    def agent_is_the_best(
        self, fact: RoutingDecided, after: set[AgentId], now: datetime
    ) -> None:
        floor, call = self.floor, self.floor.calls[fact.call_id]
        queue = floor.policy.queues[fact.queue_id]
        ready = [
            agent
            for agent in floor.agents.values()
            if agent.state is AgentState.READY or agent.profile.agent_id in after
        ]
        for nth, step in enumerate(queue.steps[: call.step + 1]):
            able = [agent for agent in ready if meets(step, agent.profile, call)]
            if able:
                best = sorted(able, key=lambda it: self.score(queue, step, it, now))
                names = [it.profile.agent_id for it in best[:6]]
                assert names == [it.agent_id for it in fact.scored]
                assert (fact.by_step, fact.ready) == (nth, len(able))
                break
        else:
            raise AssertionError("nobody was there to be chosen")
        told = fact.excluded
        excluded = sum(getattr(told, name) for name in type(told).__slots__)
        assert excluded + fact.ready == len(self.staff)
        for scored in fact.scored:
            assert scored.score == pytest.approx(sum(scored.terms), abs=0.01)

    def score(
        self, queue: QueuePolicy, step: Step, agent: Agent, now: datetime
    ) -> tuple[float, float, AgentId]:
        floor, agent_id = self.floor, agent.profile.agent_id
        assert agent.ready_since is not None
        idle_s = (now - agent.ready_since).total_seconds()
        times = floor.handling_times
        expected_s = times.expected_s(agent_id, queue.kind)
        surplus = sum(agent.profile.levels[s] - n for s, n in step.needs.items())
        match queue.choice:
            case LongestIdle():
                return -idle_s, 0, agent_id
            case LeastOccupied():
                assert agent.since is not None
                passed = (now - agent.since) / OCCUPANCY_TIME
                is_idle = agent.state is AgentState.READY
                faded = exp(-passed) if is_idle else 1.0
                return round(agent.occupancy * faded, 12), -idle_s, agent_id
            case FastestFirst():
                return expected_s, -idle_s, agent_id
            case RoundRobin():
                last_s = self.last_offers.get((queue.queue_id, agent_id), -inf)
                return last_s, -idle_s, agent_id
            case PriorityMatrix():
                return -surplus, -idle_s, agent_id
            case Blend() as blend:
                average_s = times.average_s(queue.kind)
                low, high = (average_s * (1 + side * blend.clamp) for side in (-1, 1))
                score = min(max(expected_s, low), high)
                if blend.per_resolved:
                    score /= floor.quality.resolved_share(agent_id)
                score -= blend.idle_weight * idle_s
                score += blend.scarcity_s * max(0, len(agent.profile.levels) - 1)
                score -= blend.level_s * surplus
                if blend.occupancy_bound is not None:
                    over = max(0.0, agent.over - blend.occupancy_bound)
                    score += 1000 * over
                return round(score, 4), -idle_s, agent_id

    def call_is_the_best(self, fact: RoutingDecided, now: datetime) -> None:
        """Of all who waited for this agent none goes before who was taken."""
        floor = self.floor
        agent = floor.agents[fact.agent_id].profile
        taken = self.place(floor.calls[fact.call_id], fact, now)
        for other in map(floor.call, floor.waiting):
            if can_serve(floor, agent, other):
                self.among_calls += 1
                assert taken <= self.place(other, fact, now)

    def place(
        self, call: Call, fact: RoutingDecided, now: datetime
    ) -> tuple[object, ...]:
        floor = self.floor
        assert call.queue_id is not None
        assert call.queued_at is not None
        queue, order = floor.policy.queues[call.queue_id], floor.policy.order
        waited_s = (now - call.queued_at).total_seconds()
        own, is_past, band = class_at(queue, call.call_class, waited_s)
        is_guarded = order.guard_s is not None and waited_s > order.guard_s
        waits = [floor.calls[it] for it in floor.waiting]
        waits.append(floor.calls[fact.call_id])
        wanted = 0.0
        match order:
            case ByPriority():
                wanted = int(priority_at(queue, waited_s))
            case FixedRatio():
                here = sum(it.queue_id == call.queue_id for it in waits)
                wanted = here - order.shares.get(call.queue_id, 0) * len(waits)
            case CMu():
                times = floor.handling_times
                expected_s = times.expected_s(fact.agent_id, queue.kind)
                within_s = queue.target.within_s
                wanted = waited_s / (within_s * within_s * expected_s)
            case LongestWait():
                """Only the wait counts."""
        if is_past or is_guarded:
            wanted = 0.0
        first = -own, not is_past, -band, not is_guarded
        return *first, -wanted, call.queued_at, call.call_id

    def nobody_waits_in_vain(self) -> None:
        floor = self.floor
        for call in floor.calls.values():
            if call.state is CallState.QUEUED:
                for agent in floor.agents.values():
                    is_ready = agent.state is AgentState.READY
                    assert not (is_ready and can_serve(floor, agent.profile, call))


QUIET = ("ready", "ready", "answers", "hangs_up", "arrives", "not_ready")
BUSY = ("arrives", "arrives", "answers", "hangs_up", "ready", "declines", "rings_out")
SPELL = 12
"""So many things happen in quiet, then so many in a rush."""


def live(told: Told, act: str, nth: int, now: float) -> None:
    """Let one thing happen."""
    offers = sorted(told.floor.offers)
    match act:
        case "arrives":
            told.calls += 1
            told.tell(arrived(told.calls, now))
            told.tell(queued(told.calls, now, QUEUES[nth % len(QUEUES)]))
        case "ready":
            wishes(told, AgentReady(at=at(now), agent_id=AGENTS[nth]))
        case "not_ready":
            agent_id = AGENTS[nth]
            wishes(told, AgentNotReady(at=at(now), agent_id=agent_id, reason="break"))
        case "answers" if offers:
            answer(told, offers[nth % len(offers)], now)
        case "declines" | "rings_out" if offers:
            ending = LegEnding.DECLINED if act == "declines" else LegEnding.NO_ANSWER
            told.tell(hung_up(LegId(offers[nth % len(offers)]), now, ending))
        case "hangs_up" if told.calls:
            told.tell(hung_up(caller_leg(1 + nth % told.calls), now))


def wishes(told: Told, wish: AgentReady | AgentNotReady) -> None:
    if told.floor.agents[wish.agent_id].state is not AgentState.SIGNED_OUT:
        told.tell(wish)


def answer(told: Told, offer_id: OfferId, now: float) -> None:
    offer = told.floor.offers[offer_id]
    call = told.floor.calls.get(offer.call_id)
    if call is None or call.offer_id != offer_id:
        return
    leg = LegId(offer_id)
    told.tell(LegAnswered(at=at(now), leg_id=leg))
    for one in (call.leg_id, leg):
        told.tell(LegJoined(at=at(now), leg_id=one, bridge_id=f"b-{offer_id}"))


def lived(policy: FloorPolicy, seed: int) -> Told:
    """Let things happen at random on a floor whose people differ."""
    pick = Random(seed)  # noqa: S311 - the same again, no secret
    told = Told(policy)
    for agent_id in AGENTS:
        handle_s = pick.uniform(100, 400)
        for queue_id in QUEUES:
            for _ in range(pick.randrange(4)):
                told.floor.handling_times.learn(agent_id, queue_id, handle_s, at(0))
        if pick.random() < 0.8:
            told.now += pick.random()
            told.tell(AgentReady(at=at(told.now), agent_id=agent_id))
    for nth in range(10 * SPELL):
        told.now += pick.choice([0.0, 0.3, 1.0, 6.0, 20.0])
        act = pick.choice(BUSY if nth // SPELL % 2 else QUIET)
        live(told, act, pick.randrange(len(AGENTS)), told.now)
    return told


@given(floors(), st.integers(0, 2**32))
@settings(max_examples=120, deadline=None)
def test_picks_are_those_of_a_scan(policy: FloorPolicy, seed: int) -> None:
    told = lived(policy, seed)

    event(f"choices of agents: {min(told.among_agents, 10)}")
    event(f"choices of calls: {min(told.among_calls, 10)}")


@pytest.mark.parametrize("choice", CHOICES, ids=repr)
@pytest.mark.parametrize("order", ORDERS, ids=repr)
def test_each_rule_is_put_to_the_test(choice: AgentChoice, order: CallOrder) -> None:
    queues = [
        replace(
            a_queue(queue_id, SKILLS[nth], wrap_up_s=3),
            choice=choice,
            target=Target(within_s=10 + 20 * nth),
            priority=4 * nth,
        )
        for nth, queue_id in enumerate(QUEUES)
    ]
    levels = [{it: 1 + (n * m) % 5 for m, it in enumerate(SKILLS, 1)} for n in range(8)]
    agents = [
        replace(an_agent(agent_id), levels=own)
        for agent_id, own in zip(AGENTS, levels, strict=True)
    ]
    policy = FloorPolicy(
        queues={queue.queue_id: queue for queue in queues},
        agents={agent.agent_id: agent for agent in agents},
        order=order,
    )

    stories = [lived(policy, seed) for seed in range(2)]

    assert sum(told.among_agents for told in stories) >= 5
    assert sum(told.among_calls for told in stories) >= 5


def test_when_all_estimates_change_those_who_are_ready_are_put_in_order_anew() -> None:
    queue = replace(a_queue(QUEUES[0], SKILLS[0]), choice=FastestFirst())
    agents = {it: an_agent(it, SKILLS[0]) for it in AGENTS[:2]}
    told = Told(FloorPolicy(queues={QUEUES[0]: queue}, agents=agents), AGENTS[:2])
    for agent_id in agents:
        told.tell(AgentReady(at=at(1), agent_id=agent_id))
    told.tell(arrived(1, 2))
    told.tell(queued(1, 2, QUEUES[0]))
    told.tell(hung_up(caller_leg(1), 3))
    times = told.floor.handling_times
    revision = times.revision

    for agent_id, handle_s in zip(agents, (400, 100), strict=True):
        for _ in range(60):
            times.learn(agent_id, QUEUES[0], handle_s, at(3))
    told.tell(arrived(2, 4))
    told.tell(queued(2, 4, QUEUES[0]))

    assert times.revision > revision
    assert told.floor.calls[call_id(2)].offer_id in told.floor.offers
    assert told.floor.agents[AGENTS[1]].state is AgentState.RESERVED


def test_every_rule_has_a_name_and_terms() -> None:
    rules = set(get_args(AgentChoice))

    assert set(NAMES) == set(TERMS) == rules
    assert set(ORDERS_NAMED) == set(get_args(CallOrder))
