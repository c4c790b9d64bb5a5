"""Write AGI commands and read Asterisk's answers; no sockets in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from cti_bridge.agi.errors import HeadersRefused, TextRefused
from cti_bridge.forms import UUID

MAX_LINE_BYTES: Final = 2047
"""Asterisk reads a command into 2,048 bytes (res_agi.c, AGI_BUF_LEN)."""

_OURS: Final = re.compile(r"(?:__)?CC_[A-Z0-9_]{1,60}", re.ASCII)
_SOUND: Final = re.compile(r"[A-Za-z0-9/_.-]{1,250}", re.ASCII)
_KEYS: Final = re.compile(r"[0-9*#]{0,12}", re.ASCII)

_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:-]{0,250}", re.ASCII)

_APPLICATIONS: Final = {
    # Nothing here takes text from outside, and nothing substitutes variables a second
    # time as Exec, TryExec and MixMonitor do (asterisk.md, trap 5).
    "AudioSocket": re.compile(rf"{UUID.pattern},[0-9.]{{7,15}}:[0-9]{{1,5}}"),
    "Ringing": re.compile(r""),
    "StartMusicOnHold": re.compile(r"[a-z0-9-]{0,40}"),
    "StopMusicOnHold": re.compile(r""),
    "Wait": re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?"),
}

Application = Literal[
    "AudioSocket", "Ringing", "StartMusicOnHold", "StopMusicOnHold", "Wait"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Asterisk's answer to one command."""

    code: int
    """200 done, 510 unknown, 511 the leg is dead, 520 wrong form."""
    result: int | None = None
    """What the command returned, or None when it told nothing."""
    value: str | None = None
    """What stood in brackets behind it, or None."""
    end_sample: int | None = None
    """How far a sound was played, in samples, or None."""
    text: str = ""
    """The rest of the line, for people."""


@dataclass(frozen=True, slots=True)
class HangupNotice:
    """The leg left the dialplan: hung up, or moved elsewhere. No answer to anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What Asterisk says of a session before the first command."""

    headers: Mapping[str, str]
    """By name; the first of a name wins.

    Those before ``agi_callerid`` are Asterisk's; from there on a caller may have
    written any of them (asterisk.md, trap 2).
    """
    repeated: frozenset[str]
    """Names that came twice, which Asterisk itself never does."""

    @property
    def is_whole(self) -> bool:
        """Whether every header is there, once: no text of a caller's has cut it short.

        Whoever ends the block early, to have answers behind it believed, lacks the
        headers after ``agi_callerid``; of a caller's number Asterisk takes 79 bytes,
        too few to write them all.
        """
        return not self.repeated and self.headers.keys() >= WRITTEN

    @property
    def argument(self) -> str | None:
        """What the dialplan gave along, or None where there is no believing it.

        Asterisk writes it last of all; a caller's text stands long before.
        """
        if not self.is_whole or [*self.headers][-2:] != ["agi_threadid", _ARGUMENT]:
            return None
        return self.headers[_ARGUMENT]

    @property
    def script(self) -> str:
        """The path that the dialplan called, such as ``flow``; "" when none."""
        return self.headers.get("agi_network_script", "")


_ARGUMENT: Final = "agi_arg_1"

WRITTEN: Final = frozenset(
    f"agi_{name}"
    for name in (
        *("network", "network_script", "request", "channel", "language", "type"),
        *("uniqueid", "version", "callerid", "calleridname", "callingpres"),
        *("callingani2", "callington", "callingtns", "dnid", "rdnis", "context"),
        *("extension", "priority", "enhanced", "accountcode", "threadid"),
    )
)
"""What Asterisk 22 writes of each session (res_agi.c, setup_env)."""


def read_request(block: bytes) -> Request:
    """Read the header block, without or with its closing empty line.

    Raises:
        HeadersRefused: It does not begin as Asterisk's do.
    """
    headers: dict[str, str] = {}
    repeated: set[str] = set()
    for line in block.decode("utf-8", "surrogateescape").split("\n"):
        name, blank, value = line.partition(": ")
        if not blank or not name.startswith("agi_"):
            continue
        if name in headers:
            repeated.add(name)
        headers.setdefault(name, value)
    if not block.startswith(b"agi_network: ") or "agi_uniqueid" not in headers:
        problem = "must begin with 'agi_network: ' and tell a leg"
        raise HeadersRefused(problem, block)
    return Request(headers=MappingProxyType(headers), repeated=frozenset(repeated))


class Replies:
    """Reads Asterisk's lines, one at a time."""

    def __init__(self) -> None:
        self.strays = 0
        """Lines that were no answer: the rest of a caller's forged ones."""
        self._usage: list[str] | None = None

    def take(self, line: bytes) -> Reply | HangupNotice | None:
        """Take one line and return what it completes, or None.

        ``HANGUP`` may come anywhere, even within a long answer.
        """
        text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
        if text == "HANGUP":
            return HangupNotice()
        if self._usage is not None:
            return self._read_usage(text)
        if text.startswith("520-"):
            self._usage = [text[4:]]
            return None
        match = _REPLY.fullmatch(text)
        if match is None:
            self.strays += 1
            return None
        return _reply(match)

    def _read_usage(self, text: str) -> Reply | None:
        usage = self._usage or []
        if not text.startswith("520 "):
            # More is told than any usage is long: keep the head of it.
            self._usage = [*usage, text][:20]
            return None
        self._usage = None
        return Reply(code=520, text="\n".join(usage))


_REPLY: Final = re.compile(
    r"(?P<code>\d{3})(?: result=(?P<result>-?\d*))?"
    r"(?: \((?P<value>.*)\))?(?: endpos=(?P<end>\d+))?(?P<text>(?: .*)?)",
    re.ASCII | re.DOTALL,
)


def _reply(match: re.Match[str]) -> Reply:
    result, end = match["result"], match["end"]
    return Reply(
        code=int(match["code"]),
        result=int(result) if result not in {None, "", "-"} else None,
        value=match["value"],
        end_sample=int(end) if end else None,
        text=match["text"].strip(),
    )


def answer() -> bytes:
    """Take the call at once; ANSWER would wait up to 0.5 s for the caller's sound."""
    return _line("EXEC", "Answer", _quoted("EXEC", ",i"))


def stream_file(sound: str, keys: str) -> bytes:
    """Play a sound that any of ``keys`` interrupts."""
    _require("STREAM FILE", sound, _SOUND, "is no sound's name")
    if ".." in sound:
        raise TextRefused("STREAM FILE", sound, "a sound's name must not lead upwards")
    _require("STREAM FILE", keys, _KEYS, "keys are 0 to 9, * and #")
    return _line("STREAM", "FILE", _quoted("STREAM FILE", sound), f'"{keys}"')


def record_file(file: str, keys: str, *, limit_s: float, silence_s: int) -> bytes:
    """Take down what is said, behind a tone, up to a key, a silence or the limit.

    Args:
        file: Absolute, without its suffix, which is ``wav``.
        keys: What ends it.
        limit_s: How long it may be.
        silence_s: How long nobody may say anything.
    """
    _require("RECORD FILE", file, _SOUND, "is no file's name")
    if ".." in file or not file.startswith("/"):
        raise TextRefused("RECORD FILE", file, "a file must be named from the root")
    _require("RECORD FILE", keys, _KEYS, "keys are 0 to 9, * and #")
    path, limit_ms = _quoted("RECORD FILE", file), str(max(1, round(limit_s * 1000)))
    words = (path, "wav", f'"{keys}"', limit_ms, "BEEP", f"s={silence_s}")
    return _line("RECORD", "FILE", *words)


def wait_for_digit(limit_s: float) -> bytes:
    """Wait for one key, ``limit_s`` seconds at most and for ever never."""
    return _line("WAIT", "FOR", "DIGIT", str(max(1, round(limit_s * 1000))))


def get_variable(name: str) -> bytes:
    """Read a variable of ours."""
    _require("GET VARIABLE", name, _OURS, "is not a variable of ours")
    return _line("GET", "VARIABLE", name)


def set_variable(name: str, value: str) -> bytes:
    """Set a variable of ours on the leg."""
    _require("SET VARIABLE", name, _OURS, "is not a variable of ours")
    return _line("SET", "VARIABLE", name, _quoted("SET VARIABLE", value))


def set_variables(values: Mapping[str, str]) -> bytes:
    """Set several variables of ours at once, in order, to plain words.

    Raises:
        TextRefused: A name is not ours, or a value is more than a plain word: MSet
            parts its argument at commas.
    """
    for name, value in values.items():
        _require("EXEC MSet", name, _OURS, "is not a variable of ours")
        _require("EXEC MSet", value, _PLAIN, "is more than a plain word")
    pairs = ",".join(f"{name}={value}" for name, value in values.items())
    return _line("EXEC", "MSet", _quoted("EXEC", pairs))


def run(application: Application, arguments: str = "") -> bytes:
    """Run one of the few dialplan applications that we may run."""
    form = _APPLICATIONS.get(application)
    if form is None:
        raise TextRefused("EXEC", application, "is not an application that we run")
    _require(f"EXEC {application}", arguments, form, f"must match {form.pattern}")
    return _line("EXEC", application, _quoted("EXEC", arguments))


def _require(command: str, text: str, form: re.Pattern[str], problem: str) -> None:
    if form.fullmatch(text) is None:
        raise TextRefused(command, text, problem)


def _quoted(command: str, text: str) -> str:
    r"""Quote one argument so that parse_args of res_agi.c gives back the same text.

    Within double quotes it takes blanks as they are; a backslash makes the next
    character plain. Only a line's end can't be written.
    """
    if any(character in text for character in "\r\n\0"):
        raise TextRefused(command, text, "text must be one line without NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise TextRefused(command, text, "text must be whole characters") from None
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _line(*words: str) -> bytes:
    line = " ".join(words).encode() + b"\n"
    if len(line) > MAX_LINE_BYTES:
        problem = f"a command must be at most {MAX_LINE_BYTES} bytes"
        raise TextRefused(words[0], words[-1], problem)
    return line
