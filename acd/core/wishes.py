"""What agents ask for: granted at once, or kept until the call is over."""

from acd.core import conversations
from acd.core.agents import AT_REST, Agent
from acd.core.floor import Floor
from acd.core.turn import Turn
from acd.vocabulary.agent_facts import (
    AgentNotReady,
    AgentReady,
    AgentSignedIn,
    AgentSignedOut,
    WrapUpDone,
)
from acd.vocabulary.errors import UnknownAgent
from acd.vocabulary.states import AgentState

Wish = AgentSignedIn | AgentSignedOut | AgentReady | AgentNotReady | WrapUpDone


def grant(floor: Floor, turn: Turn, wish: Wish) -> None:
    """Act on an agent's wish.

    Raises:
        UnknownAgent: Nobody of that id is on the floor, or is to stay on it.
        IllegalTransition: The state has no place for the wish; nothing changed.
    """
    agent = floor.agent(wish.agent_id)
    if wish.agent_id in floor.leaving and isinstance(wish, AgentReady | AgentSignedIn):
        raise UnknownAgent(wish.agent_id)
    agent.check(type(wish))
    reason = wish.reason if isinstance(wish, AgentNotReady) else ""
    if agent.state not in AT_REST and agent.state is not AgentState.SIGNED_OUT:
        _keep(agent, wish)
    if agent.state is AgentState.WRAP_UP and not isinstance(wish, AgentNotReady):
        conversations.end_wrap_up(floor, turn, agent, is_by_limit=False)
    else:
        floor.move_agent(turn, agent, type(wish), reason=reason)


def _keep(agent: Agent, wish: Wish) -> None:
    match wish:
        case AgentReady():
            agent.wants_not_ready, agent.wants_sign_out = None, False
        case AgentNotReady():
            agent.wants_not_ready = wish.reason
        case AgentSignedOut():
            agent.wants_sign_out = True
        case AgentSignedIn() | WrapUpDone():
            """Neither waits for anything."""
