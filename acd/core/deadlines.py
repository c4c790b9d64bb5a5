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


@dataclass(frozen=True, slots=True, order=True)
class Deadline:
    """One instant and what is due then."""

    at: datetime
    due: Due
    subject: str
    """Id of the offer, agent or call."""


class Deadlines:
    """A heap of deadlines.

    A deadline is not taken out when its subject moves on: whoever acts on one, or asks
    for the next, looks first whether it still stands.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._heap: list[Deadline] = []

    def set(self, deadline: Deadline) -> None:
        """Add a deadline."""
        heapq.heappush(self._heap, deadline)

    def all(self) -> tuple[Deadline, ...]:
        """Return every deadline, in no order."""
        return tuple(self._heap)

    def next_at(self, stands: Callable[[Deadline], bool]) -> datetime | None:
        """Return the earliest instant, or None when nothing is due ever.

        Args:
            stands: Tells whether a deadline still means anything; the first ones that
                do not are dropped, so that nobody is woken for them.
        """
        while self._heap and not stands(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0].at if self._heap else None

    def take_due(self, now: datetime) -> list[Deadline]:
        """Remove and return what is due, earliest first."""
        due = []
        while self._heap and self._heap[0].at <= now:
            due.append(heapq.heappop(self._heap))
        return due
