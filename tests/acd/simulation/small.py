"""A small floor that a simulation lives through in a moment."""

from dataclasses import replace

from acd.policy import FloorPolicy
from acd.simulation.scenario import Arrivals, Habits, Kind, Scenario, Spell
from acd.vocabulary.ids import AgentId
from tests.support.builders import BILL, FAULT, a_queue, an_agent

SKILLS = (("fault",), ("fault", "bill"), ("bill",))


def agent(nth: int) -> AgentId:
    return AgentId(f"agent-{nth}")


def a_scenario(agents: int = 12, *, calls_a_day: float = 400) -> Scenario:
    """Two queues, agents of three sets of skills, an hour a day."""
    return Scenario(
        name="small",
        floor=FloorPolicy(
            queues={
                FAULT: a_queue(FAULT, "fault", wrap_up_s=60),
                BILL: a_queue(BILL, "bill", wrap_up_s=60),
            },
            agents={
                agent(nth): an_agent(agent(nth), *SKILLS[nth % 3])
                for nth in range(agents)
            },
        ),
        kinds=(
            Kind(queue_id=FAULT, share=2, handling_s=90, spread=0.8, patience_s=60),
            Kind(queue_id=BILL, share=1, handling_s=120, spread=0.8, patience_s=90),
        ),
        arrivals=Arrivals(calls_a_day=calls_a_day, profile=(1, 2, 1), day_noise=0.05),
        habits=Habits(no_answer=0.05, breaks=1, break_s=120, again=0.3, again_s=60),
        agent_spread=0.2,
        kind_spread=0.12,
        open_s=3600,
    )


def equal_agents(agents: int, *, per_s: float) -> Scenario:
    """One class, equal agents, no ringing: what Erlang A is about."""
    plain = a_scenario()
    kind = Kind(
        queue_id=FAULT,
        share=1,
        handling_s=60,
        spread=0,
        patience_s=60,
        wrap_up_share=0,
        spell=Spell.EXPONENTIAL,
    )
    return replace(
        plain,
        floor=FloorPolicy(
            queues={FAULT: a_queue(FAULT, "fault", wrap_up_s=0)},
            agents={agent(n): an_agent(agent(n), "fault") for n in range(agents)},
        ),
        kinds=(kind,),
        arrivals=Arrivals(calls_a_day=per_s * 4 * 3600),
        habits=Habits(ring_s=(0, 0)),
        agent_spread=0,
        kind_spread=0,
        open_s=4 * 3600,
    )
