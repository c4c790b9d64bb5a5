"""The engine's time: the wall's date, the monotonic clock's pace."""

import time
from datetime import UTC, datetime


class Clock:
    """Gives instants that never go back, even when the wall clock is set.

    The wall is read once, at the start; from then on time passes as the monotonic
    clock says. Wall time is a label, durations are measured.
    """

    def __init__(self) -> None:
        """Read the wall."""
        self._wall_s = time.time() - time.monotonic()

    def now(self) -> datetime:
        """Return the instant, aware, UTC."""
        # As a float it is exact to a quarter of a microsecond until the year 2106.
        return datetime.fromtimestamp(self._wall_s + time.monotonic(), UTC)
