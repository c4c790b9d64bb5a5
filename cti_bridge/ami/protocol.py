"""Turn the bytes of Asterisk's manager interface into messages; no sockets in it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, Literal

from cti_bridge.ami.errors import FrameTooLong, HeaderMissing, NotAsterisk
from cti_bridge.ami.headers import REPEATABLE, REQUIRED

Fault = Literal["headless", "incomplete", "ragged", "repeated", "unsigned"]
"""Why a message may hold a caller's own text as headers (asterisk.md, trap 1).

headless: it begins with neither ``Event:`` nor ``Response:``.
incomplete: it lacks headers that its type always has.
ragged: a line of it is no header at all.
repeated: a header that comes once came more than once.
unsigned: it bears no secret that only Asterisk and we know.
"""

MAX_FRAME_BYTES: Final = 1 << 20
"""No event comes near it; the longest reply (ListCommands) has 10 kB."""

MAX_GREETING_BYTES: Final = 256

_END: Final = b"\r\n\r\n"

_NUMBER: Final = re.compile(r"[+0-9A-Za-z*#._-]{0,40}", re.ASCII)


def is_number(text: str) -> bool:
    """Tell whether a caller's number may be shown and stored; else it is "unknown"."""
    return _NUMBER.fullmatch(text) is not None


class Message:
    """One event or reply of Asterisk, read when it is first looked into."""

    __slots__ = ("_headers", "_lines", "_signatures", "event", "raw", "response")

    def __init__(self, raw: bytes, signatures: tuple[bytes, ...] = ()) -> None:
        """Take one frame, without its closing empty line.

        Args:
            raw: The frame's bytes.
            signatures: Any one of these in it shows that Asterisk wrote it; none
                means that it can't be told.
        """
        self.raw = raw
        self.event = ""
        """The event's name, or "" when it is no event."""
        self.response = ""
        """``Success``, ``Error`` … of a reply, or "" when it is none."""
        self._signatures = signatures
        self._headers: dict[str, str] | None = None
        self._lines: list[str] = []
        if raw.startswith(b"Event: "):
            self.event = _line(raw, 7)
        elif raw.startswith(b"Response: "):
            self.response = _line(raw, 10)

    def __repr__(self) -> str:
        return f"Message({self.raw!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __getitem__(self, key: str) -> str:
        """Return the first value of a header.

        Raises:
            HeaderMissing: There is no such header.
        """
        value = self.get(key)
        if value is None:
            raise HeaderMissing(self.event or self.response or "headless", key)
        return value

    def get(self, key: str) -> str | None:
        """Return the first value of a header, or None when it has none.

        The exact spelling is looked for first, then any case. A caller can put
        headers in only after ``CallerIDNum``; what stands before it is Asterisk's.
        Bytes that are no UTF-8 come back as lone surrogates.
        """
        headers = self._headers if self._headers is not None else self._read()
        value = headers.get(key)
        if value is None:
            folded = key.lower()
            return next((v for k, v in self.pairs() if k.lower() == folded), None)
        return value

    def all(self, key: str) -> list[str]:
        """Return every value of a repeatable header in order; [] when none."""
        folded = key.lower()
        return [value for name, value in self.pairs() if name.lower() == folded]

    def variables(self) -> dict[str, str]:
        """Return the channel variables that it tells, by name; the first of one wins.

        Asterisk writes ``(null)`` for one that is not set; such are left out.
        """
        found: dict[str, str] = {}
        for line in self.all("Variable"):
            name, _, value = line.partition("=")
            found.setdefault(name, value)
        return {name: value for name, value in found.items() if value != "(null)"}

    def pairs(self) -> list[tuple[str, str]]:
        """Return every header in order; lines that are none are left out."""
        if self._headers is None:
            self._read()
        return [_pair(line) for line in self._lines if ":" in line]

    @property
    def succeeded(self) -> bool:
        """Whether it is a reply that Asterisk did what was asked."""
        return self.response in {"Success", "Goodbye"}

    @property
    def repeated(self) -> frozenset[str]:
        """The headers, in small letters, that should come once and did not.

        Of variables, the name of each that was told twice.
        """
        keys = Counter(name.lower() for name, _ in self.pairs())
        told = Counter(line.partition("=")[0] for line in self.all("Variable"))
        return frozenset(
            [key for key, n in keys.items() if n > 1 and key not in REPEATABLE]
            + [name for name, n in told.items() if n > 1]
        )

    @property
    def faults(self) -> frozenset[Fault]:
        """Why its news may be a caller's forgery; empty when nothing speaks for it."""
        return frozenset(fault for fault, found in self._suspicions() if found)

    @property
    def is_doubtful(self) -> bool:
        """Whether its news of a live call should be confirmed by asking Asterisk."""
        return bool(self.faults)

    def _suspicions(self) -> tuple[tuple[Fault, bool], ...]:
        names = {name.lower() for name, _ in self.pairs()}
        return (
            ("headless", not self.event and not self.response),
            ("incomplete", not REQUIRED.get(self.event, frozenset()) <= names),
            ("ragged", any(":" not in line for line in self._lines)),
            ("repeated", bool(self.repeated)),
            ("unsigned", self._is_unsigned()),
        )

    def _is_unsigned(self) -> bool:
        return bool(self._signatures) and not any(
            signature in self.raw for signature in self._signatures
        )

    def _read(self) -> dict[str, str]:
        # Decoded a frame at a time: a character is never cut by the network here.
        lines = self.raw.decode("utf-8", "surrogateescape").split("\r\n")
        self._lines = lines
        try:
            # Backwards, so that of doubled keys the first is what stays.
            headers: dict[str, str] = dict(
                [line.split(": ", 1) for line in reversed(lines)]
            )
        except ValueError:
            headers = dict(_pair(line) for line in reversed(lines) if ":" in line)
        self._headers = headers
        return headers


def _line(raw: bytes, start: int) -> str:
    end = raw.find(b"\r\n", start)
    return str(raw[start:] if end < 0 else raw[start:end], "utf-8", "surrogateescape")


def _pair(line: str) -> tuple[str, str]:
    key, blank, value = line.partition(": ")
    if not blank:
        key, _, value = line.partition(":")
    return key, value


class Frames:
    """Cuts the stream into messages, however the network cut it.

    Feeding it whole, byte by byte or anyhow gives the same messages, each in time
    proportional to its bytes.
    """

    def __init__(
        self,
        *,
        skipped: frozenset[str] = frozenset(),
        max_frame_bytes: int = MAX_FRAME_BYTES,
    ) -> None:
        """Begin before the greeting.

        Args:
            skipped: Names of events to drop unread.
            max_frame_bytes: A longer message breaks the stream.
        """
        self.greeting: str | None = None
        """The peer's greeting line, or None before it came."""
        self.signatures: tuple[bytes, ...] = ()
        """What only Asterisk and we know; given to each message from then on."""
        self._skipped = frozenset(f"Event: {name}".encode() for name in skipped)
        self._max_frame_bytes = max_frame_bytes
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> list[Message]:
        """Take what the network brought and return the messages it completes.

        Raises:
            NotAsterisk: The greeting is somebody else's.
            FrameTooLong: A message passed the limit; ``before`` holds the messages
                that came whole before it. The stream is of no more use.
        """
        searched = max(0, len(self._buffer) - len(_END) + 1)
        self._buffer += chunk
        if self.greeting is None:
            if not self._greet():
                return []
            searched = 0
        if self._buffer.find(_END, searched) < 0:
            self._check(len(self._buffer) - len(_END) + 1, [])
            return []
        frames = bytes(self._buffer).split(_END)
        # What is left over came with this chunk, so copying it is never quadratic.
        self._buffer = bytearray(frames.pop())
        messages = self._messages(frames)
        self._check(len(self._buffer) - len(_END) + 1, messages)
        return messages

    def _messages(self, frames: list[bytes]) -> list[Message]:
        signatures, skipped = self.signatures, self._skipped
        messages: list[Message] = []
        for frame in frames:
            if len(frame) > self._max_frame_bytes:
                raise FrameTooLong(len(frame), self._max_frame_bytes, tuple(messages))
            if skipped and frame.partition(b"\r\n")[0] in skipped:
                continue
            messages.append(Message(frame, signatures))
        return messages

    def _check(self, size_bytes: int, before: list[Message]) -> None:
        if size_bytes > self._max_frame_bytes:
            raise FrameTooLong(size_bytes, self._max_frame_bytes, tuple(before))

    def _greet(self) -> bool:
        line, end, _ = bytes(self._buffer[: MAX_GREETING_BYTES + 2]).partition(b"\r\n")
        if not b"Asterisk Call Manager/".startswith(line[:22]) or (
            not end and len(line) > MAX_GREETING_BYTES
        ):
            raise NotAsterisk(line)
        if not end:
            return False
        if not line.startswith(b"Asterisk Call Manager/"):
            raise NotAsterisk(line)
        self.greeting = line.decode("ascii", "replace")
        del self._buffer[: len(line) + 2]
        return True
