"""All that the engine knows right now: calls, agents, offers, who waits for whom."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from acd.core.agents import AT_WORK, Agent
from acd.core.calls import Call
from acd.core.deadlines import Deadlines
from acd.core.lines import Lines
from acd.core.turn import Turn
from acd.policy import AgentProfile, FloorPolicy
from acd.routing.handling_time import HandlingTimes
from acd.routing.quality import Quality
from acd.routing.ready import ReadyIndex
from acd.routing.requirements import is_served_by
from acd.routing.waiting import WaitingIndex
from acd.vocabulary.decisions import MirrorAgents, OpenMember
from acd.vocabulary.errors import UnknownAgent, UnknownCall
from acd.vocabulary.facts import Fact
from acd.vocabulary.ids import AgentId, CallId, LegId, OfferId, Place, QueueId
from acd.vocabulary.states import AgentState, CallState

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
    """When it, or its conversation, was over; the leg may live a little longer."""
    open_leg_id: LegId | None = None
    """The agent's leg where the open queue rang it; else it has the offer's id."""

    @property
    def leg_id(self) -> LegId:
        """The agent's leg: ours bears the offer's id, the open queue's its own."""
        return self.open_leg_id or LegId(self.offer_id)


def in_order(profiles: Mapping[AgentId, AgentProfile]) -> dict[AgentId, Agent]:
    """Return agents as they begin, by their ids: one floor is like another then."""
    return {it: Agent(profile) for it, profile in sorted(profiles.items())}


class Floor:
    """The engine's memory; the functions beside it decide."""

    def __init__(self, policy: FloorPolicy) -> None:
        """Begin with nobody signed in and no call."""
        self.agents = in_order(policy.agents)
        self.calls: dict[CallId, Call] = {}
        self.callers: dict[LegId, Call] = {}
        self.offers: dict[OfferId, Offer] = {}
        self.open_legs: dict[LegId, OfferId] = {}
        """Conversations of the open queue, by the agent's leg."""
        self.in_open_queue: dict[CallId, Call] = {}
        """For whom the switch looks for an agent by itself."""
        self.shown: dict[AgentId, OpenMember] = {}
        """What the open queue was told of each agent."""
        self._moved: dict[AgentId, Agent] = {}
        self.handling_times = HandlingTimes()
        self.lines = Lines(policy, self.handling_times)
        self.policy_text: str | None = None
        """The policy as a text, once somebody asked for it."""
        self.closing: dict[QueueId, datetime] = {}
        """Queues that were taken out, and when; they go when they are empty."""
        self.leaving: dict[AgentId, bool] = {}
        """Agents who were taken out and finish a call first; whether only for that
        they are to be signed out."""
        self.put_policy(policy)
        self.deadlines = Deadlines()
        self.is_linked = False
        """Whether the switch can be told anything; without it no offer is made."""
        self.boot_id: str | None = None
        self.alive_at: datetime | None = None
        """The last proof that the switch, and all that we knew in it, lived."""
        self.closed: OrderedDict[CallId, Place] = OrderedDict()
        self.ended_legs: OrderedDict[LegId, None] = OrderedDict()

    def put_policy(self, policy: FloorPolicy) -> None:
        """Decide by a policy from here on; every agent has their profile of it."""
        self.policy, self.policy_text = policy, None
        self.queues_of = {
            agent_id: _served_by(policy, agent.profile)
            for agent_id, agent in self.agents.items()
        }
        """Whose callers each agent can serve."""
        self.lines.begin(policy, self.agents)
        for call in self.calls.values():
            if call.state is CallState.QUEUED:
                self.queue(call)
        for agent_id, agent in self.agents.items():
            if agent.state is not AgentState.SIGNED_OUT:
                self._moved[agent_id] = agent

    def forget_agent(self, agent_id: AgentId) -> None:
        """Drop an agent who is signed out and whose legs have ended."""
        self.lines.forget(agent_id)
        del self.agents[agent_id], self.queues_of[agent_id]
        self.shown.pop(agent_id, None)
        self._moved.pop(agent_id, None)

    @property
    def quality(self) -> Quality:
        """How everybody's calls end."""
        return self.lines.scoring.quality

    @quality.setter
    def quality(self, quality: Quality) -> None:
        self.lines.scoring.quality = quality
        self.lines.ready.reorder()

    @property
    def ready(self) -> ReadyIndex:
        """Who is ready."""
        return self.lines.ready

    @property
    def waiting(self) -> WaitingIndex:
        """Who waits."""
        return self.lines.waiting

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
        call = self.callers.get(LegId(leg_id)) if leg_id else None
        if call is not None:
            return call.place
        offer = self.offer_of(leg_id) if leg_id else None
        return offer.place if offer else None

    def offer_of(self, leg_id: str) -> Offer | None:
        """Return the offer that an agent's leg belongs to, or None."""
        offer_id = self.open_legs.get(LegId(leg_id)) if self.open_legs else None
        return self.offers.get(offer_id or OfferId(leg_id))

    def forget_offer(self, leg_id: LegId) -> Offer | None:
        """Drop the offer of an agent's leg that has ended, and return it."""
        offer_id = self.open_legs.pop(leg_id, OfferId(leg_id))
        return self.offers.pop(offer_id, None)

    def move_agent(
        self, turn: Turn, agent: Agent, fact: type[Fact], *, reason: str = ""
    ) -> None:
        """Move an agent by a fact, and keep the index of who is ready.

        Raises:
            IllegalTransition: The state has no place for the fact; nothing changed.
        """
        before, ready_since = agent.state, agent.ready_since
        if before is AgentState.SIGNED_OUT:
            # Who comes to work is as busy as those who are there.
            mean = self.lines.mean_occupancy()
            agent.occupancy = agent.occupancy if mean is None else mean
        agent.take(turn, fact, reason=reason)
        if agent.ready_since != ready_since:
            mean = self.lines.mean_occupancy()
            agent.over = agent.occupancy - mean if mean is not None else 0.0
        if agent.state is before is not AgentState.READY:
            return
        self.lines.move(agent)
        if before not in AT_WORK or agent.state not in AT_WORK:
            # Whatever somebody does at work, the open queue sees the same.
            self._moved[agent.profile.agent_id] = agent

    def restore_agent(self, agent: Agent) -> None:
        """Put an agent of an earlier floor in place; nobody left is passed over."""
        known = self.agents.get(agent.profile.agent_id)
        if known is not None:
            agent.profile = known.profile
            self.agents[agent.profile.agent_id] = agent
            self.lines.move(agent)
            self._moved[agent.profile.agent_id] = agent

    def choose_device(self, agent: Agent, *, is_on_page: bool) -> bool:
        """Let another device of an agent's ring; return False where nothing changes."""
        if is_on_page == agent.is_on_page:
            return False
        agent.is_on_page = is_on_page
        self._moved[agent.profile.agent_id] = agent
        return True

    def queue(self, call: Call) -> None:
        """Put a call where it waits, by its class, its step and when it was queued.

        One that is to be offered again only later is put there then.
        """
        if call.retry_at is None:
            self.lines.enter(call)

    def mirror(self, turn: Turn) -> None:
        """Let the open queue know of agents who moved, if it is news to it."""
        if not self._moved:
            return
        moved, self._moved = self._moved, {}
        news = {
            agent_id: member
            for agent_id, member in ((it, self._member(a)) for it, a in moved.items())
            if self.shown.get(agent_id) != member
        }
        if news:
            before = {it: self.shown[it] for it in news if it in self.shown}
            left = tuple(
                replace(was, queue_ids=())
                for agent_id, was in before.items()
                if was.device_id != news[agent_id].device_id and was.queue_ids
            )
            self.shown |= news
            members = (*left, *news.values())
            turn.decisions.append(MirrorAgents(members=members))

    def mirror_all(self, turn: Turn) -> None:
        """Let the open queue know of everybody."""
        self._moved = {}
        for agent_id, agent in self.agents.items():
            self.shown[agent_id] = self._member(agent)
        working = tuple(it for it in self.shown.values() if it.queue_ids)
        turn.decisions.append(MirrorAgents(members=working, is_whole=True))

    def _member(self, agent: Agent) -> OpenMember:
        profile = agent.profile
        is_working = agent.state is not AgentState.SIGNED_OUT
        return OpenMember(
            agent_id=profile.agent_id,
            device_id=agent.device_id,
            queue_ids=self.queues_of[profile.agent_id] if is_working else (),
            is_paused=agent.state is AgentState.NOT_READY,
        )

    def add_call(self, call: Call) -> None:
        """Take in a new call."""
        self.calls[call.call_id] = call
        self.callers[call.leg_id] = call
        if call.is_in_open_queue:
            self.in_open_queue[call.call_id] = call

    def add_offer(self, offer: Offer) -> None:
        """Take in an offer, or a conversation of the open queue."""
        self.offers[offer.offer_id] = offer
        if offer.open_leg_id is not None:
            self.open_legs[offer.open_leg_id] = offer.offer_id

    def forget_call(self, call: Call) -> None:
        """Drop a closed call, but for its place."""
        self.waiting.remove(call.call_id)
        self.in_open_queue.pop(call.call_id, None)
        del self.calls[call.call_id]
        del self.callers[call.leg_id]
        _remember(self.closed, call.call_id, call.place)

    def has_ended(self, leg_id: LegId) -> bool:
        """Return whether a leg is known to have ended, of late."""
        return leg_id in self.ended_legs

    def remember_ended(self, leg_id: LegId) -> bool:
        """Note that a leg ended; return False when that was known."""
        if leg_id in self.ended_legs:
            return False
        _remember(self.ended_legs, leg_id, None)
        return True


def _served_by(policy: FloorPolicy, agent: AgentProfile) -> tuple[QueueId, ...]:
    """Return the queues whose callers an agent can serve, wherever they are.

    What counts is each queue's first step that is open to anybody.
    """
    return tuple(
        queue.queue_id for queue in policy.queues.values() if is_served_by(queue, agent)
    )


def _remember(memory: OrderedDict[K, V], key: K, value: V) -> None:
    memory[key] = value
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)
