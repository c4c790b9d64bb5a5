"""A day on record, taken apart: what people did, and what followed from each offer."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from acd.vocabulary.agent_facts import WrapUpDone, WrapUpStarted
from acd.vocabulary.fact import Tick
from acd.vocabulary.facts import Fact, ToldFact
from acd.vocabulary.flow_facts import CallArrived
from acd.vocabulary.ids import AgentId, CallId, LegId, OfferId, QueueId
from acd.vocabulary.leg_facts import (
    BridgeFailed,
    CallQueued,
    LegAnswered,
    LegEnded,
    LegJoined,
    LegParted,
    LegRang,
)
from acd.vocabulary.offer_facts import (
    CallAdopted,
    CallClosed,
    CallConnected,
    ConversationEnded,
    OfferStarted,
)

_USUAL_RING_S: Final = 4.0
_USUAL_TALK_S: Final = 180.0
LegFact = LegRang | LegAnswered | LegJoined | LegParted | LegEnded


@dataclass(frozen=True, slots=True)
class Told:
    """One fact that came from outside."""

    nth: int
    """Its place on record."""
    moment: datetime
    """When it was taken in: never before what was taken in before it."""
    fact: ToldFact


@dataclass(slots=True, kw_only=True)
class RecordedOffer:
    """One offer, and what the switch told because of it."""

    started: OfferStarted
    script: list[Told] = field(default_factory=list)


@dataclass(slots=True)
class Record:
    """What was on record in a time, for living it through again."""

    before: list[ToldFact] = field(default_factory=list)
    """What was told before the time, from which the engine knows what it knew."""
    free: list[Told] = field(default_factory=list)
    """What people and the switch did whoever was chosen."""
    offers: dict[OfferId, RecordedOffer] = field(default_factory=dict)
    decisions: list[OfferStarted] = field(default_factory=list)
    ticks: list[Told] = field(default_factory=list)
    """When deadlines were acted on, which is later on a busy machine."""
    talks: dict[CallId, tuple[AgentId, float]] = field(default_factory=dict)
    """With whom and how long each caller talked."""
    talks_of: dict[QueueId, list[float]] = field(default_factory=dict)
    """How long callers of each queue talked."""
    wrap_ups_s: dict[CallId, float] = field(default_factory=dict)
    """Of the calls whose wrap-up ended by the agent's word."""
    rings_s: list[float] = field(default_factory=list)
    callers: dict[LegId, CallId] = field(default_factory=dict)
    """Whose leg each caller's was."""
    served_at: dict[CallId, datetime] = field(default_factory=dict)
    waited_s: float = 0.0
    """How long callers waited in all, and ``left`` of them in vain."""
    left: int = 0

    @property
    def patience_s(self) -> float | None:
        """Mean patience: waiting of all by those who lost it; None if nobody did."""
        return self.waited_s / self.left if self.left else None

    @property
    def ring_s(self) -> float:
        """Mean of how long it rang until it was answered."""
        return _mean(self.rings_s, _USUAL_RING_S)

    def talk_s(self, queue_id: QueueId, nth: int) -> float:
        """Return how long a caller may talk of whom nothing is on record."""
        known = self.talks_of.get(queue_id)
        return known[nth % len(known)] if known else _USUAL_TALK_S


def record_of(facts: Iterable[Fact], since: datetime) -> Record:
    """Take apart what is on record.

    Args:
        facts: All of them in their order, but for those that were refused.
        since: Where the time begins that is to be lived through; what lies before it
            tells only how the floor was then.
    """
    taking = _Taking(since)
    for fact in facts:
        taking.take(fact)
    return taking.record


class _Taking:
    """Goes through facts once."""

    def __init__(self, since: datetime) -> None:
        self.record = Record()
        self._since = since
        self._moment = since
        self._nth = 0
        self._queued_at: dict[CallId, datetime] = {}
        self._script_of: dict[CallId, OfferId] = {}
        """The offer by which a caller came into a conversation."""
        self._answered: set[OfferId] = set()
        self._talking: dict[CallId, CallConnected] = {}
        self._wrapping: dict[AgentId, tuple[CallId, datetime]] = {}

    def take(self, fact: Fact) -> None:
        is_before = self._moment == self._since and fact.at < self._since
        self._nth += 1
        if is_before:
            if isinstance(fact, CallArrived | CallAdopted):
                self.record.callers[fact.leg_id] = fact.call_id
            if isinstance(fact, ToldFact):
                self.record.before.append(fact)
            return
        self._moment = max(self._moment, fact.at)
        if isinstance(fact, ToldFact):
            self._told(fact)
        else:
            self._established(fact)

    def _established(self, fact: Fact) -> None:
        record = self.record
        match fact:
            case OfferStarted():
                record.offers[fact.offer_id] = RecordedOffer(started=fact)
                record.decisions.append(fact)
            case CallAdopted():
                self.record.callers[fact.leg_id] = fact.call_id
            case CallConnected():
                self._talking[fact.call_id] = fact
                record.served_at[fact.call_id] = fact.at
                self._waited(fact.call_id, fact.at)
            case CallClosed():
                record.left += self._waited(fact.call_id, fact.at)
            case ConversationEnded():
                connected = self._talking.pop(fact.call_id, None)
                if connected is not None:
                    talk_s = (fact.at - connected.at).total_seconds()
                    record.talks[fact.call_id] = fact.agent_id, talk_s
                    record.talks_of.setdefault(connected.queue_id, []).append(talk_s)
            case WrapUpStarted():
                self._wrapping[fact.agent_id] = fact.call_id, fact.at
            case _:
                """What else follows, follows again."""

    def _waited(self, call_id: CallId, until: datetime) -> bool:
        """Count a wait that is over; return False when there was none."""
        since = self._queued_at.pop(call_id, None)
        if since is not None:
            self.record.waited_s += (until - since).total_seconds()
        return since is not None

    def _told(self, fact: ToldFact) -> None:
        record, told = self.record, Told(self._nth, self._moment, fact)
        match fact:
            case Tick():
                record.ticks.append(told)
            case WrapUpDone() if fact.agent_id in self._wrapping:
                call_id, since = self._wrapping.pop(fact.agent_id)
                record.wrap_ups_s[call_id] = (fact.at - since).total_seconds()
            case BridgeFailed() if fact.offer_id in record.offers:
                record.offers[fact.offer_id].script.append(told)
            case LegRang() | LegAnswered() | LegJoined() | LegParted() | LegEnded():
                self._leg(told, fact)
            case CallArrived():
                record.callers[fact.leg_id] = fact.call_id
                record.free.append(told)
            case CallQueued():
                record.callers.setdefault(fact.leg_id, fact.call_id)
                self._queued_at[fact.call_id] = fact.at
                record.free.append(told)
            case _:
                record.free.append(told)

    def _leg(self, told: Told, fact: LegFact) -> None:
        record = self.record
        offer = record.offers.get(OfferId(fact.leg_id))
        call_id = self.record.callers.get(fact.leg_id)
        if offer is not None:
            offer_id = offer.started.offer_id
            if isinstance(fact, LegAnswered) and offer_id not in self._answered:
                self._answered.add(offer_id)
                ring_s = (fact.at - offer.started.at).total_seconds()
                record.rings_s.append(ring_s)
            if isinstance(fact, LegJoined):
                self._script_of[offer.started.call_id] = offer_id
        elif call_id is not None and isinstance(fact, LegJoined):
            # The caller may come first into the bridge: the offer that is answered.
            offer_id_of = self._answered_of(call_id)
            offer = record.offers.get(offer_id_of) if offer_id_of else None
        elif call_id is not None and call_id in self._script_of:
            offer = record.offers[self._script_of[call_id]]
        (record.free if offer is None else offer.script).append(told)

    def _answered_of(self, call_id: CallId) -> OfferId | None:
        """Return the last offer of a call, if it was answered."""
        for decision in reversed(self.record.decisions):
            if decision.call_id == call_id:
                is_answered = decision.offer_id in self._answered
                return decision.offer_id if is_answered else None
        return None


def _mean(values: list[float], usual: float) -> float:
    return sum(values) / len(values) if values else usual
