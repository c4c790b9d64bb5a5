"""What agents ask to be done with the call in hand, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acd.vocabulary.fact import FactOf
from acd.vocabulary.ids import AgentId, CallId, OfferId, QueueId


class Control(StrEnum):
    """What is done with a call in hand."""

    HOLD = "hold"
    TAKE_BACK = "take_back"
    PAUSE = "pause"
    """Of the recording."""
    RESUME = "resume"
    """Of the recording."""
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlOf(FactOf):
    """What is told of a call in hand: a wish, or what the switch made of one."""

    call_id: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAsked(ControlOf):
    """An agent asked that the caller hear music for a while."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBackAsked(ControlOf):
    """An agent asked to talk with the caller on hold again."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseAsked(ControlOf):
    """An agent asked that nothing be recorded for a while."""

    agent_id: AgentId
    for_s: float
    """After which the recording goes on by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeAsked(ControlOf):
    """An agent asked that the recording go on."""

    agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAsked(ControlOf):
    """An agent asked that others go on with the caller, and leaves the call."""

    agent_id: AgentId
    to_queue: QueueId | None = None
    to_agent: AgentId | None = None
    """Who is to be rung first; exactly one of the two is given."""
    note: str = ""
    """What whoever takes the call should know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NuisanceMarked(ControlOf):
    """An agent said that a caller calls to disturb; nothing is done to the call."""

    agent_id: AgentId
    note: str = ""
    """What happened, in the agent's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingMuted(ControlOf):
    """The switch stopped writing sound down, or does so again."""

    offer_id: OfferId
    is_muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlFailed(ControlOf):
    """What an agent asked for was not done; all is as it was."""

    offer_id: OfferId
    agent_id: AgentId
    what: Control
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(FactOf):
    """The caller hears music, the agent nothing."""

    call_id: CallId
    offer_id: OfferId
    agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTakenBack(FactOf):
    """Caller and agent hear each other again."""

    call_id: CallId
    offer_id: OfferId
    agent_id: AgentId
    hold_s: float
    """How long the caller was on hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred(FactOf):
    """The caller waits again, for others; the place of before is kept."""

    call_id: CallId
    offer_id: OfferId
    """Of the conversation that it ended."""
    agent_id: AgentId
    from_queue: QueueId
    to_queue: QueueId
    to_agent: AgentId | None
    note: str
    is_asked: bool
    """False where the agent was gone while the caller was on hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPaused(FactOf):
    """From here on nothing is recorded."""

    call_id: CallId
    offer_id: OfferId
    agent_id: AgentId
    until_at: datetime
    """When it goes on by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingResumed(FactOf):
    """The recording goes on, or would have: the conversation ended in the pause."""

    call_id: CallId
    offer_id: OfferId
    agent_id: AgentId
    paused_at: datetime
    is_by_limit: bool
    """Whether nobody asked for it."""
