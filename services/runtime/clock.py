"""The engine's time: the wall's date, the monotonic clock's pace."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Gives instants that never go back, even when the wall clock is set.

    The wall is read once, at the start; from then on time passes as the monotonic
    clock says. Wall time is a label, durations are measured.
    """

    def __init__(self) -> None:
        """Read the wall."""
        self._wall = datetime.now(UTC)
        self._started_s = time.monotonic()

    def now(self) -> datetime:
        """Return the instant, aware, UTC."""
        return self._wall + timedelta(seconds=time.monotonic() - self._started_s)
