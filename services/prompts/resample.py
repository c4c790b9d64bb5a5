"""Sound from any rate to the telephone's 8 kHz, without the aliases of short cuts."""

import math
from array import array
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TELEPHONE_HZ = 8000
_USUAL_HZ = 22_050
"""Of espeak-ng."""
_PASS_HZ = 3500.0
"""Middle of the filter's slope, which ends at the 4 kHz that 8 kHz can carry."""
_SLOPE_HZ = 1000.0
_STOP_DB = 50.0
_BETA = 4.53
"""Of Kaiser's window, for 50 dB: a phone's own coding is heard before that."""


def warm_up() -> None:
    """Make what the first sound would have to wait for: numpy, and the usual filters.

    numpy is imported where it is used, here and beside: most commands make no sound.
    """
    _filters(_USUAL_HZ, TELEPHONE_HZ // math.gcd(_USUAL_HZ, TELEPHONE_HZ))


def to_telephone(samples: "array[int]", rate_hz: int) -> "array[int]":
    """Return 16-bit samples at 8 kHz.

    A windowed sinc, evaluated only at the phases that the two rates have in common
    (160 for 22,050 Hz), for all samples of a phase at once.

    Args:
        samples: 16-bit, one channel.
        rate_hz: Their rate; at least 8 kHz.

    Raises:
        ValueError: The rate is lower than the telephone's.
    """
    if rate_hz < TELEPHONE_HZ:
        raise ValueError(f"rate {rate_hz}: lower than {TELEPHONE_HZ}; nothing to thin")
    if rate_hz == TELEPHONE_HZ or not samples:
        return array("h", samples)
    import numpy as np

    step = math.gcd(rate_hz, TELEPHONE_HZ)
    phases, stride = TELEPHONE_HZ // step, rate_hz // step
    filters = _filters(rate_hz, phases)
    reach = filters.shape[1]
    padded = np.zeros(len(samples) + reach // 2 + reach)
    padded[reach // 2 - 1 :][: len(samples)] = samples
    windows = np.lib.stride_tricks.sliding_window_view(padded, reach)
    made = np.zeros(math.ceil(len(samples) * phases / stride))
    for phase in range(min(phases, len(made))):
        places = made[phase::phases]
        heard = windows[phase * stride // phases :: stride][: len(places)]
        # Not a product of matrices: that would wake a thread for each processor.
        np.einsum("pt,t->p", heard, filters[phase * stride % phases], out=places)
    return array("h", np.rint(made).clip(-32768, 32767).astype(np.int16).tobytes())


@cache
def _filters(rate_hz: int, phases: int) -> "NDArray[np.float64]":
    """Return the filter for each phase, each with a sum of 1."""
    import numpy as np

    slope = 2 * math.pi * _SLOPE_HZ / rate_hz
    half = math.ceil((_STOP_DB - 7.95) / (2.285 * slope) / 2)
    offsets = np.arange(phases)[:, np.newaxis] / phases
    away = np.arange(-half + 1, half + 1) - offsets
    window = np.i0(_BETA * np.sqrt((1 - (away / half) ** 2).clip(0)))
    taps: NDArray[np.float64] = window * np.sinc(2 * _PASS_HZ / rate_hz * away)
    whole: NDArray[np.float64] = taps.sum(axis=1, keepdims=True)
    return taps / whole
