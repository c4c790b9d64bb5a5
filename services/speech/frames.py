"""What the pool and a worker say to each other over pipes, as bytes."""

import json
import struct
from dataclasses import dataclass, field
from enum import IntEnum

from services.speech.errors import FrameBroken

MOST_BYTES = 1 << 20
"""Of one frame; a grammar of thousands of phrases is a tenth of it."""
_HEAD = struct.Struct(">BI")


class Kind(IntEnum):
    """What a frame is; upper half to the worker, lower half from it."""

    OPEN = 1
    """A phrase begins: ``Asked`` as JSON."""
    SOUND = 2
    """8 kHz, 16 bits, one channel, as it came."""
    END = 3
    """No more sound: what was heard is final."""
    DROP = 4
    """Nobody waits for this phrase any more."""

    READY = 17
    """The model is loaded; once."""
    PULSE = 18
    """So many bytes of the phrase's sound have been worked through."""
    HEARD = 19
    """Words; the final ones end the phrase."""
    IDLE = 20
    """The phrase is dropped."""
    FAILED = 21
    """No model, or a phrase that it cannot listen for; with a sentence."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One thing said."""

    kind: Kind
    payload: bytes = b""

    def told(self) -> dict[str, object]:
        """Return the payload as JSON has it.

        Raises:
            FrameBroken: It is no JSON object.
        """
        try:
            told = json.loads(self.payload)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise FrameBroken(f"{self.kind.name} without an object in it")
        return told


def packed(kind: Kind, payload: bytes = b"") -> bytes:
    """Return a frame's bytes.

    Raises:
        FrameBroken: It would be longer than any may be.
    """
    if len(payload) > MOST_BYTES:
        raise FrameBroken(f"{kind.name} of {len(payload)} bytes, at most {MOST_BYTES}")
    return _HEAD.pack(kind, len(payload)) + payload


def packed_json(kind: Kind, **told: object) -> bytes:
    """Return the bytes of a frame with JSON in it."""
    return packed(kind, json.dumps(told, ensure_ascii=False).encode())


@dataclass(slots=True)
class Frames:
    """Makes frames of bytes, wherever these were cut."""

    _rest: bytearray = field(default_factory=bytearray)

    def fed(self, more: bytes) -> list[Frame]:
        """Return the frames that are whole now.

        Raises:
            FrameBroken: An unknown kind or too long; nothing behind it can be read.
        """
        self._rest += more
        found: list[Frame] = []
        while len(self._rest) >= _HEAD.size:
            kind, size = _HEAD.unpack_from(self._rest)
            if kind not in Kind.__members__.values() or size > MOST_BYTES:
                raise FrameBroken(f"kind {kind} of {size} bytes")
            end = _HEAD.size + size
            if len(self._rest) < end:
                break
            found.append(Frame(Kind(kind), bytes(self._rest[_HEAD.size : end])))
            del self._rest[:end]
        return found
