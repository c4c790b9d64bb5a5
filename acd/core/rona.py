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


def end_penalty(floor: Floor, turn: Turn, agent: Agent) -> None:
    """Let an agent take calls again, whose penalty is over."""
    floor.move_agent(turn, agent, AgentReady)


def _rule(rona: Rona, blame: Blame) -> RonaRule:
    match blame:
        case Blame.NO_ANSWER:
            return rona.no_answer
        case Blame.DECLINED:
            return rona.declined
        case Blame.BUSY:
            return rona.busy
