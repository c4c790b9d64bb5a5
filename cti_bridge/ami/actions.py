"""The actions that we may ask of Asterisk, and their bytes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from cti_bridge.ami.errors import ActionRefused

Fields = Mapping[str, str | Sequence[str]]
"""An action's fields; one that may come several times takes a sequence."""

MAX_VALUE_BYTES: Final = 512
"""Asterisk reads a line of at most 1,025 bytes (main/manager.c) and cuts the rest."""

_LINE_BREAKS: Final = frozenset({"Cc", "Zl", "Zp", "Cs"})
"""Unicode kinds that some reader on the way may take for the end of a line."""

_CHANNEL: Final = r"[A-Za-z0-9/_.@:;+-]{1,120}"
_ID: Final = r"[A-Za-z0-9_.-]{1,120}"
_NUMBER: Final = r"[0-9]{1,9}"
_VARIABLE: Final = r"(?:__)?CC_[A-Z0-9_]{1,60}"
_FREE: Final = r"(?s:.*)"

_KINDS: Final[dict[str, str]] = {
    "ActionID": r"[0-9A-Za-z:-]{1,60}",
    "Username": r"[A-Za-z0-9_-]{1,60}",
    "Secret": _FREE,
    "Events": r"on|off|[a-z,]{1,80}",
    "Channel": _CHANNEL,
    "Channel1": _CHANNEL,
    "Channel2": _CHANNEL,
    "ExtraChannel": _CHANNEL,
    "ChannelId": _ID,
    # The dialplan's own contexts and no others: none of them leads outside.
    "Context": r"cc-[a-z0-9-]{1,60}",
    "ExtraContext": r"cc-[a-z0-9-]{1,60}",
    "Exten": r"[A-Za-z0-9_*#-]{1,40}",
    "ExtraExten": r"[A-Za-z0-9_*#-]{1,40}",
    "Priority": r"[a-z0-9-]{1,40}",
    "ExtraPriority": r"[a-z0-9-]{1,40}",
    "Timeout": _NUMBER,
    "Async": r"true",
    "CallerID": r"[^\"<>\\]{0,80}(?:<[+0-9A-Za-z*#._-]{0,40}>)?",
    "Codecs": r"[a-z0-9,]{1,80}",
    "Tone": r"no|both|channel1|channel2|yes",
    "Cause": _NUMBER,
    "Value": _FREE,
    "Variables": rf"{_VARIABLE}(?:,{_VARIABLE})*",
    "BridgeUniqueid": _ID,
    "BridgeType": r"[a-z_]{1,40}",
    "Direction": r"read|write|both",
    "State": r"[01]",
    "MixMonitorID": r"0x[0-9a-f]{1,16}",
    "Digit": r"[0-9*#A-D]",
    "Duration": _NUMBER,
    "Receive": r"true|false",
    "Queue": r"[a-z][a-z0-9_]{0,39}",
    "Interface": r"PJSIP/(?:dev|web)-[A-Za-z0-9_-]{1,40}",
    "MemberName": r"[A-Za-z0-9_-]{1,40}",
    "Penalty": r"[0-9]",
    "Paused": r"true|false",
}

_FORMS: Final = {field: re.compile(form) for field, form in _KINDS.items()}
_NAME: Final = re.compile(_VARIABLE)
# Asterisk parts Originate's variables at commas and takes quotes and brackets for its
# own (main/manager.c, astman_get_variables), so a value has none of them.
_ASSIGNMENT: Final = re.compile(rf"{_VARIABLE}=[^,\"'\\()\[\]|$]*")

ACTIONS: Final[dict[str, frozenset[str]]] = {
    "Login": frozenset({"Username", "Secret", "Events"}),
    "Logoff": frozenset(),
    "Ping": frozenset(),
    "ListCommands": frozenset(),
    "CoreSettings": frozenset(),
    "CoreStatus": frozenset(),
    "CoreShowChannels": frozenset(),
    "Status": frozenset({"Channel", "Variables"}),
    "BridgeList": frozenset({"BridgeType"}),
    "BridgeInfo": frozenset({"BridgeUniqueid"}),
    "DeviceStateList": frozenset(),
    # No Application and no Data: with them whoever may originate may write files
    # (CVE-2024-42365).
    "Originate": frozenset(
        {"Channel", "ChannelId", "Context", "Exten", "Priority", "Timeout"}
        | {"CallerID", "Variable", "Async", "Codecs"}
    ),
    "Bridge": frozenset({"Channel1", "Channel2", "Tone"}),
    "BridgeKick": frozenset({"BridgeUniqueid", "Channel"}),
    "Redirect": frozenset(
        {"Channel", "Context", "Exten", "Priority", "ExtraChannel"}
        | {"ExtraContext", "ExtraExten", "ExtraPriority"}
    ),
    "Hangup": frozenset({"Channel", "Cause"}),
    "Getvar": frozenset({"Channel", "Variable"}),
    "Setvar": frozenset({"Channel", "Variable", "Value"}),
    "QueueStatus": frozenset({"Queue"}),
    "QueueAdd": frozenset({"Queue", "Interface", "MemberName", "Penalty", "Paused"}),
    "QueueRemove": frozenset({"Queue", "Interface"}),
    "QueuePause": frozenset({"Queue", "Interface", "Paused"}),
    "MixMonitorMute": frozenset({"Channel", "Direction", "State", "MixMonitorID"}),
    "StopMixMonitor": frozenset({"Channel", "MixMonitorID"}),
    "PlayDTMF": frozenset({"Channel", "Digit", "Duration", "Receive"}),
}
"""Every action that can be sent, and its fields besides ``ActionID``."""

_NEEDED: Final[dict[str, frozenset[str]]] = {
    "Originate": frozenset(
        {"Channel", "ChannelId", "Context", "Exten", "Priority", "Async"}
    ),
}


def encode(action: str, fields: Fields | None = None) -> bytes:
    """Return the bytes of one action, empty line and all.

    Nothing is ever stripped or cut to make it fit.

    Raises:
        ActionRefused: The action or a field is none of ours, or a value could end a
            line, is too long or is not of its field's form. Nothing was made.
    """
    fields = fields or {}
    if action not in ACTIONS:
        raise ActionRefused(action, "", action, "is not an action that we send")
    needed, known = _NEEDED.get(action), ACTIONS[action]
    if needed is not None and not needed <= fields.keys():
        problem = f"needs {', '.join(sorted(needed - fields.keys()))}"
        raise ActionRefused(action, "", action, problem)
    lines = [f"Action: {action}"]
    for field, value in fields.items():
        if field not in known and field != "ActionID":
            raise ActionRefused(action, field, str(value), "is not a field of it")
        if isinstance(value, str):
            lines.append(f"{field}: {_checked(action, field, value)}")
        elif len(value) == 1 or field == "Variable":
            lines += [f"{field}: {_checked(action, field, text)}" for text in value]
        else:
            raise ActionRefused(action, field, str(value), "takes one value")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _checked(action: str, field: str, value: str) -> str:
    shown = "" if field == "Secret" else value
    if not value.isprintable() and any(
        unicodedata.category(character) in _LINE_BREAKS for character in value
    ):
        problem = "must have no control character or line break"
        raise ActionRefused(action, field, shown, problem)
    size_bytes = len(value) if value.isascii() else len(value.encode())
    if size_bytes > MAX_VALUE_BYTES:
        problem = f"must be at most {MAX_VALUE_BYTES} bytes"
        raise ActionRefused(action, field, shown, problem)
    form = _form(action, field)
    if form.fullmatch(value) is None:
        raise ActionRefused(action, field, shown, f"must match {form.pattern}")
    return value


def _form(action: str, field: str) -> re.Pattern[str]:
    if field == "Variable":
        return _ASSIGNMENT if action == "Originate" else _NAME
    return _FORMS[field]
