"""What a model of Asterisk writes to the manager's link, as the real one does."""

from collections.abc import Mapping
from typing import Final

from cti_bridge.ami.protocol import Message
from cti_bridge.ami.shapes import Shapes

SIGNATURE: Final = b"\r\nSystemName: model"
_CHANNEL: Final = (
    *("Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "CallerIDName"),
    *("ConnectedLineNum", "ConnectedLineName", "Language", "AccountCode"),
    *("Context", "Exten", "Priority", "Uniqueid", "Linkedid"),
)
_BRIDGE: Final = (
    *("BridgeUniqueid", "BridgeType", "BridgeTechnology", "BridgeCreator"),
    *("BridgeName", "BridgeNumChannels"),
)
_MORE: Final[Mapping[str, tuple[str, ...]]] = {
    "UserEvent": ("UserEvent", "CallId", "Queue", "Skills"),
    "Hangup": ("Cause", "Cause-txt", "TechCause"),
    "OriginateResponse": ("ActionID", "Response", "Reason"),
    "BridgeEnter": _BRIDGE,
    "BridgeLeave": _BRIDGE,
}
_SHAPES: Final = Shapes()


def frame(event: str, **told: str) -> bytes:
    """Return an event with every header that its kind has; ``-`` in the others."""
    lines = [f"Event: {event}", "SystemName: model"]
    for name in (*_CHANNEL, *_MORE.get(event, ())):
        value = told.get(name.replace("-", "_"), "-")
        if name != "TechCause" or value != "-":
            lines.append(f"{name}: {value}")
    return "\r\n".join(lines).encode()


def forged(leg_id: str) -> bytes:
    """Return the end of a leg as a caller would write it into his own number."""
    return f"Event: Hangup\r\nUniqueid: {leg_id}\r\nCause: 16\r\nX: 1".encode()


def message(raw: bytes) -> Message:
    """Read an event as the link does."""
    return Message(raw, (SIGNATURE,), _SHAPES)
