"""One agent on the floor: the state, moved by the table, and the kept wishes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp

from acd.core.moves import moved
from acd.core.turn import Turn
from acd.policy import AgentProfile
from acd.vocabulary.agent_facts import AgentStateEntered
from acd.vocabulary.facts import Fact
from acd.vocabulary.ids import CallId, DeviceId, OfferId, QueueId, page_device
from acd.vocabulary.offer_facts import Blame
from acd.vocabulary.states import AgentState
from acd.vocabulary.transitions import AGENT_TRANSITIONS

BUSY = frozenset({AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP})
AT_WORK = BUSY | {AgentState.READY}

OCCUPANCY_TIME = timedelta(hours=1)
"""How far back occupancy looks: what is older fades."""
NEW_OCCUPANCY = 0.8
"""Of the first to come to work; those after begin with the mean of who is there, and
so are not rushed upon."""

AT_REST = frozenset({AgentState.NOT_READY, AgentState.READY})
"""States in which a wish that had to wait can be granted."""


@dataclass(slots=True, kw_only=True)
class Handling:
    """One call in an agent's hands, from the connection to the end of wrap-up."""

    kind: str
    """The kind of call, as the queue's policy named it when they were joined."""
    began_at: datetime
    talk_s: float = 0.0
    """Length of the conversation, hold included; 0 while it goes on."""
    is_whole: bool = True
    """Whether it ended as calls end, and not before its time."""


@dataclass(slots=True)
class Agent:
    """An agent's state; only ``take`` changes it."""

    profile: AgentProfile
    is_on_page: bool = False
    """Whether the telephone in the agent's page rings, and not one of their own."""
    state: AgentState = AgentState.SIGNED_OUT
    reason: str = ""
    since: datetime | None = None
    """When the state was entered; None before the first change."""
    ready_since: datetime | None = None
    """Start of the idle spell; an offer withdrawn does not break it."""
    offer_id: OfferId | None = None
    call_id: CallId | None = None
    """The call in hand, or in wrap-up."""
    wrap_up_until: datetime | None = None
    wants_not_ready: str | None = None
    """Reason of a not-ready that waits for the end of the call, or None."""
    wants_sign_out: bool = False
    handling: Handling | None = None
    """What the call in hand, or in wrap-up, has come to so far."""
    occupancy: float = NEW_OCCUPANCY
    """Share of the time at work that was not spent waiting for a call, as of
    ``since``; breaks do not count, and what is long ago fades."""
    over: float = 0.0
    """By how much it was above the mean of those at work when the idle spell began."""
    last_offers: Mapping[QueueId, float] = field(default_factory=dict)
    """When each queue that chooses by turns last offered a call, since 1970."""
    misses: Mapping[Blame, tuple[datetime, ...]] = field(default_factory=dict)
    """Offers that were not taken, by their outcomes, within the rule's window."""
    penalty_until: datetime | None = None
    """When a penalty for such offers ends by itself; None where there is none. Who is
    ready has one where the page was not reached: they are not offered until then."""

    @property
    def device_id(self) -> DeviceId:
        """What rings for the agent."""
        own = self.profile.device_id
        return page_device(own) if self.is_on_page else own

    def check(self, fact: type[Fact]) -> AgentState:
        """Return the state that a fact leads to.

        Raises:
            IllegalTransition: The state has no place for the fact; nothing changed.
        """
        return moved(
            AGENT_TRANSITIONS, self.state, fact, "agent", self.profile.agent_id
        )

    def take(self, turn: Turn, fact: type[Fact], *, reason: str = "") -> None:
        """Move by the table, grant a waiting wish, and state what changed.

        Raises:
            IllegalTransition: The state has no place for the fact; nothing changed.
        """
        before = (self.state, self.reason)
        state = self.check(fact)
        if state is self.state and state not in AT_REST:
            return
        if state is not AgentState.NOT_READY:
            reason = ""
        if state in AT_REST:
            state, reason = self._granted(state, reason)
        if (state, reason) == before:
            return
        self._enter(state, reason, turn)

    def _granted(self, state: AgentState, reason: str) -> tuple[AgentState, str]:
        """Return the state after a wish that was kept while a call went on."""
        if self.wants_sign_out:
            state, reason = AgentState.SIGNED_OUT, ""
        elif self.wants_not_ready is not None and state is AgentState.READY:
            state, reason = AgentState.NOT_READY, self.wants_not_ready
        self.wants_sign_out, self.wants_not_ready = False, None
        return state, reason

    def _enter(self, state: AgentState, reason: str, turn: Turn) -> None:
        came_from = self.state
        if self.since is not None and came_from in AT_WORK:
            passed = (turn.at - self.since) / OCCUPANCY_TIME
            kept = exp(-max(0.0, passed))
            self.occupancy = self.occupancy * kept + (came_from in BUSY) * (1 - kept)
        self.state, self.reason, self.since = state, reason, turn.at
        if state is AgentState.READY and came_from is not AgentState.RESERVED:
            self.ready_since = turn.at
        self.penalty_until = None
        if state in AT_REST or state is AgentState.SIGNED_OUT:
            self.offer_id = self.call_id = self.wrap_up_until = None
        if state is AgentState.SIGNED_OUT:
            self.is_on_page = False
        turn.facts.append(
            AgentStateEntered(
                at=turn.at,
                place=self.profile.place,
                agent_id=self.profile.agent_id,
                state=state,
                reason=reason,
                call_id=self.call_id,
            )
        )
