"""Raw sound of two channels to WAV."""

import wave
from array import array
from pathlib import Path
from typing import BinaryIO

SAMPLE_RATE_HZ = 8000
CHANNELS = 2
SAMPLE_BYTES = 2
FRAME_BYTES = CHANNELS * SAMPLE_BYTES
_BLOCK_FRAMES = 1 << 16


def write_wav(raw: Path, out: BinaryIO) -> int:
    """Write a WAV of what MixMonitor interleaved; return its frames.

    MixMonitor runs on the agent's leg: first of each pair is what comes from the
    agent, second what goes to them. The WAV has the caller left and the agent right.
    """
    frames = 0
    with raw.open("rb") as source, wave.open(out, "wb") as sound:
        sound.setnchannels(CHANNELS)
        sound.setsampwidth(SAMPLE_BYTES)
        sound.setframerate(SAMPLE_RATE_HZ)
        sound.setnframes(raw.stat().st_size // FRAME_BYTES)
        while block := source.read(_BLOCK_FRAMES * FRAME_BYTES):
            whole = len(block) - len(block) % FRAME_BYTES
            sound.writeframes(_swapped(block[:whole]))
            frames += whole // FRAME_BYTES
    return frames


def _swapped(block: bytes) -> bytes:
    pairs = array("h", block)
    pairs[0::2], pairs[1::2] = pairs[1::2], pairs[0::2]
    return pairs.tobytes()
