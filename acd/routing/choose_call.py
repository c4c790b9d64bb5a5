"""Which of the waiting calls an agent gets who has become free."""

from collections.abc import Iterable

from acd.choices import ByPriority, CallOrder, CMu, FixedRatio, LongestWait
from acd.policy import QueuePolicy
from acd.routing.classes import class_at, priority_at
from acd.routing.pools import Group
from acd.routing.standing import Estimates
from acd.routing.waiting import WaitingIndex
from acd.vocabulary.ids import AgentId, CallId

ORDERS: dict[type[CallOrder], str] = {
    LongestWait: "longest_wait",
    ByPriority: "by_priority",
    FixedRatio: "fixed_ratio",
    CMu: "cmu",
}
"""What each rule is called."""

Rank = tuple[int, bool, int, bool, float, float, CallId]
"""The smallest goes first: class, guard, the rule's score, wait, and the call's id."""


class CallChoice:
    """Compares waiting calls for an agent who could take any of them."""

    def __init__(
        self, order: CallOrder, waiting: WaitingIndex, estimates: Estimates
    ) -> None:
        """Join the rule within a class with what is known."""
        self._order = order
        self._waiting = waiting
        self._estimates = estimates

    def choose(
        self, groups: Iterable[Group], agent_id: AgentId, now_s: float
    ) -> CallId | None:
        """Return the call that a free agent gets.

        Args:
            groups: Those that the agent qualifies for; one may come twice.
            agent_id: Who is free.
            now_s: In seconds since 1970.

        Returns:
            None when there is no group.
        """
        ranks = [self.rank(group, agent_id, now_s) for group in groups]
        return min(ranks)[-1] if ranks else None

    def rank(self, group: Group, agent_id: AgentId, now_s: float) -> Rank:
        """Return the place of a group's first call among those an agent can take."""
        queued_at_s, call_id = group.line[0]
        queue = group.queue
        waited_s = max(0.0, now_s - queued_at_s)
        own, is_past_floor, band = class_at(queue, group.call_class, waited_s)
        guard_s = self._order.guard_s
        is_guarded = guard_s is not None and waited_s > guard_s
        score = 0.0
        if not (is_past_floor or is_guarded):
            score = self._score(queue, agent_id, waited_s)
        first = -own, not is_past_floor, -band, not is_guarded
        return *first, -score, queued_at_s, call_id

    def _score(self, queue: QueuePolicy, agent_id: AgentId, waited_s: float) -> float:
        """Return how much a call is wanted by the rule; the largest goes first."""
        match self._order:
            case LongestWait():
                return 0.0
            case ByPriority():
                return float(int(priority_at(queue, waited_s)))
            case FixedRatio() as ratio:
                share = ratio.shares.get(queue.queue_id, 0.0)
                counts = self._waiting.counts
                return counts[queue.queue_id] - share * len(self._waiting)
            case CMu():
                within_s = queue.target.within_s
                expected_s = self._estimates.expected_s(agent_id, queue.kind)
                return waited_s / (within_s * within_s * expected_s)
