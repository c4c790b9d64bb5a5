"""When a utility that fails is left alone, and when it is tried again."""

from dataclasses import dataclass
from enum import StrEnum

FAILURES = 5
REST_S = 10.0


class BreakerState(StrEnum):
    """Whether questions are asked."""

    CLOSED = "closed"
    """All are."""
    OPEN = "open"
    """None is."""
    HALF_OPEN = "half_open"
    """One is, to see; what came of it is not known yet."""


@dataclass(slots=True, kw_only=True)
class Breaker:
    """Opens after failures in a row; after a rest lets one question through.

    Instants are seconds of one clock that never goes back.
    """

    failures_until_open: int = FAILURES
    rest_s: float = REST_S
    _state: BreakerState = BreakerState.CLOSED
    _failures: int = 0
    _open_until_s: float = 0.0

    @property
    def state(self) -> BreakerState:
        """Whether questions are asked."""
        return self._state

    def lets_through(self, now_s: float) -> bool:
        """Return whether a question may be asked now; its outcome must be told."""
        match self._state:
            case BreakerState.CLOSED:
                return True
            case BreakerState.OPEN | BreakerState.HALF_OPEN:
                if now_s < self._open_until_s:
                    return False
                # The next trial is due if this one never tells what came of it.
                self._open_until_s = now_s + self.rest_s
                self._state = BreakerState.HALF_OPEN
                return True

    def rests_s(self, now_s: float) -> float:
        """Return for how long nothing is asked; 0 where all is."""
        if self._state is BreakerState.CLOSED:
            return 0.0
        return max(0.0, self._open_until_s - now_s)

    def succeeded(self) -> None:
        """Take in that a question was answered."""
        self._state = BreakerState.CLOSED
        self._failures = 0

    def failed(self, now_s: float) -> None:
        """Take in that a question was not answered."""
        self._failures += 1
        is_trial = self._state is BreakerState.HALF_OPEN
        if is_trial or self._failures >= self.failures_until_open:
            self._state = BreakerState.OPEN
            self._open_until_s = now_s + self.rest_s
