"""How loud speech is, and all prompts made as loud as each other, with ends cut."""

import math
from array import array
from typing import TYPE_CHECKING

from services.prompts.resample import TELEPHONE_HZ

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TARGET_DBOV = -20.0
"""What every prompt is brought to. 0 dBov is the loudest square wave that 16 bits hold;
speech on it needs about 15 dB above its mean for its peaks."""
MOST_GAIN_DB = 30.0
"""More would make a prompt of the noise of a room."""
SILENCE_DBOV = -50.0
"""What is quieter is not speech, whatever is in it."""
_MARGIN_DB = 15.9
"""Speech is what is less than this below its own mean (ITU-T P.56)."""
_ENDS_DB = 30.0
"""A voice's softest sounds at its ends are less than this below its mean."""
_FRAME = TELEPHONE_HZ // 50
_FULL = 32768.0
_KNEE = 24000
"""Above it, loud peaks are bent, so that they do not turn into clicks."""
_ROOM = 32767 - _KNEE
LEAD_S, TAIL_S = 0.02, 0.15
"""Silence that is left at the ends, for pieces that are said one after the other."""


def speech_level_dbov(samples: "array[int]") -> float:
    """Return the level of the speech in a sound, its pauses not counted.

    As ITU-T P.56 has it, in steps of 20 ms and without its hangover of 0.2 s: within
    1 dB of it for prompts.

    Returns:
        The level; minus infinity where there is no sound at all.
    """
    powers = _powers(samples)
    powers = powers[powers > 0]
    if not len(powers):
        return -math.inf
    # Each round leaves frames out, so it ends.
    while True:
        mean = float(powers.mean())
        speech = powers[powers >= mean / 10 ** (_MARGIN_DB / 10)]
        if len(speech) == len(powers):
            return 10 * math.log10(mean / _FULL**2)
        powers = speech


def levelled(samples: "array[int]") -> "array[int]":
    """Return a sound as loud as all prompts are; silence as it is.

    Args:
        samples: 8 kHz, 16 bit.
    """
    level = speech_level_dbov(samples)
    if not math.isfinite(level):
        return samples
    import numpy as np

    gain = 10 ** (min(TARGET_DBOV - level, MOST_GAIN_DB) / 20)
    louder = np.rint(np.asarray(samples) * gain)
    loud = np.abs(louder) > _KNEE
    louder[loud] = _bent(louder[loud])
    return array("h", louder.astype(np.int16).tobytes())


def silent_ends_s(samples: "array[int]") -> tuple[float, float]:
    """Return how long nothing is heard at the beginning and at the end, in seconds.

    Returns:
        The whole length and 0 where there is nothing but silence.
    """
    level = speech_level_dbov(samples)
    if level < SILENCE_DBOV:
        return len(samples) / TELEPHONE_HZ, 0.0
    least = _FULL**2 * 10 ** ((level - _ENDS_DB) / 10)
    (heard,) = (_powers(samples) >= least).nonzero()
    lead = int(heard[0]) * _FRAME
    tail = max(0, len(samples) - (int(heard[-1]) + 1) * _FRAME)
    return lead / TELEPHONE_HZ, tail / TELEPHONE_HZ


def trimmed(samples: "array[int]") -> "array[int]":
    """Return a sound with little silence at its ends; all of it where it is silent."""
    lead_s, tail_s = silent_ends_s(samples)
    if lead_s * TELEPHONE_HZ >= len(samples):
        return samples
    first = int(max(0.0, lead_s - LEAD_S) * TELEPHONE_HZ)
    last = len(samples) - int(max(0.0, tail_s - TAIL_S) * TELEPHONE_HZ)
    return samples[first:last]


def _powers(samples: "array[int]") -> "NDArray[np.float64]":
    """Return the power of each 20 ms; the last may be shorter."""
    import numpy as np

    if not samples:
        return np.zeros(0)
    begins = np.arange(0, len(samples), _FRAME)
    squares = np.asarray(samples).astype(np.float64) ** 2
    energies: NDArray[np.float64] = np.add.reduceat(squares, begins)
    return energies / np.diff(begins, append=len(samples))


def _bent(loud: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Return samples beyond the knee, all of either sign, within 16 bits."""
    import numpy as np

    over = np.abs(loud) - _KNEE
    bent: NDArray[np.float64] = _KNEE + np.rint(_ROOM * np.tanh(over / _ROOM))
    return bent * np.sign(loud)
