"""Who may take what: the agents of one step of a queue, and calls that are alike."""

from acd.policy import QueuePolicy
from acd.routing.choose_agent import Job, Score
from acd.routing.requirements import Lack
from acd.vocabulary.ids import AgentId, CallId, QueueId

Entry = tuple[float, float, AgentId]
"""By what an agent is ordered; the least is chosen."""
GroupKey = tuple[QueueId, int, tuple[int, ...]]


class Pool:
    """Everybody who qualifies for one step of one queue, and who of them is ready."""

    __slots__ = ("job", "lacking", "line", "members", "own", "score", "waiting")

    def __init__(self, job: Job, score: Score) -> None:
        """Begin with nobody.

        Args:
            job: What is to be done.
            score: By what agents are ordered for it.
        """
        self.job, self.score = job, score
        self.line: list[Entry] = []
        """Who is ready, the best first."""
        self.own: dict[AgentId, tuple[Entry, tuple[float, ...]]] = {}
        """Of each of them the entry, and the terms that stand through the spell."""
        self.members = 0
        """Those who qualify, as the census has them."""
        self.lacking = dict.fromkeys(Lack, 0)
        """Those of the floor who do not, by what they lack first."""
        self.waiting: dict[GroupKey, Group] = {}
        """Groups with calls in them that its agents can take."""


class Group:
    """Calls of one queue, one class and one step: the longest wait of them is first.

    Whatever rule holds, who waits longer in a group goes before who waits less.
    """

    __slots__ = ("call_class", "line", "pools", "queue")

    def __init__(
        self, queue: QueuePolicy, call_class: int, pools: tuple[Pool, ...]
    ) -> None:
        """Begin empty."""
        self.queue, self.call_class, self.pools = queue, call_class, pools
        self.line: list[tuple[float, CallId]] = []
        """When each was queued, in seconds since 1970."""
