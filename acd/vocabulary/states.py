"""The states that agents and calls can be in."""

from enum import StrEnum


class AgentState(StrEnum):
    """What an agent is doing, as far as routing cares."""

    SIGNED_OUT = "signed_out"
    NOT_READY = "not_ready"
    READY = "ready"
    RESERVED = "reserved"
    """Held for one offer, from its start until the parties are joined."""
    TALKING = "talking"
    WRAP_UP = "wrap_up"


class CallState(StrEnum):
    """Where a call is."""

    IN_FLOW = "in_flow"
    QUEUED = "queued"
    OFFERED = "offered"
    """An agent's device rings for it."""
    CONNECTING = "connecting"
    """The agent answered; the parties are being joined."""
    OPEN = "open"
    """In the switch's open queue: nothing decided when it came there."""
    TALKING = "talking"
    HELD = "held"
    """The caller hears music; the agent has the call still."""
    LEAVING = "leaving"
    """The conversation is over, the caller's leg still lives."""
    CLOSED = "closed"
