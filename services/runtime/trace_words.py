"""The words for what a walk tells besides its way: prompts, look-ups, branches."""

from collections.abc import Callable, Mapping
from typing import Any

from acd.vocabulary import flow_facts
from acd.vocabulary.fact import FactOf

Tell = Callable[[Any, Any], str]


def _heard(fact: flow_facts.PromptHeard, _legs: object) -> str:
    if fact.interrupted_ms is None:
        return f"said what {fact.step} says"
    by = f" by {fact.interrupted_by}" if fact.interrupted_by else ""
    return f"was cut short at {fact.step}{by} after {fact.interrupted_ms / 1000:.1f} s"


def _unheard(fact: flow_facts.HearingFailed, _legs: object) -> str:
    return f"heard no words any more at {fact.step}: {fact.detail}"


def _announced(fact: flow_facts.AnnouncementHeard, _legs: object) -> str:
    if fact.interrupted_ms is None:
        return f"announced {fact.name}"
    took_s = fact.interrupted_ms / 1000
    return f"was cut short in the announcement {fact.name} after {took_s:.1f} s"


def _collected(fact: flow_facts.DigitsCollected, _legs: object) -> str:
    digits = fact.digits or f"{fact.count} secret digits"
    return f"gave {digits} at {fact.step}"


def _looked_up(fact: flow_facts.LookedUp, _legs: object) -> str:
    outcome = fact.outcome.value.replace("_", " ")
    detail = f": {fact.detail}" if fact.detail else ""
    return f"asked for {fact.name}: {outcome} after {fact.took_ms} ms{detail}"


def _words(fact: flow_facts.WordsHeard, _legs: object) -> str:
    said = f"said {fact.text!r}" if fact.text else "said something secret"
    because = f": {fact.why}" if fact.why else ""
    meant = fact.meant or "what is asked"
    made = {
        flow_facts.WordsOutcome.TAKEN: f"taken for {meant}",
        flow_facts.WordsOutcome.UNCERTAIN: f"asked whether {meant} is meant",
        flow_facts.WordsOutcome.REFUSED: "which fits nothing there",
    }[fact.outcome]
    sure = f"{fact.certainty:.2f} sure, " if fact.certainty else ""
    heard = f"heard with {fact.confidence:.2f}"
    who = f" by {fact.recogniser} in {fact.took_ms} ms" if fact.recogniser else ""
    return f"{said} at {fact.step} ({made}{because}; {sure}{heard}{who})"


def _went_into(fact: flow_facts.SubFlowEntered, _legs: object) -> str:
    how = "was transferred to" if fact.is_transfer else "went into"
    return f"{how} {fact.into} at {fact.step}"


def _described(fact: flow_facts.CallDescribed, _legs: object) -> str:
    notes = ", ".join(f"{note.name} {note.value}" for note in fact.notes)
    return f"says of the call: {notes}"


TRACE_WORDS: Mapping[type[FactOf], tuple[str, Tell]] = {
    flow_facts.PromptHeard: ("flow", _heard),
    flow_facts.HearingFailed: ("flow", _unheard),
    flow_facts.AnnouncementHeard: ("flow", _announced),
    flow_facts.DigitsCollected: ("caller", _collected),
    flow_facts.LookedUp: ("flow", _looked_up),
    flow_facts.BranchTaken: (
        "flow",
        lambda f, _l: f"{f.step} leads to {f.goto}: {f.because}",
    ),
    flow_facts.MessageRecorded: (
        "caller",
        lambda f, _l: f"left a message of {f.length_s:.1f} s, {f.name}",
    ),
    flow_facts.OrderCreated: (
        "flow",
        lambda f, _l: f"made order {f.order_id or 'without a number'} ({f.order_kind})",
    ),
    flow_facts.SmsSent: ("flow", lambda f, _l: f"sent a message to {f.to}"),
    flow_facts.SurveyAnswered: (
        "caller",
        lambda f, _l: f"answered {f.answer} to {f.name}",
    ),
    flow_facts.WordsHeard: ("caller", _words),
    flow_facts.SubFlowEntered: ("flow", _went_into),
    flow_facts.SubFlowLeft: (
        "flow",
        lambda f, _l: f"came back from {f.flow} to {f.back_to}",
    ),
    flow_facts.ServiceBegun: (
        "flow",
        lambda f, _l: f"began {f.item}, without a person",
    ),
    flow_facts.ServiceDone: ("flow", lambda f, _l: f"did {f.item}, without a person"),
    flow_facts.CallDescribed: ("flow", _described),
}
"""Who tells each fact, and in which words."""
