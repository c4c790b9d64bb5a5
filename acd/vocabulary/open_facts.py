"""What the switch did by itself while nobody decided: its open queue."""

from dataclasses import dataclass
from datetime import datetime

from acd.vocabulary.fact import FactOf
from acd.vocabulary.ids import AgentId, CallId, LegId, OfferId, QueueId
from acd.vocabulary.offer_facts import Party


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQueueJoined(FactOf):
    """A caller came to the open queue; it is told all that a record needs."""

    call_id: CallId
    leg_id: LegId
    queue_id: QueueId
    """Empty where the number has none: a call-back is asked for."""
    call_class: int
    arrived_at: datetime
    queued_at: datetime
    """Since when the caller waits, be it for the engine or here."""
    number: str
    caller_number: str
    caller_name: str
    sip_call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQueueLeft(FactOf):
    """A caller came out of the open queue unserved, and may leave a number."""

    call_id: CallId
    is_final: bool
    """Whether the switch says goodbye now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQueueServed(FactOf):
    """An agent took a caller out of the open queue."""

    call_id: CallId
    offer_id: OfferId
    """Of this conversation; there was no offer of ours."""
    leg_id: LegId
    """The agent's."""
    agent_id: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTalkEnded(FactOf):
    """A conversation that began in the open queue is over."""

    leg_id: LegId
    """The caller's or the agent's."""
    ended_by: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackLeft(FactOf):
    """A caller left a number to be called back at."""

    call_id: CallId
    callback_number: str
    queue_id: QueueId
    language: str
