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
class DeviceChosen(FactOf):
    """An agent's calls ring another of their devices from now on, until sign-out."""

    agent_id: AgentId
    is_on_page: bool
    """The telephone in the agent's page, and not one of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDisposed(FactOf):
    """An agent said what the call was about."""

    call_id: CallId
    agent_id: AgentId
    disposition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundMeasured(FactOf):
    """The telephone in an agent's page said how a call had sounded there."""

    call_id: CallId
    agent_id: AgentId
    packets: int
    """That came."""
    loss: float
    """Share of those that were sent and did not come, from 0 to 1."""
    jitter_ms: float
    round_trip_ms: float
    mos: float
    """What a listener would say of it, from 1 to 4.5, by the E-model."""


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
