"""The members of modelled queues: who is free, and whom a strategy rings."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from acd.core.turn import Turn
from acd.policy import FloorPolicy
from acd.vocabulary.agent_facts import (
    AgentNotReady,
    AgentReady,
    AgentSignedIn,
    AgentSignedOut,
    AgentStateEntered,
)
from acd.vocabulary.ids import AgentId, CallId, OfferId, QueueId
from acd.vocabulary.states import AgentState

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_AT_REST: Final = (AgentState.READY, AgentState.NOT_READY, AgentState.SIGNED_OUT)
Wish = AgentSignedIn | AgentSignedOut | AgentReady | AgentNotReady


class Strategy(StrEnum):
    """How app_queue chooses among free members."""

    RINGALL = "ringall"
    """All free members ring, and the first to answer has the call."""
    LEASTRECENT = "leastrecent"
    """Whose last call ended the longest time ago."""
    FEWESTCALLS = "fewestcalls"
    """Who had the fewest calls."""
    RRMEMORY = "rrmemory"
    """The next behind whom the queue rang last."""


@dataclass(slots=True)
class Member:
    """One agent, who is a member of all queues whose calls they can take."""

    agent_id: AgentId
    nth: int
    state: AgentState = AgentState.SIGNED_OUT
    offer_id: OfferId | None = None
    call_id: CallId | None = None
    last_call_at: datetime | None = None
    calls: int = 0
    wants_pause: str | None = None
    wants_out: bool = False


class Members:
    """Everybody, and how many are free of each queue."""

    def __init__(self, floor_policy: FloorPolicy) -> None:
        """Begin with nobody signed in."""
        self._members = {
            agent_id: Member(agent_id, nth)
            for nth, agent_id in enumerate(floor_policy.agents)
        }
        self._of_queue = {
            queue.queue_id: tuple(
                self._members[it.agent_id]
                for it in floor_policy.agents.values()
                if queue.skills <= it.skills
            )
            for queue in floor_policy.queues.values()
        }
        self._queues_of: dict[AgentId, list[QueueId]] = {}
        for queue_id, members in self._of_queue.items():
            for member in members:
                self._queues_of.setdefault(member.agent_id, []).append(queue_id)
        self.free = dict.fromkeys(self._of_queue, 0)
        """How many a queue could ring now."""
        self._last_nth = dict.fromkeys(self._of_queue, -1)

    def __getitem__(self, agent_id: AgentId) -> Member:
        """Return a member."""
        return self._members[agent_id]

    def chosen(self, queue_id: QueueId, strategy: Strategy) -> Iterator[Member]:
        """Yield whom a strategy rings of a queue's free members; somebody is free."""
        members = self._of_queue[queue_id]
        free = [it for it in members if it.state is AgentState.READY]
        match strategy:
            case Strategy.RINGALL:
                yield from free
            case Strategy.LEASTRECENT:
                yield min(free, key=lambda it: (it.last_call_at or _NEVER, it.nth))
            case Strategy.FEWESTCALLS:
                yield min(free, key=lambda it: (it.calls, it.nth))
            case Strategy.RRMEMORY:
                last, count = self._last_nth[queue_id], len(self._members)
                chosen = min(free, key=lambda it: (it.nth - last - 1) % count)
                self._last_nth[queue_id] = chosen.nth
                yield chosen

    def rest(self, turn: Turn, member: Member) -> None:
        """Free a member, unless a wish was kept while there was work."""
        reason = member.wants_pause
        state = AgentState.READY if reason is None else AgentState.NOT_READY
        if member.wants_out:
            state = AgentState.SIGNED_OUT
        member.wants_pause, member.wants_out = None, False
        self.move(turn, member, state, reason or "")

    def wish(self, turn: Turn, wish: Wish) -> None:
        """Grant what an agent asks for, or keep it until there is no work."""
        member = self._members[wish.agent_id]
        match wish:
            case AgentSignedIn():
                self.move(turn, member, AgentState.NOT_READY)
            case AgentReady() if member.state in _AT_REST:
                self.move(turn, member, AgentState.READY)
            case AgentNotReady() if member.state in _AT_REST:
                self.move(turn, member, AgentState.NOT_READY, wish.reason)
            case AgentSignedOut() if member.state in _AT_REST:
                self.move(turn, member, AgentState.SIGNED_OUT)
            case AgentNotReady():
                member.wants_pause = wish.reason
            case AgentSignedOut():
                member.wants_out = True
            case AgentReady():
                member.wants_pause, member.wants_out = None, False

    def move(
        self, turn: Turn, member: Member, state: AgentState, reason: str = ""
    ) -> None:
        """Put a member into a state."""
        change = (state is AgentState.READY) - (member.state is AgentState.READY)
        for queue_id in self._queues_of.get(member.agent_id, ()):
            self.free[queue_id] += change
        member.state = state
        turn.facts.append(
            AgentStateEntered(
                at=turn.at,
                agent_id=member.agent_id,
                state=state,
                reason=reason,
                call_id=member.call_id,
            )
        )
