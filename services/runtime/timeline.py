"""A call's facts as a timeline: when, who, and a sentence in plain words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from acd.vocabulary import (
    agent_facts,
    estimate_facts,
    floor_facts,
    flow_facts,
    leg_facts,
    offer_facts,
    open_facts,
    recording_facts,
    routing_facts,
)
from acd.vocabulary.fact import FactOf, Tick
from acd.vocabulary.flow_facts import FlowEnding
from acd.vocabulary.leg_facts import LegEnding
from acd.vocabulary.states import AgentState
from acd.vocabulary.wire import WireError, from_wire
from services.runtime.control_words import CONTROL_WORDS
from services.runtime.trace_words import TRACE_WORDS

_MISSING_FROM_S = 1.0
"""A recording that is so much shorter than its talk was cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One step of a call."""

    at: datetime
    offset_s: float
    """Since the first fact; the caller's arrival, as a rule."""
    source: str
    """``caller``, ``flow``, ``switch``, ``engine``, ``agent`` or ``recording``."""
    sentence: str
    kind: str
    seq: int
    """Its number in the journal."""


@dataclass(frozen=True, slots=True)
class Legs:
    """Whose leg is whose and how long each talked, for words."""

    names: Mapping[str, str]
    talked_s: Mapping[str, float]
    """Length of each conversation that is over, by its offer."""

    @classmethod
    def of(cls, story: Mapping[str, Any]) -> "Legs":
        """Read the legs and the conversations of a call's story."""
        names = {
            row["leg_id"]: (
                "the caller" if row["role"] == "caller" else f"agent {row['agent_id']}"
            )
            for row in story["legs"]
        }
        return cls(names, dict(_lengths(story["conversations"])))

    def whose(self, leg_id: str) -> str:
        """Return whose leg it is, in words."""
        return self.names.get(leg_id, f"leg {leg_id}")


def timeline(story: Mapping[str, Any]) -> list[Moment]:
    """Return the moments of a call, in order.

    Args:
        story: As ``GET /calls/{id}/story`` tells it.
    """
    rows = story["facts"]
    legs = Legs.of(story)
    facts = [_fact(row["body"]) for row in rows]
    start_at = min((_instant(row["at"]) for row in rows), default=None)
    moments = []
    for n, (row, fact) in enumerate(zip(rows, facts, strict=True)):
        at = _instant(row["at"])
        assert start_at is not None  # noqa: S101 - there is at least this row
        source, sentence = _told(fact, row, legs, facts[n + 1 :])
        moments.append(
            Moment(
                at=at,
                offset_s=(at - start_at).total_seconds(),
                source=source,
                sentence=printable(sentence),
                kind=row["kind"],
                seq=row["seq"],
            )
        )
    return moments


def printable(text: str) -> str:
    """Return a text that cannot move a terminal's cursor or change its colours."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _fact(body: Mapping[str, Any]) -> FactOf | None:
    try:
        return from_wire(body)
    except WireError:
        return None


def _told(
    fact: FactOf | None,
    row: Mapping[str, Any],
    legs: Legs,
    after: Sequence[FactOf | None],
) -> tuple[str, str]:
    if fact is None:
        return "engine", f"{row['kind']}, which this release cannot read"
    if isinstance(fact, flow_facts.KeyPressed):
        source, sentence = "caller", _key_pressed(fact, after)
    else:
        source, tell = WORDS[type(fact)]
        sentence = tell(fact, legs)
    if row["origin"] == "refused":
        sentence = f"refused: {sentence}"
    return source, sentence


def _pressed(fact: flow_facts.KeyPressed) -> str:
    return f"pressed {fact.key or 'a secret key'} at {fact.step}"


def _key_pressed(fact: flow_facts.KeyPressed, after: Sequence[FactOf | None]) -> str:
    said = _pressed(fact)
    if not fact.is_choice:
        return f"{said} (stands for nothing there)"
    steps = (flow_facts.StepEntered, flow_facts.CallRouted)
    led_to = next((it.step for it in after if isinstance(it, steps)), None)
    return said if led_to is None else f"{said} (stands for {led_to})"


_ENDINGS = {
    LegEnding.HUNG_UP: "hung up",
    LegEnding.BUSY: "was busy",
    LegEnding.DECLINED: "declined",
    LegEnding.NO_ANSWER: "did not answer",
    LegEnding.UNREACHABLE: "could not be reached",
    LegEnding.LOST: "was found gone",
}
_FLOW_ENDINGS = {
    FlowEnding.COMPLETED: "said all there was to say",
    FlowEnding.CALLER_LEFT: "was left by the caller",
    FlowEnding.FAILED: "failed",
}


def _arrived(fact: flow_facts.CallArrived, _legs: Legs) -> str:
    name = f" ({fact.caller_name})" if fact.caller_name else ""
    return f"{fact.caller_number}{name} dialled {fact.number}"


def _flow_ended(fact: flow_facts.FlowEnded, _legs: Legs) -> str:
    detail = f": {fact.detail}" if fact.detail else ""
    where = f"{fact.flow}, at {fact.step}"
    return f"{where}, {_FLOW_ENDINGS[fact.ending]}{detail}"


def _routed(fact: flow_facts.CallRouted, _legs: Legs) -> str:
    needs = f", needs {', '.join(fact.skills)}" if fact.skills else ""
    return f"is for queue {fact.queue_id}{needs}"


def _leg_ended(fact: leg_facts.LegEnded, legs: Legs) -> str:
    cause = f" (cause {fact.cause})" if fact.cause else ""
    return f"{legs.whose(fact.leg_id)} {_ENDINGS[fact.ending]}{cause}"


def _closed(fact: offer_facts.CallClosed, _legs: Legs) -> str:
    guess = "; the time is an estimate" if fact.is_estimated else ""
    reason = fact.reason.value.replace("_", " ")
    return f"call closed: {reason}, ended by {fact.ended_by.value}{guess}"


def _state(fact: agent_facts.AgentStateEntered, _legs: Legs) -> str:
    why = f" ({fact.reason})" if fact.reason else ""
    state = "in wrap-up" if fact.state is AgentState.WRAP_UP else fact.state.value
    return f"agent {fact.agent_id} is {state.replace('_', ' ')}{why}"


def _lengths(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    for row in rows:
        if row["started_at"] and row["ended_at"]:
            length = _instant(row["ended_at"]) - _instant(row["started_at"])
            yield row["offer_id"], length.total_seconds()


def _stored(fact: recording_facts.RecordingStored, legs: Legs) -> str:
    sentence = (
        f"stored {fact.path}: {fact.length_s:.1f} s, {fact.size_bytes} bytes, "
        f"sha256 {fact.sha256}"
    )
    missing_s = legs.talked_s.get(fact.offer_id, 0.0) - fact.length_s
    if missing_s < _MISSING_FROM_S:
        return sentence
    # The recording begins at the answer, before they are joined: it is never shorter.
    return f"{sentence}; {missing_s:.1f} s of the talk are missing, was the disk full?"


def _by_limit(fact: agent_facts.WrapUpEnded, _legs: Legs) -> str:
    how = "at its limit" if fact.is_by_limit else "by the agent"
    return f"wrap-up of agent {fact.agent_id} ended {how}"


def _device(fact: agent_facts.DeviceChosen, _legs: Legs) -> str:
    where = "in the page" if fact.is_on_page else "of their own"
    return f"{fact.agent_id} is rung on the telephone {where}"


def _leg(what: str) -> "Tell":
    return lambda fact, legs: f"{legs.whose(fact.leg_id)} {what}"


Tell = Callable[[Any, Legs], str]

WORDS: Mapping[type[FactOf], tuple[str, Tell]] = {
    flow_facts.CallArrived: ("caller", _arrived),
    flow_facts.CallAnswered: ("flow", lambda _f, _l: "took the call off the hook"),
    flow_facts.StepEntered: ("flow", lambda f, _l: f"came to {f.step} of {f.flow}"),
    flow_facts.KeyPressed: ("caller", lambda f, _l: _pressed(f)),
    flow_facts.KeyTimedOut: ("caller", lambda f, _l: f"pressed nothing at {f.step}"),
    flow_facts.CallRouted: ("flow", _routed),
    flow_facts.FlowEnded: ("flow", _flow_ended),
    **TRACE_WORDS,
    **CONTROL_WORDS,
    flow_facts.LeaveAsked: (
        "caller",
        lambda f, _l: f"asked by key {f.key} to leave the line of {f.step}",
    ),
    offer_facts.CallLeftLine: (
        "engine",
        lambda f, _l: f"the caller left the line of {f.queue_id}; the place is kept",
    ),
    leg_facts.CallQueued: ("switch", lambda f, _l: f"waits in queue {f.queue_id}"),
    leg_facts.LegRang: ("switch", _leg("is ringing")),
    leg_facts.LegAnswered: (
        "switch",
        lambda f, legs: f"{legs.whose(f.leg_id)} answered",
    ),
    leg_facts.LegJoined: (
        "switch",
        lambda f, legs: f"{legs.whose(f.leg_id)} was joined",
    ),
    leg_facts.LegParted: (
        "switch",
        lambda f, legs: f"{legs.whose(f.leg_id)} was parted",
    ),
    leg_facts.LegEnded: ("switch", _leg_ended),
    leg_facts.BridgeFailed: ("switch", lambda f, _l: f"could not join: {f.detail}"),
    leg_facts.SwitchLost: ("switch", lambda _f, _l: "the link to the switch is down"),
    leg_facts.SwitchSeen: ("switch", lambda f, _l: f"{len(f.legs)} legs were seen"),
    leg_facts.LegChecked: (
        "switch",
        lambda f, legs: f"{legs.whose(f.leg.leg_id)} was looked at again",
    ),
    open_facts.OpenQueueJoined: (
        "switch",
        lambda f, _l: f"came to the open queue {f.queue_id}, dialled {f.number}",
    ),
    open_facts.OpenQueueLeft: ("switch", lambda _f, _l: "left the open queue unserved"),
    open_facts.OpenQueueServed: (
        "switch",
        lambda f, _l: f"agent {f.agent_id} took it from the open queue",
    ),
    open_facts.OpenTalkEnded: (
        "switch",
        lambda f, _l: f"the {f.ended_by.value} ended the talk",
    ),
    open_facts.CallbackLeft: ("caller", lambda _f, _l: "left a number to be called"),
    agent_facts.AgentSignedIn: ("agent", lambda f, _l: f"{f.agent_id} signed in"),
    agent_facts.AgentSignedOut: ("agent", lambda f, _l: f"{f.agent_id} signed out"),
    agent_facts.AgentReady: ("agent", lambda f, _l: f"{f.agent_id} asked for work"),
    agent_facts.AgentNotReady: (
        "agent",
        lambda f, _l: f"{f.agent_id} asked for no more work ({f.reason})",
    ),
    agent_facts.WrapUpDone: ("agent", lambda f, _l: f"{f.agent_id} ended wrap-up"),
    agent_facts.DeviceChosen: ("agent", _device),
    agent_facts.SoundMeasured: (
        "agent",
        lambda f, _l: (
            f"sounded to {f.agent_id} like {f.mos:.1f} of 4.5: {f.loss:.1%} lost,"
            f" {f.jitter_ms:.0f} ms jitter, {f.round_trip_ms:.0f} ms there and back"
        ),
    ),
    agent_facts.CallDisposed: (
        "agent",
        lambda f, _l: f"{f.agent_id} says it was about {f.disposition}",
    ),
    agent_facts.WrapUpStarted: (
        "engine",
        lambda f, _l: f"wrap-up of agent {f.agent_id} began",
    ),
    agent_facts.WrapUpEnded: ("engine", _by_limit),
    agent_facts.AgentStateEntered: ("engine", _state),
    routing_facts.RoutingDecided: (
        "engine",
        lambda f, _l: (
            f"chose agent {f.agent_id} by {f.rule}, step {f.by_step + 1}, "
            f"of {f.ready} ready"
        ),
    ),
    offer_facts.OfferStarted: (
        "engine",
        lambda f, _l: f"offers it to agent {f.agent_id} on {f.device_id}",
    ),
    offer_facts.OfferRang: ("engine", lambda f, _l: f"agent {f.agent_id} is rung"),
    offer_facts.OfferAnswered: (
        "engine",
        lambda f, _l: f"agent {f.agent_id} took the offer; both are being joined",
    ),
    offer_facts.OfferTimedOut: (
        "engine",
        lambda f, _l: f"agent {f.agent_id} let it ring",
    ),
    offer_facts.OfferDeclined: (
        "engine",
        lambda f, _l: f"agent {f.agent_id} refused the offer",
    ),
    offer_facts.OfferFailed: (
        "engine",
        lambda f, _l: f"agent {f.agent_id} could not be rung: {f.failure.value}",
    ),
    offer_facts.OfferWithdrawn: (
        "engine",
        lambda f, _l: f"offer to agent {f.agent_id} taken back, by the {f.by.value}",
    ),
    offer_facts.OfferAnsweredLate: (
        "engine",
        lambda f, _l: f"agent {f.agent_id} answered when the offer was over",
    ),
    offer_facts.CallConnected: (
        "engine",
        lambda f, _l: f"caller and agent {f.agent_id} hear each other",
    ),
    offer_facts.ConversationEnded: (
        "engine",
        lambda f, _l: f"caller and agent {f.agent_id} parted by the {f.ended_by.value}",
    ),
    offer_facts.CallAdopted: (
        "engine",
        lambda f, _l: f"found the call alive in the switch, dialled {f.number}",
    ),
    offer_facts.CallClosed: ("engine", _closed),
    estimate_facts.EstimatesRebuilt: (
        "engine",
        lambda f, _l: f"handling times of {len(f.agents)} agents were worked out anew",
    ),
    floor_facts.FloorPublished: (
        "engine",
        lambda f, _l: f"version {f.version} of the floor is in force",
    ),
    floor_facts.QueueClosed: (
        "engine",
        lambda f, _l: f"queue {f.queue_id}, which was taken out, is empty and gone",
    ),
    recording_facts.RecordingStored: ("recording", _stored),
    recording_facts.RecordingMissing: (
        "recording",
        lambda f, _l: f"missing: {f.reason}",
    ),
    Tick: ("engine", lambda _f, _l: "a deadline passed"),
}
"""Who tells each fact, and in which words; a test fails for a fact that is not here."""
