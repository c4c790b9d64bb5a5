"""A WAV file from anywhere, read within limits: what is in it, and its samples."""

import errno
import os
import stat
import struct
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from services.prompts.errors import NotASound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_BYTES = 80_000_000
"""Three minutes at 48 kHz, two channels, 32 bits are 69 MB."""
MOST_CHUNKS = 1000
_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_RATES_HZ = frozenset(
    {8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000}
)
"""What recorders have; an odd rate would have a filter of its own for each sample."""
_OTHERS: Mapping[bytes, str] = {
    b"ID3": "MP3",
    b"\xff\xfb": "MP3",
    b"\xff\xf3": "MP3",
    b"OggS": "Ogg",
    b"fLaC": "FLAC",
    b"FORM": "AIFF",
    b"#!AMR": "AMR",
    b"caff": "Core Audio",
    b"RF64": "a WAV of more than 4 GB",
    b"%PDF": "PDF",
    b"PK\x03\x04": "a ZIP archive",
    b"\x7fELF": "a program",
    b"MZ": "a program",
}
"""By their first bytes: what people upload for a WAV."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """The sound in a WAV file: one channel, 16 bits, at its own rate."""

    samples: "array[int]"
    rate_hz: int
    channels: int
    """How many there were before they were mixed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    code: int
    channels: int
    rate_hz: int
    bits: int


def read_wave(path: Path, *, most_s: float) -> Wave:
    """Return the sound in a WAV file.

    Args:
        path: A file; a pipe, a device or a link is none.
        most_s: How long it may be; a longer one is not read.

    Raises:
        NotASound: It is none, is broken, or is more than a prompt can be.
    """
    found = _read(path)
    form, sound = _parts(found)
    frame = form.channels * form.bits // 8
    if len(sound) % frame:
        raise NotASound("its last sample is cut off; save it again")
    length_s = len(sound) / frame / form.rate_hz
    if length_s > most_s:
        raise NotASound(f"lasts {length_s:.0f} s; a prompt has at most {most_s:.0f} s")
    samples = _SAMPLES[form.code, form.bits](sound)
    return Wave(
        samples=_mixed(samples, form.channels),
        rate_hz=form.rate_hz,
        channels=form.channels,
    )


def _read(path: Path) -> bytes:
    # Looked at by what was opened: a path can become another thing in between. A pipe
    # without a writer would hold us for good.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(path, flags)
    except OSError as error:
        why = "is a link" if error.errno == errno.ELOOP else error.strerror
        raise NotASound(f"cannot be opened: {why}; name a WAV file") from None
    except ValueError:
        raise NotASound("cannot be opened: no such name; name a WAV file") from None
    what = os.fstat(handle)
    if not stat.S_ISREG(what.st_mode):
        os.close(handle)
        raise NotASound("is not a file; name a WAV file")
    with os.fdopen(handle, "rb") as opened:
        if what.st_size > MOST_BYTES:
            size = f"has {what.st_size / 1e6:.0f} MB"
            raise NotASound(f"{size}; a prompt has at most {MOST_BYTES / 1e6:.0f} MB")
        try:
            # One more than it said: it may be growing.
            found = opened.read(MOST_BYTES + 1)
        except OSError as error:
            raise NotASound(f"cannot be read: {error.strerror}") from None
    if len(found) > MOST_BYTES:
        raise NotASound("grows while it is read; wait until it is whole")
    return found


def _parts(found: bytes) -> tuple[_Form, memoryview]:
    if found[:4] != b"RIFF" or found[8:12] != b"WAVE":
        raise NotASound(f"{_other(found)}; save it as WAV")
    size = struct.unpack_from("<I", found, 4)[0] + 8
    if size > len(found):
        raise NotASound(f"ends after {len(found)} of {size} bytes; save it again")
    if len(found) - size > 1:
        # Two files in one, perhaps: no player hears the second, and something may.
        raise NotASound(
            f"has {len(found) - size} bytes behind its end; save it as a plain WAV"
        )
    form: _Form | None = None
    for name, content in _chunks(memoryview(found)[12:size]):
        if name == b"fmt ":
            form = _form(content)
        if name == b"data":
            if form is None:
                raise NotASound("has its sound before its format; save it again")
            if not content:
                break
            return form, content
    raise NotASound("has no sound in it; record it again")


def _chunks(rest: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    for _ in range(MOST_CHUNKS):
        if len(rest) < 8:
            return
        name, size = struct.unpack_from("<4sI", rest)
        if size > len(rest) - 8:
            raise NotASound(f"part {name!r} is cut off; save it again")
        yield name, rest[8 : 8 + size]
        rest = rest[8 + size + size % 2 :]
    raise NotASound(f"has more than {MOST_CHUNKS} parts; save it as a plain WAV")


def _form(content: memoryview) -> _Form:
    if len(content) < 16:
        raise NotASound("does not tell its format; save it again")
    code, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", content)
    if code == _EXTENSIBLE and len(content) >= 26:
        # The first two bytes of its GUID are the code that it would have had.
        (code,) = struct.unpack_from("<H", content, 24)
    if (code, bits) not in _SAMPLES:
        known = "PCM of 8, 16, 24 or 32 bits, float of 32, A-law or µ-law"
        raise NotASound(f"its format is {code} of {bits} bits; save it as {known}")
    if channels not in (1, 2):
        raise NotASound(f"has {channels} channels; save it in one")
    if rate_hz not in _RATES_HZ:
        known = ", ".join(map(str, sorted(_RATES_HZ)))
        raise NotASound(f"has {rate_hz} samples a second; save it with one of {known}")
    return _Form(code=code, channels=channels, rate_hz=rate_hz, bits=bits)


def _other(found: bytes) -> str:
    if not found:
        return "is empty"
    if found[4:8] == b"ftyp":
        return "is MP4 or M4A"
    kinds = (kind for first, kind in _OTHERS.items() if found.startswith(first))
    kind = next(kinds, None)
    return f"is {kind}, not WAV" if kind else "is not WAV"


def _mixed(samples: "NDArray[np.int16]", channels: int) -> "array[int]":
    import numpy as np

    if channels == 2:
        samples = (samples[::2].astype(np.int32) + samples[1::2] >> 1).astype(np.int16)
    return array("h", samples.tobytes())


def _pcm8(sound: memoryview) -> "NDArray[np.int16]":
    import numpy as np

    return np.frombuffer(sound, np.uint8).astype(np.int16) - 128 << 8


def _pcm16(sound: memoryview) -> "NDArray[np.int16]":
    import numpy as np

    return np.frombuffer(sound, "<i2").astype(np.int16)


def _pcm24(sound: memoryview) -> "NDArray[np.int16]":
    import numpy as np

    # The two upper bytes are a sample of 16 bits.
    upper = np.frombuffer(sound, np.uint8).reshape(-1, 3)[:, 1:]
    return upper.copy().view("<i2").ravel().astype(np.int16)


def _pcm32(sound: memoryview) -> "NDArray[np.int16]":
    import numpy as np

    return (np.frombuffer(sound, "<i4") >> 16).astype(np.int16)


def _float32(sound: memoryview) -> "NDArray[np.int16]":
    import numpy as np

    floats = np.frombuffer(sound, "<f4").astype(np.float64)
    if not np.isfinite(floats).all():
        raise NotASound("has samples that are no numbers; save it again")
    return np.rint(floats * 32768).clip(-32768, 32767).astype(np.int16)


def _alaw(sound: memoryview) -> "NDArray[np.int16]":
    return _by_table(sound, _alaw_sample)


def _ulaw(sound: memoryview) -> "NDArray[np.int16]":
    return _by_table(sound, _ulaw_sample)


def _by_table(
    sound: memoryview, sample_of: Callable[[int], int]
) -> "NDArray[np.int16]":
    import numpy as np

    table = np.array([sample_of(code) for code in range(256)], np.int16)
    return table[np.frombuffer(sound, np.uint8)]


def _alaw_sample(code: int) -> int:
    """Return one sample of ITU-T G.711, table 1a."""
    code ^= 0x55
    segment, step = code >> 4 & 7, code & 15
    value = (step << 4) + 8 if not segment else (step << 4) + 0x108 << segment - 1
    return value if code & 0x80 else -value


def _ulaw_sample(code: int) -> int:
    """Return one sample of ITU-T G.711, table 2a."""
    code ^= 0xFF
    value = ((code & 15) << 3) + 0x84 << (code >> 4 & 7)
    return 0x84 - value if code & 0x80 else value - 0x84


_SAMPLES: Mapping[tuple[int, int], "Callable[[memoryview], NDArray[np.int16]]"] = {
    (_PCM, 8): _pcm8,
    (_PCM, 16): _pcm16,
    (_PCM, 24): _pcm24,
    (_PCM, 32): _pcm32,
    (_FLOAT, 32): _float32,
    (_ALAW, 8): _alaw,
    (_ULAW, 8): _ulaw,
}
