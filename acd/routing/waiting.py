"""Who waits, in lines of calls that are alike: only the first of each is looked at."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from acd.policy import QueuePolicy
from acd.routing.pools import Group, GroupKey, Pool
from acd.vocabulary.ids import CallId, QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One call that waits for an agent."""

    call_id: CallId
    queue: QueuePolicy
    call_class: int
    queued_at_s: float
    """Seconds since 1970."""
    pools: tuple[Pool, ...]
    """Of the steps it has reached, the first one first."""


class WaitingIndex:
    """All calls that wait."""

    def __init__(self) -> None:
        """Begin with none."""
        self._groups: dict[GroupKey, Group] = {}
        self._of: dict[CallId, tuple[GroupKey, float]] = {}
        self.counts: Counter[QueueId] = Counter()
        """How many wait in each queue."""

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._of)

    def __contains__(self, call_id: CallId) -> bool:
        """Tell whether a call waits."""
        return call_id in self._of

    def __iter__(self) -> Iterator[CallId]:
        """Yield who waits, the longest wait first; ties by their ids."""
        every = [place for group in self._groups.values() for place in group.line]
        return iter([call_id for _, call_id in sorted(every)])

    @property
    def groups(self) -> list[Group]:
        """The groups with somebody in them."""
        return list(self._groups.values())

    def add(self, call: Waiting) -> None:
        """Put a call at its place; whoever waits already is put anew."""
        self.remove(call.call_id)
        key = (call.queue.queue_id, call.call_class, tuple(map(id, call.pools)))
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(call.queue, call.call_class, call.pools)
            for pool in group.pools:
                pool.waiting[key] = group
        insort(group.line, (call.queued_at_s, call.call_id))
        self._of[call.call_id] = key, call.queued_at_s
        self.counts[call.queue.queue_id] += 1

    def remove(self, call_id: CallId) -> None:
        """Take a call out; nothing happens when it does not wait."""
        found = self._of.pop(call_id, None)
        if found is None:
            return
        key, queued_at_s = found
        group = self._groups[key]
        del group.line[bisect_left(group.line, (queued_at_s, call_id))]
        self.counts[group.queue.queue_id] -= 1
        if not group.line:
            del self._groups[key]
            for pool in group.pools:
                # Two steps that ask for the same have one pool.
                pool.waiting.pop(key, None)
