"""What the engine learns of each handled call, and what it makes of being told."""

import pytest

from acd.core.engine import Engine
from acd.core.remembered import remember, restore
from acd.core.turn import Outcome
from acd.policy import FloorPolicy
from acd.routing.handling_time import HandlingTimes
from acd.routing.quality import Outcomes
from acd.vocabulary.agent_facts import AgentSignedOut, WrapUpDone
from acd.vocabulary.errors import UnreadableEstimates
from acd.vocabulary.estimate_facts import AgentLearned, EstimatesRebuilt
from acd.vocabulary.fact import Tick
from acd.vocabulary.facts import ToldFact
from acd.vocabulary.ids import AgentId
from services.store.checkpoints import dumped, loaded
from tests.support.builders import (
    ALICE,
    BOB,
    FAULT,
    Desk,
    a_floor,
    arrived,
    at,
    caller_leg,
    hung_up,
    queued,
    seen,
)

TOLD_SUMS = '{"q_fault": [200.0, 1000.0, 5080.0]}'


class Heard(Desk):
    """A desk that keeps what it was told."""

    def __init__(self, policy: FloorPolicy | None = None) -> None:
        self.told: list[ToldFact] = []
        super().__init__(policy)

    def tell(self, *facts: ToldFact) -> Outcome:
        self.told += facts
        return super().tell(*facts)

    def served(self, n: int, seconds: float, *, talk_s: float = 100) -> float:
        """Let a caller be answered at an instant, and hang up; return when."""
        self.tell(arrived(n, seconds - 10), queued(n, seconds - 5))
        self.talk(n, seconds)
        self.tell(hung_up(caller_leg(n), seconds + talk_s))
        return seconds + talk_s


def calls_of(desk: Desk, who: AgentId = ALICE) -> float:
    return desk.engine.floor.handling_times.estimate(who, FAULT).calls


def learned(*times_s: float, is_whole: bool = True) -> HandlingTimes:
    times = HandlingTimes()
    for time_s in times_s:
        times.learn(ALICE, FAULT, time_s, at(0), is_whole=is_whole)
    return times


def rebuilt(sums: str = TOLD_SUMS) -> EstimatesRebuilt:
    told = AgentLearned(
        agent_id=ALICE, sums=sums, calls=200, repeats=80, cut=0, rated=0, dissatisfied=0
    )
    return EstimatesRebuilt(at=at(500), day=20_393, agents=(told,))


def test_talk_and_wrap_up_together_are_learned_when_wrap_up_ends() -> None:
    desk = Heard()
    desk.ready(ALICE)
    over = desk.served(1, 10, talk_s=100)
    assert calls_of(desk) == 0

    desk.tell(WrapUpDone(at=at(over + 20), agent_id=ALICE))

    expected_s = learned(120).expected_s(ALICE, FAULT)
    assert calls_of(desk) == 1
    assert desk.engine.floor.handling_times.expected_s(ALICE, FAULT) == expected_s


def test_without_wrap_up_the_talk_is_learned_at_once() -> None:
    desk = Heard(a_floor(wrap_up_s=0))
    desk.ready(ALICE)

    desk.served(1, 10, talk_s=100)

    expected_s = learned(100).expected_s(ALICE, FAULT)
    assert desk.engine.floor.handling_times.expected_s(ALICE, FAULT) == expected_s


def test_wrap_up_that_ends_by_its_limit_counts_as_long_as_it_was() -> None:
    desk = Heard()
    desk.ready(ALICE)

    over = desk.served(1, 10, talk_s=100)
    desk.tick(over + 30)

    expected_s = learned(130).expected_s(ALICE, FAULT)
    assert desk.engine.floor.handling_times.expected_s(ALICE, FAULT) == expected_s


def test_an_offer_that_came_to_nothing_teaches_nothing() -> None:
    desk = Heard()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1), hung_up(caller_leg(1), 8))

    assert calls_of(desk) == 0


def test_an_agent_who_hangs_up_at_once_does_not_look_quick() -> None:
    desk = Heard()
    desk.ready(ALICE)
    desk.tell(arrived(1, 0), queued(1, 1))
    leg = desk.talk(1, 5)

    desk.tell(hung_up(leg, 15), WrapUpDone(at=at(16), agent_id=ALICE))

    times = desk.engine.floor.handling_times
    assert times.expected_s(ALICE, FAULT) >= times.average_s(FAULT)
    assert times.known() == learned(11, is_whole=False).known()


def test_who_signs_out_in_wrap_up_has_handled_the_call() -> None:
    desk = Heard()
    desk.ready(ALICE)
    over = desk.served(1, 10)

    desk.tell(AgentSignedOut(at=at(over + 5), agent_id=ALICE))

    assert calls_of(desk) == 1


def test_a_replay_of_what_was_told_learns_the_same() -> None:
    desk = Heard()
    desk.ready(ALICE, BOB)
    for n in range(30):
        over = desk.served(n, 100 + 300 * n, talk_s=60 + 3 * n)
        desk.tell(Tick(at=at(over + 30)))

    again = Engine(a_floor())
    for fact in desk.told:
        again.apply(fact)

    assert desk.engine.floor.handling_times.known().calls == 30
    assert (
        again.floor.handling_times.known() == desk.engine.floor.handling_times.known()
    )


def test_a_checkpoint_in_the_middle_of_a_call_learns_on_from_there() -> None:
    desk = Heard()
    desk.ready(ALICE)
    over = desk.served(1, 10)
    desk.tick(over + 30)
    desk.tell(arrived(2, 300), queued(2, 301))
    desk.talk(2, 310)

    after = Desk()
    restore(after.engine.floor, loaded(dumped(remember(desk.engine.floor))))
    for one in (desk, after):
        one.tell(seen(311), hung_up(caller_leg(2), 400))
        one.tick(460)

    assert calls_of(desk) == 2
    known = desk.engine.floor.handling_times.known()
    assert after.engine.floor.handling_times.known() == known


def test_what_was_rebuilt_from_records_stands_for_what_was_learned() -> None:
    desk = Heard()
    desk.ready(ALICE)
    times = desk.engine.floor.handling_times
    desk.tick(desk.served(1, 10) + 30)
    revision = times.revision

    desk.tell(rebuilt())

    assert desk.engine.floor.handling_times is times
    assert times.revision > revision
    assert calls_of(desk) == 200
    assert times.average_s(FAULT) == pytest.approx(200, rel=0.3)
    assert desk.engine.floor.quality.agents[ALICE] == Outcomes(calls=200, repeats=80)
    assert not desk.engine.floor.quality.is_within(
        ALICE, repeat_rate=0.15, least_calls=20
    )


@pytest.mark.parametrize(
    "sums",
    [
        "",
        "[]",
        "{",
        '{"q_fault": 3}',
        '{"q_fault": ["x"]}',
        '{"q_fault": [0, 0, 0]}',
        '{"q_fault": [9, NaN, 1]}',
    ],
)
def test_sums_that_are_none_are_refused_and_change_nothing(sums: str) -> None:
    desk = Heard()
    desk.tell(rebuilt())
    before = desk.engine.floor.handling_times.known()

    with pytest.raises(UnreadableEstimates, match="tieline estimates rebuild"):
        desk.tell(rebuilt(sums))

    assert desk.engine.floor.handling_times.known() == before
