"""How far the records are behind the journal, in seconds, from two counts."""

from collections import deque

_MOST_STEPS = 4096


class Lag:
    """Remembers when the journal was how long, and tells how old the records are."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._steps: deque[tuple[float, int]] = deque(maxlen=_MOST_STEPS)

    def seen(self, *, journaled: int, shipped: int, now_s: float) -> float:
        """Take in the numbers of the newest entry in the journal and on record.

        Returns:
            How long ago the oldest entry that is not on record was first seen in
            the journal, in seconds; 0.0 when all is on record.
        """
        if self._steps and journaled < self._steps[-1][1]:
            self._steps.clear()  # another journal
        if not self._steps or journaled > self._steps[-1][1]:
            self._steps.append((now_s, journaled))
        while self._steps and self._steps[0][1] <= shipped:
            self._steps.popleft()
        return now_s - self._steps[0][0] if self._steps else 0.0
