"""What headers each event that we live by always has."""

from __future__ import annotations

from typing import Final

REPEATABLE: Final = frozenset(
    {"variable", "chanvariable", "destchanvariable", "output"}
)
"""Headers, in small letters, that may come more than once in one message."""

_CHANNEL: Final = (
    *("Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "CallerIDName"),
    *("ConnectedLineNum", "ConnectedLineName", "Language", "AccountCode"),
    *("Context", "Exten", "Priority", "Uniqueid", "Linkedid"),
)
_BRIDGE: Final = (
    *("BridgeUniqueid", "BridgeType", "BridgeTechnology", "BridgeCreator"),
    *("BridgeName", "BridgeNumChannels"),
)
_DESTINATION: Final = tuple(f"Dest{name}" for name in _CHANNEL)


def _folded(*names: str) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


REQUIRED: Final[dict[str, frozenset[str]]] = {
    "Newchannel": _folded(*_CHANNEL),
    "Newstate": _folded(*_CHANNEL),
    "HangupRequest": _folded(*_CHANNEL),
    "SoftHangupRequest": _folded(*_CHANNEL),
    "Hangup": _folded(*_CHANNEL, "Cause", "Cause-txt"),
    "NewConnectedLine": _folded(*_CHANNEL),
    "NewCallerid": _folded(*_CHANNEL, "CID-CallingPres"),
    "UserEvent": _folded(*_CHANNEL, "UserEvent"),
    "Hold": _folded(*_CHANNEL),
    "Unhold": _folded(*_CHANNEL),
    "MusicOnHoldStart": _folded(*_CHANNEL),
    "MusicOnHoldStop": _folded(*_CHANNEL),
    "MixMonitorStart": _folded(*_CHANNEL),
    "MixMonitorStop": _folded(*_CHANNEL),
    "MixMonitorMute": _folded(*_CHANNEL),
    "DialBegin": _folded(*_DESTINATION),
    "DialState": _folded(*_DESTINATION, "DialStatus"),
    "DialEnd": _folded(*_DESTINATION, "DialStatus"),
    "BridgeCreate": _folded(*_BRIDGE),
    "BridgeDestroy": _folded(*_BRIDGE),
    "BridgeEnter": _folded(*_BRIDGE, *_CHANNEL),
    "BridgeLeave": _folded(*_BRIDGE, *_CHANNEL),
    "OriginateResponse": _folded(
        *("ActionID", "Response", "Channel", "Context", "Exten", "Reason", "Uniqueid"),
        *("CallerIDNum", "CallerIDName"),
    ),
    "Status": _folded(*_CHANNEL, "ActionID"),
    "CoreShowChannel": _folded(*_CHANNEL, "ActionID"),
}
"""Headers, in small letters, by event name; recorded from Asterisk 22.10.1.

Asterisk cuts a caller's number at 79 bytes, and the headers of any of these that hold
a channel are longer. So a forged one lacks some, or has taken in the rest of the true
event and repeats what both have.
"""
