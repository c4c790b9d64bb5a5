"""Which agent gets a call, and which call gets an agent."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from datetime import datetime

from acd.core.agents import Agent
from acd.core.calls import Call
from acd.vocabulary.ids import CallId, SkillId


def longest_idle(
    candidates: Iterable[Agent], required: frozenset[SkillId]
) -> Agent | None:
    """Return the qualified agent who has been ready longest.

    Ties break on the agent's id, so the same input always gives the same answer.

    Args:
        candidates: Agents in state READY, in any order.
        required: Skills the call needs; an agent must hold all of them.

    Returns:
        The agent to reserve, or None when nobody qualifies.
    """
    return min(
        (agent for agent in candidates if required <= agent.profile.skills),
        key=lambda agent: (agent.ready_since, agent.profile.agent_id),
        default=None,
    )


class WaitingLine:
    """The calls that wait for an agent, the one that waited longest first."""

    def __init__(self) -> None:
        """Begin empty."""
        self._order: list[tuple[datetime, CallId]] = []
        self._calls: dict[CallId, Call] = {}

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._order)

    def add(self, call: Call) -> None:
        """Put a call at its place: by when it was queued, ties by its id."""
        if call.call_id not in self._calls:
            insort(self._order, _place(call))
            self._calls[call.call_id] = call

    def remove(self, call: Call) -> None:
        """Take a call out; nothing happens when it does not wait."""
        if self._calls.pop(call.call_id, None) is not None:
            del self._order[bisect_left(self._order, _place(call))]

    def in_order(self) -> list[Call]:
        """Return the calls, longest wait first."""
        return [self._calls[call_id] for _, call_id in self._order]


def _place(call: Call) -> tuple[datetime, CallId]:
    if call.queued_at is None:
        raise AssertionError(f"call {call.call_id!r} waits without a queue time")
    return call.queued_at, call.call_id
