"""Raw sound of two channels to WAV."""

import struct
from array import array
from collections.abc import Callable
from pathlib import Path

SAMPLE_RATE_HZ = 8000
CHANNELS = 2
SAMPLE_BYTES = 2
FRAME_BYTES = CHANNELS * SAMPLE_BYTES
_BLOCK_FRAMES = 1 << 16


def write_wav(raw: Path, write: Callable[[bytes], object]) -> int:
    """Write a WAV of what MixMonitor interleaved; return its frames.

    MixMonitor runs on the agent's leg: first of each pair is what comes from the
    agent, second what goes to them. The WAV has the caller left and the agent right.

    Args:
        raw: As it is now; half a frame at its end is left out.
        write: Takes the bytes in their order, each once.
    """
    frames = raw.stat().st_size // FRAME_BYTES
    write(_header(frames * FRAME_BYTES))
    with raw.open("rb") as source:
        for first in range(0, frames, _BLOCK_FRAMES):
            count = min(_BLOCK_FRAMES, frames - first)
            write(_swapped(source.read(count * FRAME_BYTES)))
    return frames


def _header(length_bytes: int) -> bytes:
    # Not by the wave module, which at its end goes back to mend the length.
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + length_bytes, b"WAVE"),
        *(b"fmt ", 16, 1, CHANNELS, SAMPLE_RATE_HZ),
        *(SAMPLE_RATE_HZ * FRAME_BYTES, FRAME_BYTES, 8 * SAMPLE_BYTES),
        *(b"data", length_bytes),
    )


def _swapped(block: bytes) -> bytes:
    pairs = array("h", block)
    pairs[0::2], pairs[1::2] = pairs[1::2], pairs[0::2]
    return pairs.tobytes()
