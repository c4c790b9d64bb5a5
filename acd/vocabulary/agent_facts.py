"""What agents wish, and what becomes of their state."""

from dataclasses import dataclass
from datetime import datetime

from acd.vocabulary.fact import FactOf
from acd.vocabulary.ids import AgentId, CallId
from acd.vocabulary.states import AgentState


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSignedIn(FactOf):
    """An agent began a session; work is not wanted yet."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSignedOut(FactOf):
    """An agent asked to end the session; pending while a call is with them."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReady(FactOf):
    """An agent asked for work."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentNotReady(FactOf):
    """An agent asked for no more work; pending while a call is with them."""

    agent_id: AgentId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpDone(FactOf):
    """An agent says that the work after the call is finished."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDisposed(FactOf):
    """An agent said what the call was about."""

    call_id: CallId
    agent_id: AgentId
    disposition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpStarted(FactOf):
    """Work after the call began."""

    agent_id: AgentId
    call_id: CallId
    until_at: datetime
    """When it ends by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpEnded(FactOf):
    """Work after the call ended, by the agent or by its limit."""

    agent_id: AgentId
    call_id: CallId
    is_by_limit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStateEntered(FactOf):
    """An agent's state, or the reason for it, changed."""

    agent_id: AgentId
    state: AgentState
    reason: str
    """Why not ready (``rona``, ``break`` …); empty where the state says it all."""
    call_id: CallId | None = None
