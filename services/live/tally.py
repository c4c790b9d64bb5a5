"""How often what happened: facts folded into counts, off the call path."""

from collections import Counter

from acd.vocabulary.facts import Fact
from acd.vocabulary.flow_facts import CallArrived
from acd.vocabulary.leg_facts import LegChecked, LegEnded, LegEnding
from acd.vocabulary.offer_facts import (
    CallAdopted,
    CallClosed,
    CallConnected,
    OfferAnswered,
    OfferAnsweredLate,
    OfferDeclined,
    OfferFailed,
    OfferStarted,
    OfferTimedOut,
    OfferWithdrawn,
)

_OFFER_ENDINGS: dict[type[Fact], str] = {
    OfferAnswered: "answered",
    OfferTimedOut: "timed_out",
    OfferDeclined: "declined",
    OfferFailed: "failed",
    OfferWithdrawn: "withdrawn",
    OfferAnsweredLate: "answered_late",
}


class Tally:
    """Counts since the engine's start; the keys are labels, never persons."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.arrived: Counter[tuple[str]] = Counter()
        """Calls by province."""
        self.closed: Counter[tuple[str, str]] = Counter()
        """Calls by province and close reason."""
        self.estimated = 0
        """Calls whose end was found, not seen."""
        self.mismatches: Counter[tuple[str]] = Counter()
        """What the switch showed otherwise than the engine believed, by what it was."""
        self.conversations = 0
        self.offers_started = 0
        self.offers_ended: Counter[tuple[str]] = Counter()
        """By how they ended; ``timed_out`` is the RONA."""

    def count(self, fact: Fact) -> None:
        """Take in one fact."""
        kind = type(fact)
        if kind in _OFFER_ENDINGS:
            self.offers_ended[(_OFFER_ENDINGS[kind],)] += 1
        elif isinstance(fact, CallArrived):
            self.arrived[(fact.place.province,)] += 1
        elif isinstance(fact, OfferStarted):
            self.offers_started += 1
        elif isinstance(fact, CallConnected):
            self.conversations += 1
        elif isinstance(fact, CallAdopted):
            self.mismatches[("call_unknown",)] += 1
        elif isinstance(fact, LegChecked):
            self.mismatches[("leg_changed",)] += 1
        elif isinstance(fact, LegEnded) and fact.ending is LegEnding.LOST:
            self.mismatches[("leg_gone",)] += 1
        elif isinstance(fact, CallClosed):
            self.closed[fact.place.province, fact.reason.value] += 1
            self.estimated += fact.is_estimated
