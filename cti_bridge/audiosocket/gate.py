"""Tells when somebody may be speaking from the quiet of a line."""

from __future__ import annotations

from collections import deque
from typing import Final

from cti_bridge.audiosocket.protocol import FRAME_S

LEAST: Final = 300
"""A peak below it is quiet on any line: 40 dB below the loudest."""
ABOVE: Final = 2.5
"""How much louder than the line's own noise somebody who speaks is: 8 dB."""
ECHO: Final = 0.2
"""A line gives back less than this of what is played on it: 14 dB below. A louder echo
is taken for somebody who speaks."""
ECHO_S: Final = 0.4
"""So late it may come back."""
_RISES: Final = 1.01
"""Each 20 ms; the noise that is believed in doubles in 1.4 s at most, so that a long
phrase is not taken for it. In the first pause it falls at once."""
_FALLS: Final = 0.3


class Gate:
    """Follows the noise of one line."""

    def __init__(self) -> None:
        """Begin with a quiet line."""
        self._noise = 100.0
        self._played: deque[int] = deque(maxlen=int(ECHO_S / FRAME_S))

    def play(self, pcm: bytes) -> None:
        """Take 20 ms of what is played on the line at the same time."""
        self._played.append(peak_of(pcm))

    def is_open(self, pcm: bytes) -> bool:
        """Take the next piece of sound; tell whether somebody may be speaking in it."""
        peak = peak_of(pcm)
        echo = ECHO * max(self._played, default=0)
        is_open = peak > max(LEAST, ABOVE * self._noise, echo)
        if peak < self._noise:
            self._noise += (peak - self._noise) * _FALLS
        else:
            self._noise = min(float(peak), max(1.0, self._noise) * _RISES)
        return is_open


def peak_of(pcm: bytes) -> int:
    """Return the largest sample, whatever its sign; 0 for no sound."""
    samples = memoryview(pcm).cast("h")
    return max(max(samples), -min(samples)) if samples else 0
