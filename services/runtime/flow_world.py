"""What flows can know of the world around a call: the clock, hours, queues, flags."""

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from acd.core.floor import Floor as LiveFloor
from acd.vocabulary.ids import QueueId
from acd.vocabulary.states import AgentState
from ivr.values import Value, Values
from services.floor.floor import Floor
from services.runtime.flags import STORM, Flags

REPEATED_WITHIN = timedelta(hours=2)
MOST_CALLERS = 20_000


class FlowWorld:
    """Tells a walk what it asks for, and works out nothing that it does not."""

    def __init__(self, live: LiveFloor, *, flags: Flags) -> None:
        """Look at the engine's memory and at the flags."""
        self._live = live
        self._flags = flags

    def at(self, at: datetime, floor: Floor) -> Values:
        """Return what is so at an instant.

        Args:
            at: Aware.
            floor: The one that the call is served by, for its calendars.
        """
        return _AtInstant(at, floor, self._live, self._flags)


class _AtInstant(Mapping[str, Value]):
    """The world at one instant, by name."""

    def __init__(
        self, at: datetime, floor: Floor, live: LiveFloor, flags: Flags
    ) -> None:
        self._at = at
        self._floor = floor
        self._live = live
        self._flags = flags

    def __getitem__(self, name: str) -> Value:
        local = self._floor.hours.local(self._at)
        match name.split("."):
            case ["now"]:
                return local
            case ["now", "hour"]:
                return local.hour
            case ["now", "minute"]:
                return local.minute
            case ["now", "weekday"]:
                return local.isoweekday()
            case ["holiday"]:
                return self._floor.hours.is_holiday(self._at)
            case ["hours", calendar]:
                return self._floor.hours.is_open(calendar, self._at)
            case ["storm"]:
                return self._flags.is_up(STORM, self._at)
            case ["flag", flag]:
                return self._flags.is_up(flag, self._at)
            case ["queue", queue_id, figure]:
                return self._of_queue(QueueId(queue_id), figure, name)
            case _:
                raise KeyError(name)

    def _of_queue(self, queue_id: QueueId, figure: str, name: str) -> Value:
        since = [
            call.queued_at
            for call in map(self._live.call, self._live.waiting)
            if call.queue_id == queue_id and call.queued_at is not None
        ]
        match figure:
            case "waiting":
                return len(since)
            case "longest_s":
                longest = self._at - min(since, default=self._at)
                return max(0, round(longest.total_seconds()))
            case "ready":
                return self._ready(queue_id)
            case _:
                raise KeyError(name)

    def _ready(self, queue_id: QueueId) -> int:
        """Return how many are ready and can take a call of the queue's first step."""
        queue = self._floor.policy.queues.get(queue_id)
        if queue is None:
            return 0
        needs = queue.steps[0].needs
        return sum(
            agent.state is AgentState.READY
            and all(agent.profile.levels.get(k, 0) >= it for k, it in needs.items())
            for agent in self._live.agents.values()
        )

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Repeats:
    """How often each number has called of late."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._calls: dict[str, deque[datetime]] = {}

    def of(self, caller: str, at: datetime) -> int:
        """Count a call, and return how many came before it within two hours."""
        if not any(letter.isdigit() for letter in caller):
            return 0
        calls = self._calls.pop(caller, None) or deque(maxlen=100)
        while calls and at - calls[0] > REPEATED_WITHIN:
            calls.popleft()
        before = len(calls)
        calls.append(at)
        # Put back last: who has not called for the longest is forgotten first.
        self._calls[caller] = calls
        if len(self._calls) > MOST_CALLERS:
            del self._calls[next(iter(self._calls))]
        return before
