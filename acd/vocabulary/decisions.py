"""What the engine wants done: imperative, frozen, without a result."""

from dataclasses import dataclass

from acd.vocabulary.ids import AgentId, CallId, DeviceId, LegId, OfferId, QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class RingAgent:
    """Ring an agent's device for a call, as a leg whose id is the offer's."""

    offer_id: OfferId
    call_id: CallId
    agent_id: AgentId
    device_id: DeviceId
    caller_leg_id: LegId
    caller_number: str
    """What the device shows."""
    ring_s: float
    """How long it may ring; the engine withdraws it first, this is the safety."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRinging:
    """End an offer's leg that was not answered."""

    offer_id: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeCall:
    """Join a waiting caller and the agent who answered."""

    call_id: CallId
    offer_id: OfferId
    caller_leg_id: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissAgent:
    """Tell an agent who answered in vain that the caller is gone, and hang up."""

    offer_id: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCall:
    """Hang up a caller whose conversation is over, and whom the switch kept."""

    call_id: CallId
    leg_id: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlOrder:
    """What is done with a call in hand; the offer is the agent's."""

    offer_id: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCall(ControlOrder):
    """Part caller and agent: one hears music, the other nothing."""

    call_id: CallId
    agent_id: AgentId
    caller_leg_id: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeCallBack(ControlOrder):
    """Join a caller on hold and the agent again."""

    call_id: CallId
    agent_id: AgentId
    caller_leg_id: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveCaller(ControlOrder):
    """Lead a caller in hand to the waiting room of a queue."""

    call_id: CallId
    agent_id: AgentId
    caller_leg_id: LegId
    queue_id: QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteRecording(ControlOrder):
    """Write no sound of a conversation down, or go on writing."""

    call_id: CallId
    agent_id: AgentId
    is_muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EndLeg(ControlOrder):
    """Hang up an agent's leg that nobody is joined with any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRecording:
    """Take the finished recording of a conversation into the store."""

    call_id: CallId
    offer_id: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMember:
    """What the open queue should know of an agent."""

    agent_id: AgentId
    device_id: DeviceId
    queue_ids: tuple[QueueId, ...]
    """Queues whose callers the agent can serve; none for who is signed out."""
    is_paused: bool
    """Whether the agent wants no work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorAgents:
    """Let the open queue know who is at work, so that it can serve alone."""

    members: tuple[OpenMember, ...]
    is_whole: bool = False
    """Whether nobody else is a member."""


Decision = (
    RingAgent
    | StopRinging
    | BridgeCall
    | DismissAgent
    | EndCall
    | HoldCall
    | TakeCallBack
    | MoveCaller
    | MuteRecording
    | EndLeg
    | StoreRecording
    | MirrorAgents
)
