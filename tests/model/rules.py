"""What must hold after every step, whatever was lost on the way."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from acd.core.engine import Engine
from acd.vocabulary.facts import Fact
from acd.vocabulary.flow_facts import CallArrived
from acd.vocabulary.ids import AgentId, CallId, OfferId, QueueId
from acd.vocabulary.leg_facts import CallQueued
from acd.vocabulary.offer_facts import (
    CallAdopted,
    CallClosed,
    CallConnected,
    CallLeftLine,
    ConversationEnded,
    OfferStarted,
)
from acd.vocabulary.routing_facts import RoutingDecided
from acd.vocabulary.states import AgentState, CallState
from tests.model.switch import Switch
from tests.support.builders import at
from tests.support.routing import can_serve, goes_before

REPAIRED_S = 15.0
"""Within so long of an unbroken link whatever was lost is put right."""

_STAGES = (CallArrived, CallAdopted, CallQueued, CallConnected, ConversationEnded)


QUEUES = (QueueId("q_x"), QueueId("q_y"))


class Broken(AssertionError):
    """A rule did not hold."""


class Rules:
    """Watches what an engine says against what really is."""

    def __init__(self) -> None:
        self.closed: Counter[CallId] = Counter()
        self.offers = 0
        self.left = 0
        """How often a caller left a line by a key."""
        self._places: dict[tuple[CallId, QueueId], datetime] = {}
        self._last_at: dict[CallId, datetime] = {}
        self._wrong_since_s: dict[object, float] = {}

    def hear(self, engine: Engine, facts: Iterable[Fact]) -> None:
        """Check each fact that the engine said."""
        decided: RoutingDecided | None = None
        for fact in facts:
            if isinstance(fact, RoutingDecided):
                decided = fact
            if isinstance(fact, OfferStarted):
                if decided is None or decided.offer_id != fact.offer_id:
                    raise Broken(f"no reason for {fact.offer_id}")
                self.offers += 1
                self._in_order(engine, fact)
            if isinstance(fact, _STAGES):
                self._durations(fact)
            if isinstance(fact, CallLeftLine | CallQueued | CallAdopted):
                self._place_is_kept(fact)
            if isinstance(fact, CallClosed):
                self.closed[fact.call_id] += 1
                if self.closed[fact.call_id] > 1:
                    raise Broken(f"call {fact.call_id} was closed twice")
                if fact.at < self._last_at.get(fact.call_id, fact.at):
                    raise Broken(f"call {fact.call_id} ended before its last news")

    def _place_is_kept(self, fact: CallLeftLine | CallQueued | CallAdopted) -> None:
        match fact:
            case CallLeftLine():
                self.left += 1
                self._places[fact.call_id, fact.queue_id] = fact.queued_at
            case CallQueued():
                place = self._places.get((fact.call_id, fact.queue_id))
                if fact.since != place:
                    raise Broken(f"{fact} should have kept its place of {place}")
            case CallAdopted():
                # By an engine that forgot: the switch knows the place, and no more.
                for queue_id in QUEUES:
                    self._places.pop((fact.call_id, queue_id), None)

    def _in_order(self, engine: Engine, started: OfferStarted) -> None:
        call = engine.floor.calls.get(started.call_id)
        agent = engine.floor.agents[started.agent_id].profile
        if call is None or call.queued_at is None:
            raise Broken(f"an offer was made for {started.call_id}, which waits not")
        floor = engine.floor
        for other in map(floor.call, floor.waiting):
            if not can_serve(floor, agent, other) or other.queued_at is None:
                continue
            if goes_before(floor, other, call, started.at):
                raise Broken(f"{call.call_id} was offered before {other.call_id}")

    def _durations(
        self,
        fact: CallArrived
        | CallAdopted
        | CallQueued
        | CallConnected
        | ConversationEnded,
    ) -> None:
        last_at = self._last_at.get(fact.call_id, fact.at)
        if fact.at < last_at:
            raise Broken(f"{fact} lies before the news of the call before it")
        self._last_at[fact.call_id] = fact.at

    def check(self, engine: Engine, switch: Switch, *, linked_s: float) -> None:
        """Check what the engine believes.

        Args:
            engine: Believes.
            switch: Is.
            linked_s: Since when the link stands without a break.
        """
        self._no_two_offers(engine)
        self._held_agents(engine)
        self._nobody_waits_in_vain(engine)
        # What lay in a link that broke may be done late, for an offer that is over by
        # then; a round ends it.
        offers = engine.floor.offers
        for pair in switch.ringing_twice:
            if all(one in offers and offers[one].is_open for one in pair):
                raise Broken(f"a device rang for two offers: {pair}")
        switch.ringing_twice.clear()
        if switch.torn:
            raise Broken(f"a conversation was torn: {switch.torn}")
        self._repaired(engine, switch, linked_s)

    def _no_two_offers(self, engine: Engine) -> None:
        live = [o for o in engine.floor.offers.values() if o.is_open]
        if len({o.call_id for o in live}) < len(live):
            raise Broken("a call has two open offers")
        if len({o.agent_id for o in live}) < len(live):
            raise Broken("an agent has two open offers")

    def _held_agents(self, engine: Engine) -> None:
        floor = engine.floor
        held = [
            floor.offers[call.offer_id].agent_id
            for call in floor.calls.values()
            if call.state
            in (CallState.OFFERED, CallState.CONNECTING, CallState.TALKING)
            and call.offer_id in floor.offers
        ]
        busy = [
            agent_id
            for agent_id, agent in floor.agents.items()
            if agent.state in (AgentState.RESERVED, AgentState.TALKING)
        ]
        if sorted(held) != sorted(busy):
            raise Broken(f"held by calls: {held}, but busy: {busy}")

    def _nobody_waits_in_vain(self, engine: Engine) -> None:
        floor = engine.floor
        if not floor.is_linked or not floor.ready:
            return
        for call in floor.calls.values():
            if call.state is not CallState.QUEUED or call.retry_at is not None:
                continue
            if any(can_serve(floor, agent.profile, call) for agent in floor.ready):
                raise Broken(f"{call.call_id} waits though somebody is ready")

    def _repaired(self, engine: Engine, switch: Switch, linked_s: float) -> None:
        wrong = set(self._wrong(engine, switch))
        since = self._wrong_since_s
        for what in since.keys() - wrong:
            del since[what]
        for what in wrong:
            first_s = max(since.setdefault(what, switch.now_s), linked_s)
            if switch.now_s - first_s > REPAIRED_S:
                raise Broken(f"{what} was not put right within {REPAIRED_S:g} s")

    def _wrong(self, engine: Engine, switch: Switch) -> Iterable[object]:
        floor = engine.floor
        for call in floor.calls.values():
            leg = switch.legs.get(call.leg_id)
            if leg is None:
                yield "a call without a leg", call.call_id
            elif leg.context == "cc-wait" and call.state is CallState.IN_FLOW:
                yield "a caller who waits unknown", call.call_id
            elif (leg.bridge_id is None) is (call.state is CallState.TALKING):
                yield "a conversation that is another", call.call_id
        for offer in floor.offers.values():
            if offer.leg_id not in switch.legs:
                yield "an offer without a leg", offer.offer_id
        for leg in switch.legs.values():
            if leg.offer is not None and OfferId(leg.leg_id) not in floor.offers:
                yield "a leg of nobody's offer", leg.leg_id

    def at_rest(self, engine: Engine, switch: Switch, *, callers: set[CallId]) -> None:
        """Check that nothing is left when everybody has gone.

        Args:
            engine: Believes.
            switch: Is.
            callers: Everybody of whose arrival the engine was told.
        """
        floor = engine.floor
        left = (floor.calls, floor.callers, floor.offers, switch.legs)
        if any(left) or len(floor.waiting):
            raise Broken(f"something is left: {left}")
        if engine.next_deadline is not None:
            raise Broken(f"something is due still: {engine.next_deadline}")
        if unclosed := callers - self.closed.keys():
            raise Broken(f"no record of {unclosed} was closed")
        if extra := self.closed.keys() - callers:
            raise Broken(f"records of {extra} are of nobody")
        if held := [a for a in floor.agents.values() if a.call_id is not None]:
            raise Broken(f"agents with nobody's call: {held}")

    def times_are_true(
        self, facts: Iterable[Fact], switch: Switch, *, slack_s: float
    ) -> None:
        """Check each record's instants against the leg's real ones."""
        for fact in facts:
            if isinstance(fact, CallQueued) and fact.since is None:
                true_at = at(switch.queued_s[fact.call_id])
                if not 0 <= (fact.at - true_at).total_seconds() <= 1:
                    raise Broken(f"{fact}, but it was at {true_at}")
            if isinstance(fact, CallClosed):
                true_at = at(switch.ended_s[fact.call_id])
                off_s = (fact.at - true_at).total_seconds()
                if not fact.is_estimated and not 0 <= off_s <= 1:
                    raise Broken(f"{fact} is {off_s} s off, and no estimate")
                if fact.is_estimated and not -slack_s <= off_s <= slack_s:
                    raise Broken(f"{fact} is {off_s} s off")


def idle(engine: Engine) -> list[AgentId]:
    """Return who could take a call if they wished to."""
    return [
        agent_id
        for agent_id, agent in engine.floor.agents.items()
        if agent.state in (AgentState.NOT_READY, AgentState.READY)
    ]
