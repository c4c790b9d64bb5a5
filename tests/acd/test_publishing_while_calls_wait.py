"""Floors are published at any time of a bad day: the rules of the floor hold."""

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from acd.policy import FloorPolicy
from acd.policy_form import as_text
from acd.vocabulary.floor_facts import FloorPublished
from acd.vocabulary.states import CallState
from tests.acd.test_invariants import Floor
from tests.support.builders import (
    ALICE,
    BILL,
    BOB,
    CAROL,
    FAULT,
    a_floor,
    a_queue,
    an_agent,
    at,
)

SKILLS = st.frozensets(st.sampled_from(["fault", "bill", "opera"]))
WAITS = (CallState.QUEUED, CallState.OFFERED, CallState.CONNECTING, CallState.OPEN)


@st.composite
def floors(draw: st.DrawFn) -> FloorPolicy:
    """Some of the queues and agents, with whatever they need and can do."""
    queues = draw(st.sets(st.sampled_from([FAULT, BILL]), min_size=1))
    agents = draw(st.sets(st.sampled_from([ALICE, BOB, CAROL])))
    return replace(
        a_floor(),
        queues={it: a_queue(it, *sorted(draw(SKILLS))) for it in sorted(queues)},
        agents={it: an_agent(it, *sorted(draw(SKILLS))) for it in sorted(agents)},
    )


class PublishingFloor(Floor):
    """As ``Floor``, and people and queues come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.version = 1

    @rule(policy=floors())
    def a_floor_is_published(self, policy: FloorPolicy) -> None:
        self.publish(policy)

    @rule()
    def everybody_is_back(self) -> None:
        self.publish(a_floor(wrap_up_s=5))

    def publish(self, policy: FloorPolicy) -> None:
        memory = self.engine.floor
        waited = [*memory.waiting]
        unserved = {c.call_id for c in memory.calls.values() if c.state in WAITS}
        self.version += 1
        text = as_text(policy)
        self.tell(
            FloorPublished(at=at(self.later()), version=self.version, policy=text)
        )
        left = [*memory.waiting]
        assert left == [it for it in waited if it in left], "no call changes places"
        now = {c.call_id for c in memory.calls.values() if c.state in WAITS}
        assert now == unserved, "no waiting call is lost"
        assert memory.policy.version == str(self.version)
        for call in memory.calls.values():
            assert call.queue_id is None or call.queue_id in memory.policy.queues

    def teardown(self) -> None:
        super().teardown()
        self.publish(a_floor())
        assert self.engine.floor.closing == {}
        assert set(self.engine.floor.policy.queues) == {FAULT, BILL}


TestPublishingFloor = PublishingFloor.TestCase
TestPublishingFloor.settings = settings(
    max_examples=150,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
