"""What must happen by when, as data: no timer runs in the core."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Due(StrEnum):
    """What a deadline is about."""

    OFFER = "offer"
    """A device has rung long enough."""
    JOIN = "join"
    """Caller and agent should be joined by now."""
    WRAP_UP = "wrap_up"
    LEAVE = "leave"
    """Behind a conversation the switch should have let go of the caller by now."""
    RETRY = "retry"
    """A call that could not be joined may be offered again."""
    STEP = "step"
    """The next step of its queue holds for a waiting call."""
    CONTROL = "control"
    """What was asked of a call in hand should be done by now."""
    PAUSE = "pause"
    """A paused recording goes on."""
    PENALTY = "penalty"
    """An agent who did not take offers is ready again."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """One instant and what is due then."""

    at: datetime
    due: Due
    subject: str
    """Id of the offer, agent or call."""


_Entry = tuple[datetime, Due, str, Deadline]
"""What orders a deadline, beside it: tuples are compared without a word of ours."""


class Deadlines:
    """A heap of deadlines.

    A deadline is not taken out when its subject moves on: whoever acts on one, or asks
    for the next, looks first whether it still stands.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._heap: list[_Entry] = []

    def set(self, deadline: Deadline) -> None:
        """Add a deadline."""
        entry = (deadline.at, deadline.due, deadline.subject, deadline)
        heapq.heappush(self._heap, entry)

    def all(self) -> tuple[Deadline, ...]:
        """Return every deadline, in no order."""
        return tuple([entry[-1] for entry in self._heap])

    def next_at(self, stands: Callable[[Deadline], bool]) -> datetime | None:
        """Return the earliest instant, or None when nothing is due ever.

        Args:
            stands: Tells whether a deadline still means anything; the first ones that
                do not are dropped, so that nobody is woken for them.
        """
        heap = self._heap
        while heap and not stands(heap[0][-1]):
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def take_due(self, now: datetime) -> list[Deadline]:
        """Remove and return what is due, earliest first."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap)[-1])
        return due
