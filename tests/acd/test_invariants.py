"""Whatever happens in whatever order, the rules of the floor hold."""

import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
)

from acd.core import floor as memory
from acd.core.agents import Agent
from acd.core.engine import Engine
from acd.core.remembered import remember, restore
from acd.vocabulary.agent_facts import (
    AgentNotReady,
    AgentReady,
    AgentSignedIn,
    AgentSignedOut,
    WrapUpDone,
)
from acd.vocabulary.errors import AcdError
from acd.vocabulary.facts import Fact, ToldFact
from acd.vocabulary.ids import AgentId, CallId, LegId, OfferId, QueueId
from acd.vocabulary.leg_facts import (
    BridgeFailed,
    LegAnswered,
    LegEnding,
    LegJoined,
    LegParted,
    LegRole,
    LegSeen,
    SwitchLost,
)
from acd.vocabulary.offer_facts import (
    CallClosed,
    OfferDeclined,
    OfferFailed,
    OfferStarted,
    OfferTimedOut,
    OfferWithdrawn,
)
from acd.vocabulary.states import AgentState, CallState
from services.store.checkpoints import dumped, loaded
from tests.support.builders import (
    ALICE,
    BILL,
    BOB,
    CAROL,
    FAULT,
    a_floor,
    arrived,
    at,
    caller_leg,
    hung_up,
    queued,
    seen,
)
from tests.support.routing import can_serve

CALLS = st.integers(0, 3)
"""How many arrivals ago."""
AGENTS = st.sampled_from([ALICE, BOB, CAROL])
ENDINGS = st.sampled_from(LegEnding)
WISHES = st.sampled_from([AgentSignedIn, AgentSignedOut, AgentReady, WrapUpDone])
Wish = AgentSignedIn | AgentSignedOut | AgentReady | WrapUpDone
ENDED = OfferTimedOut | OfferDeclined | OfferFailed | OfferWithdrawn


def _agents(floor: memory.Floor) -> list[Agent]:
    return [floor.agents[agent_id] for agent_id in sorted(floor.agents)]


class Floor(RuleBasedStateMachine):
    """Tells an engine anything at any time, as a bad day on the line would."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(a_floor(wrap_up_s=5))
        self.now = 0.0
        self.told: list[ToldFact] = []
        self.said: list[Fact] = []
        self.arrivals = 4
        self.tell(seen(0))
        for agent in (ALICE, BOB, CAROL):
            self.tell(AgentSignedIn(at=at(0), agent_id=agent))

    def tell(self, fact: ToldFact) -> None:
        self.told.append(fact)
        before = self.fingerprint()
        try:
            self.said.extend(self.engine.apply(fact).facts)
        except AcdError:
            assert self.fingerprint() == before, "a refused fact left its mark"

    def fingerprint(self) -> tuple[object, ...]:
        """All that decides: a refusal must leave it as it was."""
        floor = self.engine.floor
        return (
            [(a.state, a.reason, a.ready_since, a.call_id) for a in _agents(floor)],
            [(c.call_id, c.state, c.offers, c.offer_id) for c in floor.calls.values()],
            [(o.offer_id, o.is_open, o.is_answered) for o in floor.offers.values()],
            list(floor.waiting),
            [agent.profile.agent_id for agent in floor.ready],
        )

    def later(self, seconds: float = 0.1) -> float:
        self.now += seconds
        return self.now

    @rule()
    def a_call_arrives(self) -> None:
        self.arrivals += 1
        self.tell(arrived(self.arrivals, self.later()))

    @rule(ago=CALLS)
    def an_arrival_is_told_again(self, ago: int) -> None:
        self.tell(arrived(self.arrivals - ago, self.later()))

    @rule(ago=CALLS, queue=st.sampled_from([FAULT, BILL]))
    def a_call_is_queued(self, ago: int, queue: QueueId) -> None:
        self.tell(queued(self.arrivals - ago, self.later(), queue))

    @rule(queue=st.sampled_from([FAULT, BILL]))
    def a_call_comes_straight_to_a_queue(self, queue: QueueId) -> None:
        self.a_call_arrives()
        self.tell(queued(self.arrivals, self.later(), queue))

    @rule(ago=CALLS, ending=ENDINGS)
    def a_caller_is_gone(self, ago: int, ending: LegEnding) -> None:
        leg = caller_leg(self.arrivals - ago)
        self.tell(hung_up(leg, self.later(), ending))

    @rule(agent=AGENTS)
    def an_agent_wants_work(self, agent: AgentId) -> None:
        self.tell(AgentReady(at=at(self.later()), agent_id=agent))

    @rule(agent=AGENTS, wish=WISHES)
    def an_agent_wishes(self, agent: AgentId, wish: type[Wish]) -> None:
        self.tell(wish(at=at(self.later()), agent_id=agent))

    @rule(agent=AGENTS)
    def an_agent_wants_a_break(self, agent: AgentId) -> None:
        self.tell(AgentNotReady(at=at(self.later()), agent_id=agent, reason="break"))

    @rule(pick=st.randoms(use_true_random=False))
    def an_offer_is_answered(self, pick: random.Random) -> None:
        for leg in self._a_leg(pick):
            self.tell(LegAnswered(at=at(self.later()), leg_id=leg))

    @rule(pick=st.randoms(use_true_random=False), ending=ENDINGS)
    def an_agents_leg_ends(self, pick: random.Random, ending: LegEnding) -> None:
        for leg in self._a_leg(pick):
            self.tell(hung_up(leg, self.later(), ending))

    @rule(pick=st.randoms(use_true_random=False))
    def an_agents_leg_is_joined(self, pick: random.Random) -> None:
        for leg in self._a_leg(pick):
            self.tell(LegJoined(at=at(self.later()), leg_id=leg, bridge_id=leg))
            offer = self.engine.floor.offers.get(OfferId(leg))
            call = self.engine.floor.calls.get(offer.call_id) if offer else None
            if call is not None:
                joined = LegJoined(
                    at=at(self.later()), leg_id=call.leg_id, bridge_id=leg
                )
                self.tell(joined)

    @rule(pick=st.randoms(use_true_random=False))
    def a_leg_parts(self, pick: random.Random) -> None:
        for leg in self._a_leg(pick):
            self.tell(LegParted(at=at(self.later()), leg_id=leg, bridge_id=leg))

    @rule(pick=st.randoms(use_true_random=False))
    def a_bridge_fails(self, pick: random.Random) -> None:
        for leg in self._a_leg(pick):
            self.tell(
                BridgeFailed(at=at(self.later()), offer_id=OfferId(leg), detail="x")
            )

    @rule(seconds=st.sampled_from([1, 4, 16, 60]))
    def time_passes(self, seconds: int) -> None:
        self.later(seconds)
        deadline = self.engine.next_deadline
        if deadline is not None and deadline <= at(self.now):
            self.said.extend(self.engine.tick(at(self.now)).facts)

    @rule(pick=st.randoms(use_true_random=False), reboot=st.booleans())
    def the_switch_is_lost_and_seen_again(
        self, pick: random.Random, reboot: bool
    ) -> None:
        self.tell(SwitchLost(at=at(self.later())))
        legs = [
            LegSeen(leg_id=LegId(leg), role=LegRole.OTHER, call_id=CallId(""))
            for leg in [*self.engine.floor.callers, *self.engine.floor.offers]
            if pick.random() < 0.5
        ]
        boot_id = f"b{self.now}" if reboot else "b1"
        self.tell(seen(self.later(), *legs, boot_id=boot_id))

    @rule()
    def the_engine_is_killed_and_goes_on_from_its_checkpoint(self) -> None:
        before, last = self.fingerprint(), self.engine.floor
        self.engine = Engine(a_floor(wrap_up_s=5))
        restore(self.engine.floor, loaded(dumped(remember(last))))
        assert self.fingerprint() == before
        assert remember(self.engine.floor) == remember(last)

    def _a_leg(self, pick: random.Random) -> list[LegId]:
        legs = [LegId(offer_id) for offer_id in sorted(self.engine.floor.offers)]
        return [pick.choice(legs)] if legs else []

    @invariant()
    def no_call_and_no_agent_has_two_live_offers(self) -> None:
        live = [o for o in self.engine.floor.offers.values() if o.is_open]
        assert len({o.call_id for o in live}) == len(live)
        assert len({o.agent_id for o in live}) == len(live)

    @invariant()
    def an_agent_is_held_exactly_by_a_call_that_holds_them(self) -> None:
        floor = self.engine.floor
        held = {
            floor.offers[call.offer_id].agent_id
            for call in floor.calls.values()
            if call.state
            in (CallState.OFFERED, CallState.CONNECTING, CallState.TALKING)
            and call.offer_id is not None
        }
        busy = {
            agent.profile.agent_id
            for agent in floor.agents.values()
            if agent.state in (AgentState.RESERVED, AgentState.TALKING)
        }
        assert held == busy

    @invariant()
    def no_call_waits_while_a_qualified_agent_is_ready(self) -> None:
        floor = self.engine.floor
        if not floor.is_linked:
            return
        for call in floor.calls.values():
            if call.state is not CallState.QUEUED:
                continue
            if call.retry_at is not None:
                # Nobody need have ticked since: but the pause must be due to end.
                due = self.engine.next_deadline
                assert due is not None
                assert due <= call.retry_at
                continue
            for agent in floor.ready:
                assert not can_serve(floor, agent.profile, call)

    @invariant()
    def every_call_is_closed_at_most_once_and_then_forgotten(self) -> None:
        closed = [f.call_id for f in self.said if isinstance(f, CallClosed)]
        assert len(closed) == len(set(closed))
        assert not set(closed) & set(self.engine.floor.calls)

    @invariant()
    def every_offer_ends_at_most_once(self) -> None:
        started = {f.offer_id for f in self.said if isinstance(f, OfferStarted)}
        ended = [f.offer_id for f in self.said if isinstance(f, ENDED)]
        assert len(ended) == len(set(ended))
        assert set(ended) <= started

    def teardown(self) -> None:
        """Every caller leaves in the end: nothing is left open, and replay agrees."""
        for leg in list(self.engine.floor.callers):
            self.tell(hung_up(leg, self.later()))
        assert self.engine.floor.calls == {}
        assert len(self.engine.floor.waiting) == 0


TestFloor = Floor.TestCase
TestFloor.settings = settings(
    max_examples=150,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("seed", range(3))
def test_a_replay_of_what_was_told_says_the_same(seed: int) -> None:
    pick = random.Random(seed)  # noqa: S311 - a story, not a secret
    first, again = Engine(a_floor()), Engine(a_floor())
    story: list[ToldFact] = [seen(-1)]
    for step in range(400):
        n = pick.randrange(12)
        choices: list[ToldFact] = [
            arrived(n, step),
            queued(n, step),
            hung_up(caller_leg(n), step),
            AgentSignedIn(at=at(step), agent_id=ALICE),
            AgentReady(at=at(step), agent_id=ALICE),
            seen(step),
        ]
        story.append(pick.choice(choices))

    def tell(engine: Engine) -> list[object]:
        outcomes: list[object] = []
        for fact in story:
            if engine.next_deadline and engine.next_deadline <= fact.at:
                outcomes.append(engine.tick(fact.at))
            try:
                outcomes.append(engine.apply(fact))
            except AcdError as refused:
                outcomes.append(str(refused))
        return outcomes

    assert tell(first) == tell(again)
