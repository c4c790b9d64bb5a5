"""What a caller hears, frame by frame: sounds one after the other, then silence."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from cti_bridge.audiosocket.errors import SoundUnstreamable
from cti_bridge.audiosocket.protocol import FRAME_BYTES, RATE_HZ, SILENCE

MOST_BYTES: Final = RATE_HZ * 2 * 600
"""Of one sound: ten minutes."""
_KEPT: Final = 128
"""Sounds that lie ready in memory; of 5 s each they are 10 MB."""


def read_sound(sound: str) -> bytes:
    """Return a sound's samples; waits for the disk unless it was read just before.

    Args:
        sound: Its absolute path, without the suffix, as ``Line.play`` takes it.

    Raises:
        SoundUnstreamable: It is no file, or not 8 kHz, 16 bits, one channel.
    """
    file = Path(f"{sound}.wav")
    if not file.is_absolute():
        raise SoundUnstreamable(sound, "is a name that the switch alone knows")
    try:
        about = file.stat()
    except OSError as error:
        raise SoundUnstreamable(sound, error.strerror or "no such file") from error
    if about.st_size > MOST_BYTES:
        raise SoundUnstreamable(sound, f"is longer than {MOST_BYTES} bytes")
    return _read(sound, about.st_mtime_ns, about.st_size, about.st_ino)


@lru_cache(maxsize=_KEPT)
def _read(sound: str, _changed_ns: int, _size_bytes: int, _inode: int) -> bytes:
    try:
        with wave.open(f"{sound}.wav", "rb") as opened:
            form = opened.getnchannels(), opened.getsampwidth(), opened.getframerate()
            if form != (1, 2, RATE_HZ):
                raise SoundUnstreamable(sound, f"is {form}, not (1, 2, {RATE_HZ})")
            return opened.readframes(opened.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise SoundUnstreamable(sound, str(error) or "is no sound") from error


class Player:
    """Sounds in order; behind them silence without an end."""

    def __init__(self) -> None:
        """Begin with silence."""
        self._sounds: list[bytes] = []
        self._at = 0
        self.played = 0
        """How many of the sounds were handed out whole."""

    @property
    def is_over(self) -> bool:
        """Whether nothing but silence is left."""
        return self.played >= len(self._sounds)

    def play(self, sounds: Sequence[bytes]) -> None:
        """Play these from here on, in place of what is played."""
        self._sounds, self._at, self.played = list(sounds), 0, 0
        self._skip_ended()

    def stop(self) -> None:
        """Be silent from here on."""
        self._sounds, self._at, self.played = [], 0, 0

    def next_frame(self) -> bytes:
        """Return the next 20 ms; the last of a sound is filled up with the next one."""
        frame = b""
        while len(frame) < FRAME_BYTES and not self.is_over:
            pcm = self._sounds[self.played]
            piece = pcm[self._at : self._at + FRAME_BYTES - len(frame)]
            self._at += len(piece)
            frame += piece
            self._skip_ended()
        return frame.ljust(FRAME_BYTES, b"\0") if frame else SILENCE

    def _skip_ended(self) -> None:
        while not self.is_over and self._at >= len(self._sounds[self.played]):
            self.played, self._at = self.played + 1, 0
