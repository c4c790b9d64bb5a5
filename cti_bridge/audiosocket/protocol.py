"""Frames of a caller's sound and keys, on bytes; no sockets in it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from cti_bridge.audiosocket.errors import FrameRefused

RATE_HZ: Final = 8000
FRAME_S: Final = 0.02
FRAME_BYTES: Final = int(RATE_HZ * FRAME_S) * 2
"""Of one packet of sound: 16 bits a sample, signed, the low byte first."""
SILENCE: Final = bytes(FRAME_BYTES)
MOST_BYTES: Final = 6400
"""Of one frame: 0.4 s of sound, twice the longest packet that telephones send."""

_HEADER: Final = struct.Struct(">BH")
_HANG_UP: Final = 0x00
_ID: Final = 0x01
_KEY: Final = 0x03
_SOUND: Final = 0x10
_ERROR: Final = 0xFF
_KEYS: Final = frozenset(b"0123456789*#ABCDabcd")


@dataclass(frozen=True, slots=True)
class Ended:
    """The other side wants no more, and said so."""


@dataclass(frozen=True, slots=True)
class Named:
    """Which leg this is: the id that we gave to ``EXEC AudioSocket``."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key, told when it is let go; A to D are keys too, of no telephone at home."""

    key: str


@dataclass(frozen=True, slots=True)
class Sound:
    """What the caller's side sounds like: 8 kHz, 16 bits, signed, low byte first."""

    pcm: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """The other side failed, by a code of its own; 0 where it told none."""

    code: int


Message = Ended | Named | Pressed | Sound | Failed


class Frames:
    """Reads messages from a stream, however it is cut."""

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        """Begin with nothing read.

        Args:
            most_bytes: How long a frame may be, without its header.
        """
        self._most_bytes = most_bytes
        self._buffer = bytearray()

    @property
    def unread_bytes(self) -> int:
        """How much of a frame that is not whole is kept."""
        return len(self._buffer)

    def take(self, data: bytes) -> Iterator[Message]:
        """Take what came, and yield each message that it completes.

        Raises:
            FrameRefused: What came is no such stream; nothing can be read behind it.
        """
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            kind, size = _HEADER.unpack_from(self._buffer)
            # Refused by its header, before the rest of it is kept.
            self._require(kind, size)
            end = _HEADER.size + size
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[_HEADER.size : end])
            del self._buffer[:end]
            yield _read(kind, payload)

    def _require(self, kind: int, size: int) -> None:
        if kind not in (_HANG_UP, _ID, _KEY, _SOUND, _ERROR):
            raise FrameRefused(kind, size, "no kind that is sent for 8 kHz")
        if size > self._most_bytes:
            raise FrameRefused(kind, size, f"must be at most {self._most_bytes} bytes")
        if kind == _ID and size != 16:
            raise FrameRefused(kind, size, "an id has 16 bytes")
        if kind == _KEY and size != 1:
            raise FrameRefused(kind, size, "a key is one byte")
        if kind == _SOUND and size % 2:
            raise FrameRefused(kind, size, "a sample has two bytes")


def _read(kind: int, payload: bytes) -> Message:
    if kind == _SOUND:
        return Sound(payload)
    if kind == _KEY:
        if payload[0] not in _KEYS:
            raise FrameRefused(kind, 1, f"{payload!r} is no key")
        return Pressed(payload.decode("ascii").upper())
    if kind == _ID:
        return Named(UUID(bytes=payload))
    return Failed(payload[0] if payload else 0) if kind == _ERROR else Ended()


def sound(pcm: bytes) -> bytes:
    """Return a frame that has Asterisk play sound to the caller."""
    return _HEADER.pack(_SOUND, len(pcm)) + pcm


def hang_up() -> bytes:
    """Return the frame that ends ``EXEC AudioSocket`` with 0; the call goes on."""
    return _HEADER.pack(_HANG_UP, 0)


def named(leg: UUID) -> bytes:
    """Return the frame that Asterisk begins with; for who plays its part."""
    return _HEADER.pack(_ID, 16) + leg.bytes


def pressed(key: str) -> bytes:
    """Return the frame of a key; for who plays Asterisk's part."""
    return _HEADER.pack(_KEY, 1) + key.encode("ascii")
