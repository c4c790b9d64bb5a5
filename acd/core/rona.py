"""Agents who do not take what they are offered: counted, and made not ready (RONA)."""

from datetime import timedelta

from acd.core.agents import Agent
from acd.core.deadlines import Deadline, Due
from acd.core.floor import Floor
from acd.core.turn import Turn
from acd.policy import Rona, RonaRule
from acd.vocabulary.agent_facts import AgentReady
from acd.vocabulary.facts import Fact
from acd.vocabulary.offer_facts import Blame, OfferWithdrawn
from acd.vocabulary.states import AgentState

PAGE_REST_S = 3.0
"""A page whose engine went away registers anew within two seconds."""


def missed(
    floor: Floor,
    turn: Turn,
    agent: Agent,
    fact: type[Fact],
    *,
    reason: str,
    blame: Blame,
) -> None:
    """Move an agent whose offer was not taken: too often, and they are not ready.

    Else they stay ready, behind all who are ready already.
    """
    rule = _rule(floor.policy.rona, blame)
    since = turn.at - timedelta(seconds=rule.window_s)
    recent = (*(at for at in agent.misses.get(blame, ()) if at > since), turn.at)
    is_too_often = len(recent) >= rule.limit
    agent.misses = {**agent.misses, blame: () if is_too_often else recent}
    if not is_too_often:
        agent.ready_since = turn.at
        # The edge of an offer that is nobody's fault leads back to ready.
        floor.move_agent(turn, agent, OfferWithdrawn)
        return
    floor.move_agent(turn, agent, fact, reason=reason)
    if rule.penalty_s is not None and agent.state is AgentState.NOT_READY:
        agent.penalty_until = turn.at + timedelta(seconds=rule.penalty_s)
        agent_id = agent.profile.agent_id
        floor.deadlines.set(Deadline(agent.penalty_until, Due.PENALTY, agent_id))


def unreached(floor: Floor, turn: Turn, agent: Agent) -> None:
    """Move an agent whose page was not reached: it may come back in a moment.

    They stay ready, behind all who are ready already, and are offered nothing for a
    while. That a page is gone is told by whoever has its socket.
    """
    agent.ready_since = turn.at
    floor.move_agent(turn, agent, OfferWithdrawn)
    if agent.state is AgentState.READY:
        agent.penalty_until = turn.at + timedelta(seconds=PAGE_REST_S)
        agent_id = agent.profile.agent_id
        floor.deadlines.set(Deadline(agent.penalty_until, Due.PENALTY, agent_id))
        floor.lines.move(agent)


def end_penalty(floor: Floor, turn: Turn, agent: Agent) -> None:
    """Let an agent take calls again, whose penalty is over."""
    agent.penalty_until = None
    floor.move_agent(turn, agent, AgentReady)


def _rule(rona: Rona, blame: Blame) -> RonaRule:
    match blame:
        case Blame.NO_ANSWER:
            return rona.no_answer
        case Blame.DECLINED:
            return rona.declined
        case Blame.BUSY:
            return rona.busy
