"""What the engine establishes of calls and offers: its decisions, as facts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acd.vocabulary.fact import FactOf
from acd.vocabulary.ids import AgentId, CallId, DeviceId, LegId, OfferId, QueueId


class Party(StrEnum):
    """Who did it."""

    CALLER = "caller"
    AGENT = "agent"
    SYSTEM = "system"


class OfferFailure(StrEnum):
    """Why a device could not be rung."""

    BUSY = "busy"
    UNREACHABLE = "unreachable"


class Blame(StrEnum):
    """Outcomes of an offer that its agent answers for."""

    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    BUSY = "busy"


class CloseReason(StrEnum):
    """Why a call's record was closed."""

    COMPLETED = "completed"
    """It was handled by an agent."""
    ABANDONED_IN_FLOW = "abandoned_in_flow"
    ABANDONED_IN_QUEUE = "abandoned_in_queue"
    ABANDONED_RINGING = "abandoned_ringing"
    """The caller left while an agent's device rang, or between answer and bridge."""
    FLOW_COMPLETED = "flow_completed"
    """The flow said all there was to say and hung up."""
    FLOW_FAILED = "flow_failed"
    CALLBACK_LEFT = "callback_left"
    """The caller left a number while nothing decided."""
    UNSERVED = "unserved"
    """Nobody took it from the open queue; the switch said goodbye."""
    SWITCH_RESTARTED = "switch_restarted"
    LOST = "lost"
    """Its leg was gone from the switch and nobody saw it end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLeftLine(FactOf):
    """A waiting caller is out of the line, and in the flow again.

    Who comes back to the same queue in the same call has the place of before.
    """

    call_id: CallId
    queue_id: QueueId
    queued_at: datetime
    """Since when the caller had waited there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferStarted(FactOf):
    """An agent was reserved for a call and the device is being rung."""

    offer_id: OfferId
    call_id: CallId
    agent_id: AgentId
    device_id: DeviceId
    queue_id: QueueId
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRang(FactOf):
    """The agent's device was heard to ring."""

    offer_id: OfferId
    call_id: CallId
    agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAnswered(FactOf):
    """The agent took it; caller and agent are being joined."""

    offer_id: OfferId
    call_id: CallId
    agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTimedOut(FactOf):
    """The agent let it ring (RONA)."""

    offer_id: OfferId
    call_id: CallId
    agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined(FactOf):
    """The agent refused it."""

    offer_id: OfferId
    call_id: CallId
    agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFailed(FactOf):
    """The device could not be rung."""

    offer_id: OfferId
    call_id: CallId
    agent_id: AgentId
    failure: OfferFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWithdrawn(FactOf):
    """The offer was taken back; the agent is not to blame."""

    offer_id: OfferId
    call_id: CallId
    agent_id: AgentId
    by: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAnsweredLate(FactOf):
    """The agent answered an offer that had already ended."""

    offer_id: OfferId
    call_id: CallId
    agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallConnected(FactOf):
    """Caller and agent hear each other."""

    call_id: CallId
    offer_id: OfferId
    agent_id: AgentId
    queue_id: QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationEnded(FactOf):
    """Caller and agent were parted."""

    call_id: CallId
    offer_id: OfferId
    agent_id: AgentId
    ended_by: Party
    hold_s: float = 0.0
    """How long of it the caller was on hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAdopted(FactOf):
    """A live call was found in the switch that the engine did not know."""

    call_id: CallId
    leg_id: LegId
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallClosed(FactOf):
    """The call is over; stated exactly once for each."""

    call_id: CallId
    reason: CloseReason
    ended_by: Party
    is_estimated: bool = False
    """True where the end was found, not seen."""
