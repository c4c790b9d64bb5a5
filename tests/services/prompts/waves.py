"""WAV files of any form, made by hand, and sounds to put into them."""

import math
import struct
from array import array
from pathlib import Path


def voice(length_s: float = 1.0, rate_hz: int = 8000, peak: int = 8000) -> "array[int]":
    """Return something as loud as a voice; its level is 3 dB below its peak."""
    turn = 2 * math.pi * 440 / rate_hz
    count = int(length_s * rate_hz)
    return array("h", [round(peak * math.sin(turn * n)) for n in range(count)])


def silence(length_s: float, rate_hz: int = 8000) -> "array[int]":
    return array("h", bytes(2 * int(length_s * rate_hz)))


def wav(
    sound: bytes,
    *,
    code: int = 1,
    channels: int = 1,
    rate_hz: int = 8000,
    bits: int = 16,
    extra: bytes = b"",
    behind: bytes = b"",
) -> bytes:
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", code, channels, rate_hz, rate_hz * frame, frame, bits)
    parts = chunk(b"fmt ", form) + extra + chunk(b"data", sound)
    return b"RIFF" + struct.pack("<I", 4 + len(parts)) + b"WAVE" + parts + behind


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def written(tmp_path: Path, content: bytes, name: str = "spoken.wav") -> Path:
    file = tmp_path / name
    file.write_bytes(content)
    return file
