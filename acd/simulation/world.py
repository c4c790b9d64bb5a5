"""Callers, phones and agents on a virtual clock, told to whoever decides."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from typing import Any, Final, TypeVar

from acd.core.turn import Outcome
from acd.simulation.chance import Chance
from acd.simulation.crowd import DAY_S, Caller, again, callers_of
from acd.simulation.decider import Decider
from acd.simulation.people import People
from acd.simulation.scenario import Scenario
from acd.vocabulary.agent_facts import (
    AgentNotReady,
    AgentReady,
    AgentSignedIn,
    AgentSignedOut,
    AgentStateEntered,
    WrapUpDone,
    WrapUpStarted,
)
from acd.vocabulary.decisions import (
    BridgeCall,
    ControlOrder,
    Decision,
    DismissAgent,
    EndCall,
    MirrorAgents,
    RingAgent,
    StopRinging,
    StoreRecording,
)
from acd.vocabulary.facts import Fact, ToldFact
from acd.vocabulary.flow_facts import CallArrived
from acd.vocabulary.ids import AgentId, CallId, LegId, OfferId, Place
from acd.vocabulary.leg_facts import (
    CallQueued,
    LegAnswered,
    LegEnded,
    LegEnding,
    LegJoined,
    SwitchSeen,
)
from acd.vocabulary.offer_facts import CallClosed, CallConnected
from acd.vocabulary.states import AgentState

T = TypeVar("T")

START: Final = datetime(2026, 1, 5, tzinfo=UTC)
"""When the first day opens: a Monday, at eight in the morning in China."""
BREAK: Final = "break"
_OVERTIME_S: Final = 7200.0
"""After the close agents stay for those who wait; it is not counted."""
_AGAIN, _SIGN_IN = 21, 22
_SIGN_IN_S: Final = 1.0
"""Within so long all are ready at a day's opening, in an order of chance."""


def instant(at_s: float) -> datetime:
    """Return the instant so many seconds after the first day's opening."""
    return START + timedelta(seconds=at_s)


@dataclass(slots=True)
class _Live:
    """One call that lives."""

    caller: Caller
    call_id: CallId
    leg_id: LegId
    place: Place
    offers: int = 0
    offer_id: OfferId | None = None
    """Of the conversation."""
    agent_id: AgentId | None = None
    wrap_up_s: float = 0.0


Hear = Callable[[Fact], None]
Measured = Callable[[float, Outcome], None]
"""Takes how long one turn took in real time, and what came of it."""


class World:
    """One simulation: moved event by event, the same again for the same seed."""

    def __init__(
        self, scenario: Scenario, decider: Decider, people: People, *, seed: int
    ) -> None:
        """Begin before the first day's opening.

        Args:
            scenario: What is lived through.
            decider: Is told all, and asked to decide.
            people: Who the agents are.
            seed: Of all chance.
        """
        self.now_s = -1.0
        self._at = instant(self.now_s)
        self.hear: list[Hear] = []
        """Each takes every fact, in order."""
        self.clock: Callable[[], float] | None = None
        """Real seconds, for how long decisions take; None: it is not measured."""
        self.measured: Measured | None = None
        self._scenario, self._seed = scenario, seed
        self._decider, self._people = decider, people
        self._limits_s = {
            queue.queue_id: queue.wrap_up_s for queue in scenario.floor.queues.values()
        }
        self._live: dict[CallId, _Live] = {}
        self._ringing: dict[OfferId, CallId] = {}
        self._states: dict[AgentId, tuple[AgentState, CallId | None]] = {}
        self._untold: deque[ToldFact] = deque()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._planned = 0
        self._coming: Iterator[Caller] = iter(())
        self._takes: dict[type[Fact], Callable[[Any], None]] = {
            AgentStateEntered: self._entered,
            CallConnected: self._talk,
            WrapUpStarted: self._wrap_up,
            CallClosed: self._closed,
        }
        """What the world does of facts; of the rest it made the cause itself."""

    def run(self, passed: Callable[[float], None] | None = None) -> None:
        """Live through all days, until the last call is over.

        Args:
            passed: Told now and then which part of the time is over, from 0 to 1.
        """
        days = self._scenario.warm_up_days + self._scenario.days
        self._say(
            SwitchSeen(at=instant(-1), boot_id="1", taken_at=instant(-1), legs=())
        )
        for day in range(days):
            self._plan(day * DAY_S, partial(self._open, day))
        while self._agenda:
            self._step()
            if passed is not None and not self._planned % 1000:
                passed(min(1.0, self.now_s / (days * DAY_S)))

    def _step(self) -> None:
        at_s = self._agenda[0][0]
        due, at = self._decider.next_deadline, instant(at_s)
        if due is not None and due <= at:
            self.now_s = max(self.now_s, (due - START).total_seconds())
            self._at = instant(self.now_s)
            self._turn(self._decider.tick, due)
            self._tell_all()
        else:
            self._at = at
            self.now_s, _, do = heappop(self._agenda)
            do()

    def _plan(self, at_s: float, do: Callable[[], None]) -> None:
        self._planned += 1
        heappush(self._agenda, (at_s, self._planned, do))

    # A day.

    def _open(self, day: int) -> None:
        scenario, opening_s = self._scenario, day * DAY_S
        stays = scenario.open_s + _OVERTIME_S >= DAY_S
        for nth, agent_id in enumerate(scenario.floor.agents):
            if day == 0 or not stays:
                in_s = Chance(self._seed, _SIGN_IN, nth, day).share() * _SIGN_IN_S
                self._plan(opening_s + in_s, partial(self._sign_in, agent_id))
            for at_s in self._people.breaks_at_s(agent_id, day):
                self._plan(opening_s + at_s, partial(self._wish_break, agent_id))
        if not stays:
            self._plan(opening_s + scenario.open_s + _OVERTIME_S, self._close)
        self._coming = callers_of(scenario, self._seed, day)
        self._await_next()

    def _close(self) -> None:
        for agent_id, (state, _) in list(self._states.items()):
            if state is not AgentState.SIGNED_OUT:
                self._say(AgentSignedOut(at=self._at, agent_id=agent_id))

    def _await_next(self) -> None:
        caller = next(self._coming, None)
        if caller is not None:
            self._plan(caller.at_s, partial(self._come, caller))

    def _come(self, caller: Caller) -> None:
        self._arrive(caller)
        self._await_next()

    # Callers.

    def _arrive(self, caller: Caller) -> None:
        call_id = CallId(f"call-{caller.key}")
        kind = self._scenario.kinds[caller.kind]
        # What names its place needs not be written anew by the engine.
        place = self._scenario.floor.queues[kind.queue_id].place
        live = _Live(caller, call_id, LegId(f"leg-{caller.key}"), place)
        self._live[call_id] = live
        at = self._at
        self._untold.append(
            CallArrived(
                at=at,
                place=place,
                call_id=call_id,
                leg_id=live.leg_id,
                number="",
                caller_number="",
                caller_name="",
                sip_call_id="",
            )
        )
        self._say(
            CallQueued(
                at=at,
                place=place,
                call_id=call_id,
                leg_id=live.leg_id,
                queue_id=kind.queue_id,
                skills=(),
                call_class=kind.call_class,
            )
        )
        leaves_s = self.now_s + caller.patience_s
        self._plan(leaves_s, partial(self._lose_patience, live))

    def _lose_patience(self, live: _Live) -> None:
        if live.offer_id is None and live.call_id in self._live:
            at, leg_id = self._at, live.leg_id
            ended = LegEnded(
                at=at, place=live.place, leg_id=leg_id, ending=LegEnding.HUNG_UP
            )
            self._say(ended)

    def _hang_up(self, live: _Live) -> None:
        if live.call_id not in self._live or live.offer_id is None:
            return
        legs = [live.leg_id, LegId(live.offer_id)]
        agent_id = live.agent_id
        if agent_id is not None and self._people.cuts_short(agent_id, live.caller):
            legs.reverse()
        at = self._at
        for leg_id in legs:
            ended = LegEnded(
                at=at, place=live.place, leg_id=leg_id, ending=LegEnding.HUNG_UP
            )
            self._untold.append(ended)
        self._tell_all()

    def _closed(self, fact: CallClosed) -> None:
        live = self._live.pop(fact.call_id)
        habits, caller = self._scenario.habits, live.caller
        chance = Chance(self._seed, _AGAIN, caller.key)
        if live.agent_id is not None:
            is_again = self._people.cuts_short(live.agent_id, caller)
        else:
            is_again = chance.share() < habits.again
        if is_again:
            at_s = self.now_s + chance.span(habits.again_s)
            if at_s % DAY_S < self._scenario.open_s:
                next_try = again(caller, self._scenario, self._seed, at_s)
                self._plan(at_s, partial(self._arrive, next_try))

    # Agents and their phones.

    def _sign_in(self, agent_id: AgentId) -> None:
        at = self._at
        self._untold.append(AgentSignedIn(at=at, agent_id=agent_id))
        self._say(AgentReady(at=at, agent_id=agent_id))

    def _wish_break(self, agent_id: AgentId) -> None:
        if self._state(agent_id) is not AgentState.SIGNED_OUT:
            at = self._at
            self._say(AgentNotReady(at=at, agent_id=agent_id, reason=BREAK))

    def _back(self, agent_id: AgentId) -> None:
        if self._state(agent_id) is AgentState.NOT_READY:
            self._say(AgentReady(at=self._at, agent_id=agent_id))

    def _done(self, agent_id: AgentId, call_id: CallId) -> None:
        if self._states.get(agent_id) == (AgentState.WRAP_UP, call_id):
            place = self._scenario.floor.agents[agent_id].place
            at = self._at
            self._say(WrapUpDone(at=at, place=place, agent_id=agent_id))

    def _state(self, agent_id: AgentId) -> AgentState:
        return self._states.get(agent_id, (AgentState.SIGNED_OUT, None))[0]

    def _answer(self, offer_id: OfferId) -> None:
        live = self._live.get(self._ringing.pop(offer_id, CallId("")))
        if live is not None:
            at, leg_id = self._at, LegId(offer_id)
            self._say(LegAnswered(at=at, place=live.place, leg_id=leg_id))

    def _ring(self, ring: RingAgent) -> None:
        live = self._live.get(ring.call_id)
        if live is None:
            return
        live.offers += 1
        self._ringing[ring.offer_id] = ring.call_id
        ring_s = self._people.ring_s(live.caller, live.offers)
        if ring_s is not None:
            self._plan(self.now_s + ring_s, partial(self._answer, ring.offer_id))

    def _join(self, bridge: BridgeCall) -> None:
        at, bridge_id = self._at, f"bridge-{bridge.offer_id}"
        place = self._live[bridge.call_id].place
        for leg_id in (bridge.caller_leg_id, LegId(bridge.offer_id)):
            joined = LegJoined(at=at, place=place, leg_id=leg_id, bridge_id=bridge_id)
            self._untold.append(joined)

    # What is told, and what comes of it.

    def _say(self, fact: ToldFact) -> None:
        """Tell a fact, after those that wait to be told, and all that follows."""
        self._untold.append(fact)
        self._tell_all()

    def _tell_all(self) -> None:
        untold = self._untold
        while untold:
            self._turn(self._decider.apply, untold.popleft())

    def _turn(self, decide: Callable[[T], Outcome], told: T) -> None:
        if self.clock is None or self.measured is None:
            outcome = decide(told)
        else:
            since_s = self.clock()
            outcome = decide(told)
            self.measured(self.clock() - since_s, outcome)
        for fact in outcome.facts:
            take = self._takes.get(type(fact))
            if take is not None:
                take(fact)
            for hear in self.hear:
                hear(fact)
        for decision in outcome.decisions:
            self._carry_out(decision)

    def _entered(self, fact: AgentStateEntered) -> None:
        self._states[fact.agent_id] = (fact.state, fact.call_id)
        if fact.state is AgentState.NOT_READY and fact.reason:
            habits = self._scenario.habits
            away_s = habits.break_s if fact.reason == BREAK else habits.back_s
            self._plan(self.now_s + away_s, partial(self._back, fact.agent_id))

    def _talk(self, fact: CallConnected) -> None:
        live = self._live[fact.call_id]
        live.offer_id, live.agent_id = fact.offer_id, fact.agent_id
        whole_s = self._people.handling_s(fact.agent_id, live.caller, self.now_s)
        kind = self._scenario.kinds[live.caller.kind]
        limit_s = self._limits_s[fact.queue_id]
        live.wrap_up_s = min(limit_s, whole_s * kind.wrap_up_share)
        ends_s = self.now_s + whole_s - live.wrap_up_s
        self._plan(ends_s, partial(self._hang_up, live))

    def _wrap_up(self, fact: WrapUpStarted) -> None:
        live = self._live[fact.call_id]
        # What takes the limit whole is ended by it.
        if instant(self.now_s + live.wrap_up_s) < fact.until_at:
            done = partial(self._done, fact.agent_id, fact.call_id)
            self._plan(self.now_s + live.wrap_up_s, done)

    def _carry_out(self, decision: Decision) -> None:
        match decision:
            case RingAgent():
                self._ring(decision)
            case StopRinging() | DismissAgent():
                self._ringing.pop(decision.offer_id, None)
                self._untold.append(
                    LegEnded(
                        at=self._at,
                        leg_id=LegId(decision.offer_id),
                        ending=LegEnding.HUNG_UP,
                    )
                )
            case BridgeCall():
                self._join(decision)
            case EndCall() | StoreRecording() | MirrorAgents() | ControlOrder():
                """Nothing of this is simulated."""
