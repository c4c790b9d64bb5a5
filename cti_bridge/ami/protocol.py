"""Turn the bytes of Asterisk's manager interface into messages; no sockets in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal, NoReturn

from cti_bridge.ami.errors import FrameTooLong, HeaderMissing, NotAsterisk
from cti_bridge.ami.headers import REPEATABLE, REQUIRED
from cti_bridge.ami.shapes import Shapes, first_places
from cti_bridge.forms import NUMBER

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


def is_number(text: str) -> bool:
    """Tell whether a caller's number may be shown and stored; else it is "unknown"."""
    return NUMBER.fullmatch(text) is not None


class Message:
    """One event or reply of Asterisk, read when it is first looked into.

    ``event`` is the event's name, or "" when it is no event; ``response`` is
    ``Success``, ``Error`` … of a reply, or "" when it is none; ``raw`` is what it was
    made of.
    """

    __slots__ = (
        *("_is_whole", "_places", "_shapes", "_signatures", "_values"),
        *("event", "raw", "response"),
    )

    def __init__(
        self,
        raw: bytes,
        signatures: tuple[bytes, ...] = (),
        shapes: Shapes | None = None,
    ) -> None:
        """Take one frame, without its closing empty line.

        Args:
            raw: The frame's bytes.
            signatures: Any one of these in it shows that Asterisk wrote it; none
                means that it can't be told.
            shapes: What others on the same link looked like; only makes it faster.
        """
        self.raw = raw
        # Most of a busy stream is never looked into any further than this.
        self.event, self.response = _named(raw.partition(b"\r\n")[0])
        self._signatures = signatures
        self._shapes = shapes
        self._places: dict[str, int] | None = None
        self._values: Sequence[str] | re.Match[str] = ()
        self._is_whole = False

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
        places = self._places if self._places is not None else self._read()
        place = places.get(key)
        if place is None:
            folded = key.lower()
            alike = (p for k, p in places.items() if k.lower() == folded)
            place = min(alike, default=None)
        return None if place is None else self._values[place]

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
        return [_pair(line) for line in self._lines() if ":" in line]

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
        if self._places is None:
            self._read()
        if self._is_whole:
            return self._is_unsigned()
        return bool(self.faults)

    def _suspicions(self) -> tuple[tuple[Fault, bool], ...]:
        names = {name.lower() for name, _ in self.pairs()}
        return (
            ("headless", not self.event and not self.response),
            ("incomplete", not REQUIRED.get(self.event, frozenset()) <= names),
            ("ragged", any(":" not in line for line in self._lines())),
            ("repeated", bool(self.repeated)),
            ("unsigned", self._is_unsigned()),
        )

    def _is_unsigned(self) -> bool:
        return bool(self._signatures) and not any(
            signature in self.raw for signature in self._signatures
        )

    def _lines(self) -> list[str]:
        return self.raw.decode("utf-8", "surrogateescape").split("\r\n")

    def _read(self) -> dict[str, int]:
        # Decoded a frame at a time: a character is never cut by the network here.
        text = self.raw.decode("utf-8", "surrogateescape")
        name = self.event or self.response
        alike = self._shapes.match(name, text) if self._shapes is not None else None
        if alike is not None:
            shape, self._values = alike
            self._places = shape.places
            self._is_whole = bool(self.event or self.response) and shape.is_whole
            return shape.places
        lines = text.split("\r\n")
        pairs = [_pair(line) for line in lines if ":" in line]
        keys = [key for key, _ in pairs]
        self._values = ["", *(value for _, value in pairs)]
        self._places = first_places(keys)
        if self._shapes is not None and all(": " in line for line in lines):
            self._shapes.learn(name, keys)
        return self._places


@lru_cache(maxsize=512)
def _named(head: bytes) -> tuple[str, str]:
    name = head.decode("utf-8", "surrogateescape")
    if name.startswith("Event: "):
        return name[7:], ""
    return "", name[10:] if name.startswith("Response: ") else ""


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
        self._shapes = Shapes()
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
        signatures, skipped, shapes = self.signatures, self._skipped, self._shapes
        if len(max(frames, key=len)) > self._max_frame_bytes:
            self._refuse(frames)
        return [
            Message(frame, signatures, shapes)
            for frame in frames
            if not (skipped and frame.partition(b"\r\n")[0] in skipped)
        ]

    def _refuse(self, frames: list[bytes]) -> NoReturn:
        limit = self._max_frame_bytes
        place = next(n for n, frame in enumerate(frames) if len(frame) > limit)
        before = self._messages(frames[:place]) if place else []
        raise FrameTooLong(len(frames[place]), limit, tuple(before))

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
