"""What can go wrong between us and a caller's sound (AudioSocket)."""

from __future__ import annotations


class AudioSocketError(Exception):
    """Base of everything this package raises."""


class FrameRefused(AudioSocketError):
    """What came is no frame that Asterisk sends of a telephone's sound."""

    def __init__(self, kind: int, size_bytes: int, problem: str) -> None:
        self.kind = kind
        self.size_bytes = size_bytes
        self.problem = problem
        super().__init__(
            f"audiosocket frame {kind:#04x} of {size_bytes} bytes: {problem}; "
            "is another client connecting?"
        )


class SoundUnstreamable(AudioSocketError):
    """A sound is no file that we can send ourselves; Asterisk may still play it."""

    def __init__(self, sound: str, problem: str) -> None:
        self.sound = sound
        self.problem = problem
        super().__init__(f"sound {sound!r}: {problem}; the switch plays it instead")


class NobodyCame(AudioSocketError):
    """Asterisk did not connect a leg's sound in its time."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        super().__init__(
            f"audiosocket: asterisk did not connect within {limit_s:g} s; "
            "are app_audiosocket and res_audiosocket loaded?"
        )
