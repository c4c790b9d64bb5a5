"""Which agent gets a call, and which call gets an agent."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Generic, TypeVar

from acd.core.agents import Agent
from acd.vocabulary.ids import SkillId

Id = TypeVar("Id", bound=str)
Item = TypeVar("Item")


def longest_idle(
    candidates: Iterable[Agent], required: frozenset[SkillId]
) -> Agent | None:
    """Return the qualified agent who has been ready longest.

    Args:
        candidates: Agents in state READY, the longest idle first.
        required: Skills the call needs; an agent must hold all of them.

    Returns:
        The agent to reserve, or None when nobody qualifies.
    """
    for agent in candidates:
        if required <= agent.profile.skills:
            return agent
    return None


class Line(Generic[Id, Item]):
    """Calls that wait for an agent, or agents for a call: the longest wait first.

    Whoever has a higher rank stands before all who have a lower one.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._order: list[tuple[int, datetime, Id]] = []
        self._items: dict[Id, tuple[tuple[int, datetime, Id], Item]] = {}

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._order)

    def __iter__(self) -> Iterator[Item]:
        """Yield who waits, in order; the line must stand still."""
        return (self._items[item_id][1] for _, _, item_id in self._order)

    def add(self, item_id: Id, item: Item, *, since: datetime, rank: int = 0) -> None:
        """Put an item at its place, ties by its id; nothing when it waits already."""
        if item_id not in self._items:
            place = (-rank, since, item_id)
            insort(self._order, place)
            self._items[item_id] = place, item

    def remove(self, item_id: Id) -> None:
        """Take an item out; nothing happens when it does not wait."""
        found = self._items.pop(item_id, None)
        if found is not None:
            del self._order[bisect_left(self._order, found[0])]
