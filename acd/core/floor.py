"""All that the engine knows right now: calls, agents, offers, who waits for whom."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from acd.core.agents import Agent
from acd.core.calls import Call
from acd.core.deadlines import Deadlines
from acd.core.matching import Line
from acd.core.turn import Turn
from acd.policy import FloorPolicy
from acd.vocabulary.errors import UnknownAgent, UnknownCall
from acd.vocabulary.facts import Fact
from acd.vocabulary.ids import AgentId, CallId, LegId, OfferId, Place, QueueId
from acd.vocabulary.states import AgentState

K = TypeVar("K")
V = TypeVar("V")

REMEMBERED = 20_000
"""How many ended legs and closed calls are remembered, so that late or doubled news
of them is known for what it is: at 15 calls/s, some seven minutes."""


@dataclass(slots=True, kw_only=True)
class Offer:
    """One offer, kept until the agent's leg has ended."""

    offer_id: OfferId
    call_id: CallId
    agent_id: AgentId
    queue_id: QueueId
    place: Place
    started_at: datetime
    is_open: bool = True
    """Neither ended nor answered."""
    is_answered: bool = False
    is_connected: bool = False
    """Whether there was a conversation; then there is a recording to be stored."""
    has_rung: bool = False
    ended_at: datetime | None = None
    """When it was over without a conversation; the leg may live a little longer."""

    @property
    def leg_id(self) -> LegId:
        """The agent's leg: it was originated with the offer's id."""
        return LegId(self.offer_id)


class Floor:
    """The engine's memory; the functions beside it decide."""

    def __init__(self, policy: FloorPolicy) -> None:
        """Begin with nobody signed in and no call."""
        self.policy = policy
        self.agents = {
            agent_id: Agent(profile) for agent_id, profile in policy.agents.items()
        }
        self.ready: Line[AgentId, Agent] = Line()
        self.calls: dict[CallId, Call] = {}
        self.callers: dict[LegId, Call] = {}
        self.offers: dict[OfferId, Offer] = {}
        self.waiting: Line[CallId, Call] = Line()
        self.deadlines = Deadlines()
        self.is_linked = False
        """Whether the switch can be told anything; without it no offer is made."""
        self.boot_id: str | None = None
        self.alive_at: datetime | None = None
        """The last proof that the switch, and all that we knew in it, lived."""
        self.closed: OrderedDict[CallId, Place] = OrderedDict()
        self.ended_legs: OrderedDict[LegId, None] = OrderedDict()

    def agent(self, agent_id: AgentId) -> Agent:
        """Return an agent.

        Raises:
            UnknownAgent: Nobody of that id is on the floor.
        """
        try:
            return self.agents[agent_id]
        except KeyError:
            raise UnknownAgent(agent_id) from None

    def call(self, call_id: CallId) -> Call:
        """Return a live call.

        Raises:
            UnknownCall: It never arrived, or has ended.
        """
        try:
            return self.calls[call_id]
        except KeyError:
            raise UnknownCall(call_id) from None

    def place_of_call(self, call_id: CallId) -> Place:
        """Return the place of a call that lives or ended a short time ago.

        Raises:
            UnknownCall: It never arrived, or ended long ago.
        """
        if call_id in self.calls:
            return self.calls[call_id].place
        try:
            return self.closed[call_id]
        except KeyError:
            raise UnknownCall(call_id) from None

    def place_of_leg(self, leg_id: str | None) -> Place | None:
        """Return the place of a live leg's call, or None when it has none."""
        if leg_id in self.callers:
            return self.callers[LegId(leg_id)].place
        if leg_id in self.offers:
            return self.offers[OfferId(leg_id)].place
        return None

    def move_agent(
        self, turn: Turn, agent: Agent, fact: type[Fact], *, reason: str = ""
    ) -> None:
        """Move an agent by a fact, and keep the index of who is ready.

        Raises:
            IllegalTransition: The state has no place for the fact; nothing changed.
        """
        agent.take(turn, fact, reason=reason)
        self._index(agent)

    def restore_agent(self, agent: Agent) -> None:
        """Put an agent of an earlier floor in place; nobody left is passed over."""
        known = self.agents.get(agent.profile.agent_id)
        if known is not None:
            agent.profile = known.profile
            self.ready.remove(agent.profile.agent_id)
            self.agents[agent.profile.agent_id] = agent
            self._index(agent)

    def _index(self, agent: Agent) -> None:
        agent_id = agent.profile.agent_id
        if agent.state is AgentState.READY and agent.ready_since is not None:
            self.ready.add(agent_id, agent, since=agent.ready_since)
        else:
            self.ready.remove(agent_id)

    def queue(self, call: Call) -> None:
        """Put a call into the line, at its place by when it was queued."""
        if call.queued_at is None:
            raise AssertionError(f"call {call.call_id!r} waits without a queue time")
        self.waiting.add(call.call_id, call, since=call.queued_at)

    def add_call(self, call: Call) -> None:
        """Take in a new call."""
        self.calls[call.call_id] = call
        self.callers[call.leg_id] = call

    def forget_call(self, call: Call) -> None:
        """Drop a closed call, but for its place."""
        self.waiting.remove(call.call_id)
        del self.calls[call.call_id]
        del self.callers[call.leg_id]
        _remember(self.closed, call.call_id, call.place)

    def remember_ended(self, leg_id: LegId) -> bool:
        """Note that a leg ended; return False when that was known."""
        if leg_id in self.ended_legs:
            return False
        _remember(self.ended_legs, leg_id, None)
        return True


def _remember(memory: OrderedDict[K, V], key: K, value: V) -> None:
    memory[key] = value
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)
