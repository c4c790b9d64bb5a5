"""What came of a simulated time, counted from the facts alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from acd.simulation.crowd import DAY_S
from acd.simulation.scenario import Scenario
from acd.simulation.world import START
from acd.vocabulary.agent_facts import AgentStateEntered
from acd.vocabulary.facts import Fact
from acd.vocabulary.ids import AgentId, CallId, QueueId
from acd.vocabulary.leg_facts import CallQueued
from acd.vocabulary.offer_facts import (
    CallClosed,
    CallConnected,
    OfferStarted,
    OfferTimedOut,
)
from acd.vocabulary.states import AgentState

SHORT_ABANDON_S: Final = 5.0
"""Who leaves sooner counts neither for nor against the service level."""
_BUSY: Final = (AgentState.TALKING, AgentState.WRAP_UP)
_AT_WORK: Final = (*_BUSY, AgentState.READY, AgentState.RESERVED)


@dataclass(slots=True)
class QueueTally:
    """The calls of one queue that came in counted days."""

    within_s: float
    offered: int = 0
    """Calls that came to the queue, whatever became of them."""
    waits_s: list[float] = field(default_factory=list)
    """Of the answered, from the queue to the conversation."""
    to_offer_s: list[float] = field(default_factory=list)
    """From the queue to the first offer, of those that had one."""
    left_s: list[float] = field(default_factory=list)
    """How long those waited who left."""


@dataclass(slots=True)
class AgentTally:
    """One agent's counted time."""

    handled_s: float = 0.0
    """Talk and wrap-up of all counted calls, beyond the close as well."""
    busy_s: float = 0.0
    ready_s: float = 0.0
    reserved_s: float = 0.0
    calls: int = 0
    idle_spells: int = 0
    unanswered: int = 0

    @property
    def occupancy(self) -> float:
        """Talk and wrap-up ÷ time at work, in percent; 0 for who was never there."""
        return self.busy_s / self.at_work_s * 100 if self.at_work_s else 0.0

    @property
    def at_work_s(self) -> float:
        """Time in which the agent wanted work or had some."""
        return self.busy_s + self.ready_s + self.reserved_s


@dataclass(frozen=True, slots=True)
class _Waiting:
    queue_id: QueueId
    since: datetime
    is_counted: bool


class Tally:
    """Hears every fact and keeps only sums and waits."""

    def __init__(self, scenario: Scenario, start: datetime = START) -> None:
        """Begin with nothing counted.

        Args:
            scenario: Whose queues, agents and days.
            start: When its first day opens.
        """
        self._start = start
        within_s = {kind.queue_id: kind.within_s for kind in scenario.kinds}
        self.queues: dict[QueueId, QueueTally] = {
            queue_id: QueueTally(within_s.get(queue_id, 20.0))
            for queue_id in scenario.floor.queues
        }
        self.agents: dict[AgentId, AgentTally] = {
            agent_id: AgentTally() for agent_id in scenario.floor.agents
        }
        self.arrived = self.closed = 0
        """Of all days, warm-up as well: each that came is closed once."""
        self._from_s = scenario.warm_up_days * DAY_S
        self._open_s = scenario.open_s
        self._waiting: dict[CallId, _Waiting] = {}
        self._to_offer: set[CallId] = set()
        self._in: dict[AgentId, tuple[AgentState, float]] = {}
        self._takes: dict[type[Fact], Callable[[Any], None]] = {
            AgentStateEntered: self._entered,
            CallQueued: self._queued,
            OfferStarted: self._offered,
            CallConnected: self._connected,
            CallClosed: self._closed,
            OfferTimedOut: self._timed_out,
        }
        """The rest is counted by these."""

    def hear(self, fact: Fact) -> None:
        """Take in one fact."""
        take = self._takes.get(type(fact))
        if take is not None:
            take(fact)

    def waits_s(self) -> list[float]:
        """Return the waits of all who were answered."""
        return [
            waited_s for queue in self.queues.values() for waited_s in queue.waits_s
        ]

    def _queued(self, fact: CallQueued) -> None:
        self.arrived += 1
        is_counted = self._s(fact.at) >= self._from_s
        self._waiting[fact.call_id] = _Waiting(fact.queue_id, fact.at, is_counted)
        if is_counted:
            self.queues[fact.queue_id].offered += 1
            self._to_offer.add(fact.call_id)

    def _offered(self, fact: OfferStarted) -> None:
        if fact.call_id in self._to_offer:
            self._to_offer.discard(fact.call_id)
            waiting = self._waiting[fact.call_id]
            waited_s = (fact.at - waiting.since).total_seconds()
            self.queues[waiting.queue_id].to_offer_s.append(waited_s)

    def _connected(self, fact: CallConnected) -> None:
        waiting = self._waiting.pop(fact.call_id, None)
        if waiting is not None and waiting.is_counted:
            waited_s = (fact.at - waiting.since).total_seconds()
            self.queues[waiting.queue_id].waits_s.append(waited_s)
            self.agents[fact.agent_id].calls += 1

    def _closed(self, fact: CallClosed) -> None:
        self.closed += 1
        self._to_offer.discard(fact.call_id)
        waiting = self._waiting.pop(fact.call_id, None)
        if waiting is not None and waiting.is_counted:
            waited_s = (fact.at - waiting.since).total_seconds()
            self.queues[waiting.queue_id].left_s.append(waited_s)

    def _timed_out(self, fact: OfferTimedOut) -> None:
        if self._s(fact.at) >= self._from_s:
            self.agents[fact.agent_id].unanswered += 1

    def _entered(self, fact: AgentStateEntered) -> None:
        at_s = self._s(fact.at)
        before = self._in.get(fact.agent_id)
        self._in[fact.agent_id] = fact.state, at_s
        if before is None or before[0] is fact.state:
            return
        state, since_s = before
        agent = self.agents[fact.agent_id]
        spent_s = self._counted_s(since_s, at_s)
        if state in _BUSY:
            agent.busy_s += spent_s
            agent.handled_s += at_s - since_s if since_s >= self._from_s else 0.0
        elif state is AgentState.READY:
            agent.ready_s += spent_s
            agent.idle_spells += spent_s > 0
        elif state is AgentState.RESERVED:
            agent.reserved_s += spent_s

    def _counted_s(self, since_s: float, until_s: float) -> float:
        """Return how much of a span lies in open hours of counted days."""
        counted_s, day = 0.0, int(max(since_s, 0.0) // DAY_S)
        while (opens_s := day * DAY_S) < until_s:
            from_s = max(since_s, opens_s, self._from_s)
            to_s = min(until_s, opens_s + self._open_s)
            counted_s += max(0.0, to_s - from_s)
            day += 1
        return counted_s

    def _s(self, at: datetime) -> float:
        return (at - self._start).total_seconds()
