"""Sound as a softphone needs it: voice-like tones to say, and what was heard."""

import math
import wave
from array import array
from functools import cache
from pathlib import Path

from services.phone.errors import SoundUnusable, SoundUnwritable

SAMPLE_RATE_HZ = 8000
FRAME_S = 0.02
"""One RTP packet of G.711 (RFC 3551 section 4.5.14 with ptime 20)."""
FRAME_BYTES = int(SAMPLE_RATE_HZ * FRAME_S) * 2

CALLER_HZ = 440.0
AGENT_HZ = 660.0

_LOOP_S = 2
_SYLLABLES_HZ = 4.0
_HARMONICS = ((1, 0.6), (2, 0.25), (3, 0.15))
_AMPLITUDE = 9000
# About -36 dBFS. G.711's idle noise and comfort noise stay below it, speech and
# tones as telephone prompts have them are far above.
_AUDIBLE_PEAK = 512


@cache
def voice_like(fundamental_hz: float) -> bytes:
    """Return two seconds of a tone that comes and goes like syllables.

    The pitch is steady, so that a test can tell two voices of one recording apart;
    the loudness pulses, so that voice detectors take it for speech. It repeats
    without a click when the fundamental is a multiple of half a hertz.

    Returns:
        16-bit mono PCM at 8000 Hz, native byte order.
    """
    samples = array("h")
    for n in range(SAMPLE_RATE_HZ * _LOOP_S):
        t = n / SAMPLE_RATE_HZ
        envelope = 0.5 - 0.5 * math.cos(2 * math.pi * _SYLLABLES_HZ * t)
        wave_now = sum(
            share * math.sin(2 * math.pi * fundamental_hz * harmonic * t)
            for harmonic, share in _HARMONICS
        )
        samples.append(int(_AMPLITUDE * envelope * wave_now))
    return samples.tobytes()


def read_wav(path: Path) -> bytes:
    """Return the PCM of a sound file.

    Raises:
        SoundUnusable: It is not WAV, or not 8000 Hz, one channel, 16 bits.
    """
    try:
        with wave.open(str(path), "rb") as sound:
            found = f"{sound.getframerate()} Hz, {sound.getnchannels()} channels, "
            found += f"{sound.getsampwidth() * 8} bits"
            if found != "8000 Hz, 1 channels, 16 bits":
                raise SoundUnusable(str(path), found)
            return sound.readframes(sound.getnframes())
    except (wave.Error, EOFError, OSError) as error:
        raise SoundUnusable(str(path), str(error) or "an empty file") from error


def write_wav(path: Path, pcm: bytes) -> None:
    """Write PCM as a sound file: 8000 Hz, one channel, 16 bits.

    Raises:
        SoundUnwritable: It cannot be written there.
    """
    try:
        with wave.open(str(path), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(SAMPLE_RATE_HZ)
            sound.writeframes(pcm)
    except OSError as error:
        raise SoundUnwritable(str(path), str(error.strerror)) from error


def loudness_at(pcm: bytes, frequency_hz: float) -> float:
    """Return how strong one frequency is in the PCM (Goertzel's algorithm).

    Returns:
        The amplitude of that frequency in units of a sample; 0.0 for no PCM.
    """
    samples = array("h", pcm[: len(pcm) // 2 * 2])
    if not samples:
        return 0.0
    coefficient = 2 * math.cos(2 * math.pi * frequency_hz / SAMPLE_RATE_HZ)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + coefficient * last - before
    power = before * before + last * last - coefficient * before * last
    return 2 * math.sqrt(max(power, 0.0)) / len(samples)


class Mouth:
    """What is to be said, handed out in pieces of any length."""

    def __init__(self) -> None:
        self._pcm = b""
        self._at = 0
        self._repeats = False

    def say(self, pcm: bytes, *, repeat: bool = False) -> None:
        """Say this from now on, in place of what was being said."""
        self._pcm, self._at, self._repeats = pcm, 0, repeat

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing left to say."""
        return self._at >= len(self._pcm)

    def next_piece(self, size_bytes: int) -> bytes:
        """Return the next piece, shorter or empty when there is no more."""
        piece = self._pcm[self._at : self._at + size_bytes]
        self._at += len(piece)
        if self._repeats and self.is_silent:
            self._at = 0
        return piece


class Ear:
    """What was heard: how much, and how much of it was not silence."""

    def __init__(self, *, keeps_sound: bool = False) -> None:
        self._keeps_sound = keeps_sound
        self._pcm = bytearray()
        self._rest = b""
        self._audible_frames = 0
        self.heard_bytes = 0
        """Bytes of PCM that arrived, silence too."""

    @property
    def heard_s(self) -> float:
        """Seconds of what arrived that were not silence."""
        return round(self._audible_frames * FRAME_S, 2)

    @property
    def pcm(self) -> bytes:
        """All that arrived; empty unless made with ``keeps_sound``."""
        return bytes(self._pcm)

    def take(self, pcm: bytes) -> None:
        """Take in what arrived."""
        self.heard_bytes += len(pcm)
        if self._keeps_sound:
            self._pcm += pcm
        pcm = self._rest + pcm
        whole = len(pcm) // FRAME_BYTES * FRAME_BYTES
        self._rest = pcm[whole:]
        for start in range(0, whole, FRAME_BYTES):
            frame = array("h", pcm[start : start + FRAME_BYTES])
            if max(frame) >= _AUDIBLE_PEAK or min(frame) <= -_AUDIBLE_PEAK:
                self._audible_frames += 1
