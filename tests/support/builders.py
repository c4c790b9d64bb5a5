"""Short ways to say a floor, a fact, an instant."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import NAMESPACE_URL, uuid5

from acd.core.engine import Engine
from acd.core.turn import Outcome
from acd.policy import PLAIN_LEVEL, AgentProfile, FloorPolicy, QueuePolicy, Step
from acd.vocabulary.agent_facts import AgentReady, AgentSignedIn
from acd.vocabulary.decisions import RingAgent
from acd.vocabulary.facts import Fact, ToldFact
from acd.vocabulary.flow_facts import CallArrived
from acd.vocabulary.ids import AgentId, CallId, DeviceId, LegId, Place, QueueId, SkillId
from acd.vocabulary.leg_facts import (
    CallQueued,
    LegAnswered,
    LegEnded,
    LegEnding,
    LegJoined,
    LegSeen,
    SwitchSeen,
)

F = TypeVar("F")

YZ = Place(province="YJ", unit="YZ")
FAULT = QueueId("q_fault")
BILL = QueueId("q_bill")
ALICE, BOB, CAROL = AgentId("alice"), AgentId("bob"), AgentId("carol")


def at(seconds: float) -> datetime:
    """Return an instant so many seconds after the tests' beginning."""
    return datetime(2026, 11, 1, 8, tzinfo=UTC) + timedelta(seconds=seconds)


def a_queue(queue_id: QueueId, *skills: str, wrap_up_s: float = 30) -> QueuePolicy:
    return QueuePolicy(
        queue_id=queue_id,
        name=queue_id,
        steps=(Step(needs={SkillId(skill): 1 for skill in skills}),),
        ring_s=15,
        wrap_up_s=wrap_up_s,
        place=YZ,
    )


def an_agent(agent_id: AgentId, *skills: str) -> AgentProfile:
    return AgentProfile(
        agent_id=agent_id,
        name=agent_id.title(),
        device_id=DeviceId(f"dev-{agent_id}"),
        levels={SkillId(skill): PLAIN_LEVEL for skill in skills},
        place=YZ,
    )


def a_floor(*, wrap_up_s: float = 30) -> FloorPolicy:
    """Alice and Bob take faults, Bob and Carol bills."""
    return FloorPolicy(
        queues={
            FAULT: a_queue(FAULT, "fault", wrap_up_s=wrap_up_s),
            BILL: a_queue(BILL, "bill", wrap_up_s=wrap_up_s),
        },
        agents={
            ALICE: an_agent(ALICE, "fault"),
            BOB: an_agent(BOB, "fault", "bill"),
            CAROL: an_agent(CAROL, "bill"),
        },
    )


def call_id(n: int) -> CallId:
    return CallId(str(uuid5(NAMESPACE_URL, f"call {n}")))


def caller_leg(n: int) -> LegId:
    return LegId(f"b1-1700000000.{n}")


def arrived(n: int, seconds: float) -> CallArrived:
    return CallArrived(
        at=at(seconds),
        place=YZ,
        call_id=call_id(n),
        leg_id=caller_leg(n),
        number="6000",
        caller_number=f"1380013{n:04}",
        caller_name="",
        sip_call_id=f"{n}@sipp",
    )


def queued(n: int, seconds: float, queue_id: QueueId = FAULT) -> CallQueued:
    return CallQueued(
        at=at(seconds),
        call_id=call_id(n),
        leg_id=caller_leg(n),
        queue_id=queue_id,
        skills=(),
    )


def hung_up(
    leg_id: LegId, seconds: float, ending: LegEnding = LegEnding.HUNG_UP
) -> LegEnded:
    return LegEnded(at=at(seconds), leg_id=leg_id, ending=ending)


def seen(
    seconds: float,
    *legs: LegSeen,
    boot_id: str = "b1",
    taken_at: datetime | None = None,
) -> SwitchSeen:
    return SwitchSeen(
        at=at(seconds), boot_id=boot_id, taken_at=taken_at or at(seconds), legs=legs
    )


class Desk:
    """An engine and all that it said, for tests that tell a story."""

    def __init__(self, policy: FloorPolicy | None = None) -> None:
        self.engine = Engine(policy or a_floor())
        self.facts: list[Fact] = []
        self.last = Outcome(facts=(), decisions=())
        self.tell(seen(-100))

    def tell(self, *facts: ToldFact) -> Outcome:
        for fact in facts:
            self.last = self.engine.apply(fact)
            self.facts.extend(self.last.facts)
        return self.last

    def tick(self, seconds: float) -> Outcome:
        self.last = self.engine.tick(at(seconds))
        self.facts.extend(self.last.facts)
        return self.last

    def ready(self, *agents: AgentId, seconds: float = -50) -> None:
        for n, agent in enumerate(agents):
            self.tell(AgentSignedIn(at=at(seconds + n), agent_id=agent))
            self.tell(AgentReady(at=at(seconds + n), agent_id=agent))

    def offered_leg(self, n: int) -> LegId:
        """Return the leg that rings for a call."""
        offer_id = self.engine.floor.calls[call_id(n)].offer_id
        assert offer_id is not None
        return LegId(offer_id)

    def talk(self, n: int, seconds: float) -> LegId:
        """Let the agent who is rung for a call answer, and join both."""
        leg = self.offered_leg(n)
        self.tell(
            LegAnswered(at=at(seconds), leg_id=leg),
            LegJoined(at=at(seconds), leg_id=caller_leg(n), bridge_id=f"bridge-{n}"),
            LegJoined(at=at(seconds), leg_id=leg, bridge_id=f"bridge-{n}"),
        )
        return leg

    def state_of(self, agent: AgentId) -> tuple[str, str]:
        return (
            self.engine.floor.agents[agent].state.value,
            self.engine.floor.agents[agent].reason,
        )

    def said(self, kind: type[F]) -> list[F]:
        return [fact for fact in self.facts if isinstance(fact, kind)]


def rings(outcome: Outcome) -> list[RingAgent]:
    """Return what an outcome has rung, in order."""
    return [d for d in outcome.decisions if isinstance(d, RingAgent)]


def kinds(facts: Iterable[object]) -> list[str]:
    return [type(fact).__name__ for fact in facts]
