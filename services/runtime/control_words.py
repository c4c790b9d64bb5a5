"""The words for what agents do with a call in hand."""

from collections.abc import Callable, Mapping
from typing import Any

from acd.vocabulary import control_facts
from acd.vocabulary.control_facts import Control
from acd.vocabulary.fact import FactOf

Tell = Callable[[Any, Any], str]

_DOINGS = {
    Control.HOLD: "hold",
    Control.TAKE_BACK: "taking back",
    Control.TRANSFER: "transfer",
    Control.PAUSE: "pause of the recording",
    Control.RESUME: "end of the recording's pause",
}


def _resumed(fact: control_facts.RecordingResumed, _legs: object) -> str:
    how = "by its limit" if fact.is_by_limit else f"by agent {fact.agent_id}"
    paused_s = (fact.at - fact.paused_at).total_seconds()
    return f"the recording goes on, {how}; {paused_s:.1f} s are in none"


def _transfer(fact: control_facts.TransferAsked, _legs: object) -> str:
    where = f"queue {fact.to_queue}" if fact.to_queue else f"agent {fact.to_agent}"
    return f"{fact.agent_id} asked to transfer the caller to {where}"


def _transferred(fact: control_facts.CallTransferred, _legs: object) -> str:
    first = f", agent {fact.to_agent} is rung first" if fact.to_agent else ""
    note = f"; note: {fact.note}" if fact.note else ""
    why = "" if fact.is_asked else ", since the agent was gone"
    where = f"from queue {fact.from_queue} to queue {fact.to_queue}"
    return f"the caller was transferred {where}{first}{why}; the place is kept{note}"


CONTROL_WORDS: Mapping[type[FactOf], tuple[str, Tell]] = {
    control_facts.HoldAsked: (
        "agent",
        lambda f, _l: f"{f.agent_id} asked to put the caller on hold",
    ),
    control_facts.TakeBackAsked: (
        "agent",
        lambda f, _l: f"{f.agent_id} asked to take the caller back",
    ),
    control_facts.PauseAsked: (
        "agent",
        lambda f, _l: f"{f.agent_id} asked for no recording, for {f.for_s:g} s",
    ),
    control_facts.ResumeAsked: (
        "agent",
        lambda f, _l: f"{f.agent_id} asked for the recording to go on",
    ),
    control_facts.NuisanceMarked: (
        "agent",
        lambda f, _l: f"{f.agent_id} says that the caller disturbs: {f.note or '-'}",
    ),
    control_facts.TransferAsked: ("agent", _transfer),
    control_facts.CallTransferred: ("engine", _transferred),
    control_facts.RecordingMuted: (
        "switch",
        lambda f, _l: f"writes {'no' if f.is_muted else 'the'} sound down",
    ),
    control_facts.ControlFailed: (
        "switch",
        lambda f, _l: f"{_DOINGS[f.what]} was not done: {f.detail}",
    ),
    control_facts.CallHeld: (
        "engine",
        lambda f, _l: f"caller of agent {f.agent_id} is on hold, and hears music",
    ),
    control_facts.CallTakenBack: (
        "engine",
        lambda f, _l: (
            f"caller and agent {f.agent_id} hear each other again, after"
            f" {f.hold_s:.1f} s"
        ),
    ),
    control_facts.RecordingPaused: (
        "engine",
        lambda f, _l: f"nothing of agent {f.agent_id} is recorded from here on",
    ),
    control_facts.RecordingResumed: ("engine", _resumed),
}
"""Who tells each fact, and in which words."""
