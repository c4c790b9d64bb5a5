"""A recorded time lived through again, under its own policy or another."""

from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Final
from zlib import crc32

from acd.core.engine import Engine
from acd.core.turn import Outcome
from acd.policy import FloorPolicy
from acd.simulation.chance import Chance
from acd.simulation.record import Record, Told
from acd.simulation.world import Hear
from acd.vocabulary.agent_facts import WrapUpDone, WrapUpStarted
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
from acd.vocabulary.errors import AcdError
from acd.vocabulary.facts import Fact, ToldFact
from acd.vocabulary.ids import CallId, LegId, OfferId
from acd.vocabulary.leg_facts import (
    CallQueued,
    LegAnswered,
    LegChecked,
    LegEnded,
    LegEnding,
    LegJoined,
    SwitchLost,
    SwitchSeen,
)
from acd.vocabulary.offer_facts import CallClosed, CallConnected, OfferStarted

_TICK_LATE: Final = timedelta(seconds=1)
"""A deadline on record was acted on so soon, if it was the same one."""
_STALLED: Final = timedelta(seconds=30)
"""It was the same one for so long, while all went as on record."""
_PATIENCE = 41
_Planned = tuple[datetime, int, ToldFact, CallId | None]
"""When, in which order, what; and of which call it is for sure."""
_LATER: Final = 1 << 60
"""What is not on record comes after what is, at the same instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The decisions made again beside those on record."""

    recorded: int
    made: int
    same: int
    """Offers of the same call to the same agent."""
    first_other: OfferStarted | None
    """The first on record that was not made again; None where all were."""


class Again:
    """Lives through a record; whatever was chosen otherwise is put in its place.

    An offer that is made again to the same agent goes on as it did. Another rings as
    long as offers did on the mean, and takes as long as the call did, by the measure
    of who has it now. Who left in vain leaves at the same instant, unless in a
    conversation by then; who was served waits on as callers of the day did.
    """

    def __init__(
        self, record: Record, policy: FloorPolicy, *, hear: Hear | None = None
    ) -> None:
        """Begin with what was known when the record begins."""
        self.engine = Engine(policy)
        self.made: list[OfferStarted] = []
        self._record, self._hear = record, hear
        self._is_other = False
        self._agenda: list[_Planned] = []
        self._later = _LATER
        self._ticks = record.ticks
        self._scripted: set[OfferId] = set()
        self._legs = {call_id: leg_id for leg_id, call_id in record.callers.items()}
        self._talking: set[CallId] = set()
        for fact in record.before:
            self._apply(fact)
        for told in record.free:
            heappush(self._agenda, (told.moment, told.nth, told.fact, None))

    def run(self) -> Compared:
        """Live through all of it.

        Returns:
            How the decisions compare with those on record.
        """
        while self._agenda:
            due = self.engine.next_deadline
            if due is not None:
                moment, nth, at = self._acted_at(due)
                if (moment, nth) < self._agenda[0][:2]:
                    self._follow(self.engine.tick(at))
                    continue
            _, _, fact, call_id = heappop(self._agenda)
            if self._has_its_place(fact, call_id):
                self._follow(self._apply(fact))
        return self._compared()

    def _acted_at(self, due: datetime) -> tuple[datetime, int, datetime]:
        """Return when a deadline is acted on: as on record, if it is there.

        Returns:
            Moment and place among all that is told, and what the clock showed.
        """
        limit = _TICK_LATE if self._is_other else _STALLED
        first = bisect_left(self._ticks, due, key=_shown)
        if first < len(self._ticks):
            tick = self._ticks[first]
            if tick.fact.at - due < limit:
                return tick.moment, tick.nth, tick.fact.at
        return due, 0, due

    def _has_its_place(self, fact: ToldFact, call_id: CallId | None) -> bool:
        """Tell whether a fact can be so in this course of things."""
        match fact:
            case SwitchSeen() | LegChecked() | SwitchLost():
                return not self._is_other
            case WrapUpDone() if call_id is not None:
                return self.engine.floor.agents[fact.agent_id].call_id == call_id
            case LegEnded() if call_id is None:
                # Whoever left in vain on record may be in a conversation here.
                return self._record.callers.get(fact.leg_id) not in self._talking
            case _:
                return True

    def _compared(self) -> Compared:
        made = {(it.offer_id, it.agent_id) for it in self.made}
        recorded = self._record.decisions
        other = [it for it in recorded if (it.offer_id, it.agent_id) not in made]
        return Compared(
            recorded=len(recorded),
            made=len(self.made),
            same=len(recorded) - len(other),
            first_other=other[0] if other else None,
        )

    def _apply(self, fact: ToldFact) -> Outcome:
        try:
            return self.engine.apply(fact)
        except AcdError:
            # A wish, or news of a leg, for which this course of things has no place.
            return Outcome(facts=(), decisions=())

    def _plan(self, fact: ToldFact, call_id: CallId | None = None) -> None:
        self._later += 1
        heappush(self._agenda, (fact.at, self._later, fact, call_id))

    def _follow(self, outcome: Outcome) -> None:
        for fact in outcome.facts:
            self._take(fact)
            if self._hear is not None:
                self._hear(fact)
        if outcome.facts:
            for decision in outcome.decisions:
                self._carry_out(decision, outcome.facts[0].at)

    def _take(self, fact: Fact) -> None:
        match fact:
            case OfferStarted():
                self._offered(fact)
            case CallQueued():
                self._wait_on(fact)
            case CallConnected():
                self._talking.add(fact.call_id)
                if fact.offer_id not in self._scripted:
                    self._talk(fact)
            case CallClosed():
                self._talking.discard(fact.call_id)
            case WrapUpStarted():
                self._wrap_up(fact)
            case _:
                """The rest follows by itself."""

    def _offered(self, made: OfferStarted) -> None:
        self.made.append(made)
        recorded = self._record.offers.get(made.offer_id)
        if recorded is None or recorded.started.agent_id != made.agent_id:
            self._is_other = True
            ring = timedelta(seconds=self._record.ring_s)
            self._plan(LegAnswered(at=made.at + ring, leg_id=LegId(made.offer_id)))
            return
        self._scripted.add(made.offer_id)
        moved = made.at - recorded.started.at
        for told in recorded.script:
            fact = replace(told.fact, at=told.fact.at + moved)
            planned = (told.moment + moved, told.nth, fact, made.call_id)
            heappush(self._agenda, planned)

    def _wait_on(self, queued: CallQueued) -> None:
        """Let who was served on record lose patience, if it is later here."""
        served_at = self._record.served_at.get(queued.call_id)
        patience_s = self._record.patience_s
        if served_at is not None and patience_s is not None:
            chance = Chance(_PATIENCE, _number(queued.call_id))
            at = served_at + timedelta(seconds=chance.span(patience_s))
            self._plan(LegEnded(at=at, leg_id=queued.leg_id, ending=LegEnding.HUNG_UP))

    def _talk(self, connected: CallConnected) -> None:
        kind = self.engine.floor.policy.queues[connected.queue_id].kind
        times, known = self.engine.floor.handling_times, self._record.talks
        if connected.call_id in known:
            before, talk_s = known[connected.call_id]
            talk_s *= times.expected_s(connected.agent_id, kind)
            talk_s /= times.expected_s(before, kind)
        else:
            nth = _number(connected.call_id)
            talk_s = self._record.talk_s(connected.queue_id, nth)
        at = connected.at + timedelta(seconds=talk_s)
        for leg_id in (self._legs[connected.call_id], LegId(connected.offer_id)):
            ended = LegEnded(at=at, leg_id=leg_id, ending=LegEnding.HUNG_UP)
            self._plan(ended, connected.call_id)

    def _wrap_up(self, started: WrapUpStarted) -> None:
        spent_s = self._record.wrap_ups_s.get(started.call_id)
        if spent_s is not None:
            at = started.at + timedelta(seconds=spent_s)
            if at < started.until_at:
                done = WrapUpDone(at=at, agent_id=started.agent_id)
                self._plan(done, started.call_id)

    def _carry_out(self, decision: Decision, at: datetime) -> None:
        match decision:
            case BridgeCall() if decision.offer_id not in self._scripted:
                bridge_id = f"bridge-{decision.offer_id}"
                for leg_id in (decision.caller_leg_id, LegId(decision.offer_id)):
                    self._plan(LegJoined(at=at, leg_id=leg_id, bridge_id=bridge_id))
            case StopRinging() | DismissAgent():
                if decision.offer_id not in self._scripted:
                    leg_id, ending = LegId(decision.offer_id), LegEnding.HUNG_UP
                    ended = LegEnded(at=at, leg_id=leg_id, ending=ending)
                    self._plan(ended, CallId(""))
            case RingAgent() | BridgeCall() | EndCall():
                """What is on record went on as it stands there."""
            case StoreRecording() | MirrorAgents() | ControlOrder():
                """Nothing of this is simulated."""


def _shown(told: Told) -> datetime:
    return told.fact.at


def _number(call_id: CallId) -> int:
    """Return a number that is the call's in each run."""
    return crc32(call_id.encode())
