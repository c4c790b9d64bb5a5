"""Whether prompts were really heard on a line, each in its turn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.phone.sound import SAMPLE_RATE_HZ

LIKE = 0.95
"""G.711 leaves a prompt 0.99 like itself; with one syllable otherwise, of six, it is
below 0.9, and other speech below 0.4."""
_LOOK_AHEAD_S = 120.0
"""How long after one prompt the next may begin: keys, look-ups, messages between, and
what is said to who waits each so many seconds."""
_OVERLAP_S = 0.02
_QUIET = 30.0
"""Below this (root of the mean square) a sound is silence, like any other."""
_CUT_OFF_S = 0.5
"""The first samples may come before a phone takes sound in, and who hangs up behind
the last word may cut off its end."""

_Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How one prompt was heard."""

    at_s: float
    """Where it began, from the beginning of what was heard."""
    likeness: float
    """How like itself it was there, from -1 to 1."""

    @property
    def is_heard(self) -> bool:
        """Whether it was."""
        return self.likeness >= LIKE


def heard_in_order(line: bytes, prompts: Sequence[bytes]) -> list[Likeness]:
    """Look for prompts one behind the other.

    Args:
        line: 16-bit mono PCM at 8000 Hz, all that came.
        prompts: The same of each prompt.

    Returns:
        How each was heard, or how like it the likest was. What is not heard is passed
        over.
    """
    silence = np.zeros(_many(_CUT_OFF_S), dtype=np.float32)
    heard = np.concatenate((silence, _samples(line), silence))
    found: list[Likeness] = []
    begin = 0
    for prompt in prompts:
        wanted = _samples(prompt)
        window = heard[begin : begin + _many(_LOOK_AHEAD_S) + len(wanted)]
        at, likeness = _first(window, wanted)
        found.append(
            Likeness(
                at_s=(begin + at) / SAMPLE_RATE_HZ - _CUT_OFF_S,
                likeness=round(likeness, 3),
            )
        )
        if found[-1].is_heard:
            begin = max(begin, begin + at + len(wanted) - _many(_OVERLAP_S))
    return found


def _first(line: _Samples, wanted: _Samples) -> tuple[int, float]:
    """Return where a sound is heard first, else where it is likest, and how like."""
    size = len(wanted)
    loudness = float(np.sqrt(np.mean(np.square(wanted)))) if size else 0.0
    if loudness < _QUIET:
        # Nothing can be told of silence.
        return 0, 1.0
    if len(line) < size:
        return 0, 0.0
    length = 1 << (len(line) + size - 1).bit_length()
    spectrum = np.fft.rfft(line, length) * np.conj(np.fft.rfft(wanted, length))
    product = np.fft.irfft(spectrum, length)[: len(line) - size + 1]
    power = np.concatenate(([0.0], np.cumsum(np.square(line, dtype=np.float64))))
    # What is quieter than the prompt by far is not it, however like it is.
    least = np.square(loudness / 10) * size
    around = np.sqrt(np.maximum(power[size:] - power[:-size], least))
    likeness = product / (around * float(np.linalg.norm(wanted)))
    there = np.flatnonzero(likeness >= LIKE)
    if len(there):
        # It rises and falls within a few samples of where it fits best.
        near = likeness[there[0] : there[0] + _many(_OVERLAP_S)]
        at = int(there[0]) + int(np.argmax(near))
    else:
        at = int(np.argmax(likeness))
    return at, float(likeness[at])


def _samples(pcm: bytes) -> _Samples:
    whole = np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype=np.int16)
    return whole.astype(np.float32)


def _many(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)
