"""What callers do and hear before a person: facts told by the walk of a flow."""

from dataclasses import dataclass
from enum import StrEnum

from acd.vocabulary.fact import FactOf
from acd.vocabulary.ids import CallId, LegId, QueueId, SkillId


class FlowEnding(StrEnum):
    """How a walk ended that led to no queue."""

    COMPLETED = "completed"
    """The flow's own hang-up was reached."""
    CALLER_LEFT = "caller_left"
    """The caller hung up while the flow was heard."""
    FAILED = "failed"
    """The flow or its line broke; ``detail`` says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived(FactOf):
    """A caller reached one of our numbers."""

    call_id: CallId
    leg_id: LegId
    number: str
    """The number dialled."""
    caller_number: str
    """As presented, or ``unknown`` where it was none or could not be believed."""
    caller_name: str
    sip_call_id: str
    """Call-ID of the caller's SIP dialog, for comparing with other systems."""
    flow_version: int = 0
    """The published version of the flows that the caller is led by; 0 of none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(FactOf):
    """The flow took the call off the hook: from here on it is heard."""

    call_id: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceOf(FactOf):
    """What a walk tells of a step: read afterwards, and decides nothing."""

    call_id: CallId
    flow: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEntered(TraceOf):
    """The walk came to a step of a flow."""

    nth: int
    """Order within the call, shared by steps and keys, counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPressed(TraceOf):
    """The caller pressed a key at a step."""

    key: str
    """Empty at a step whose keys are secret."""
    nth: int
    is_choice: bool
    """Whether the key stands for something at this step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTimedOut(TraceOf):
    """No key came within the step's time."""

    nth: int


class WordsOutcome(StrEnum):
    """What was made of words."""

    TAKEN = "taken"
    UNCERTAIN = "uncertain"
    """The caller is asked whether it was meant."""
    REFUSED = "refused"
    """They fit nothing that is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsHeard(TraceOf):
    """The caller said something at a step."""

    nth: int
    text: str
    """Empty at a secret step, as is all that would tell it."""
    confidence: float
    """How sure the recogniser was, from 0 to 1."""
    outcome: WordsOutcome
    meant: str
    """The key, the step, ``danger`` or ``digits`` that it was taken for, or is asked
    about; empty for nothing."""
    certainty: float
    """How well it fits, from 0 to 1."""
    why: str
    recogniser: str = ""
    """Who recognised them; empty for words that were typed."""
    took_ms: int = 0
    """How long that took once the caller was quiet."""

    @property
    def key(self) -> str | None:
        """The key that they stand for, or what they lead to; None for nothing."""
        return self.meant or None

    @property
    def is_choice(self) -> bool:
        """Whether they stand for something at this step."""
        return self.outcome is WordsOutcome.TAKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRouted(FactOf):
    """The flow decided which queue the call is for; the wait has not begun yet."""

    call_id: CallId
    flow: str
    step: str
    nth: int
    queue_id: QueueId
    skills: tuple[SkillId, ...]
    """What the call needs, sorted by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveAsked(FactOf):
    """A waiting caller pressed a key that leads out of the line, back into the flow."""

    call_id: CallId
    flow: str
    step: str
    """The queue's step."""
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowEnded(FactOf):
    """The walk ended without a queue."""

    call_id: CallId
    flow: str
    step: str
    ending: FlowEnding
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptHeard(TraceOf):
    """A prompt was played to the caller, to its end or up to a key."""

    sounds: int
    """How many it was made of."""
    interrupted_ms: int | None
    """How far it came; None to its end."""
    interrupted_by: str = ""
    """``key`` or ``words``; empty to its end, and where the caller left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingFailed(TraceOf):
    """Nobody listened to words any more: the caller goes on by keys."""

    detail: str
    """What failed, in words; nothing of what was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementHeard(FactOf):
    """An announcement was played to the caller before the flow began, or a part of it.

    It is told of each by itself; one that could not be played is not told.
    """

    call_id: CallId
    name: str
    """Its name in the file of announcements."""
    sounds: int
    """How many it was made of."""
    interrupted_ms: int | None
    """How far it came; None to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitsCollected(TraceOf):
    """The caller gave a number of several digits."""

    count: int
    digits: str
    """Empty at a secret step."""


class LookUpOutcome(StrEnum):
    """What another system said when it was asked."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp(TraceOf):
    """Another system was asked, or was to make an order or send a message."""

    name: str
    """The look-up, the kind of order, or ``sms``."""
    outcome: LookUpOutcome
    took_ms: int
    detail: str
    """Why it failed; empty otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchTaken(TraceOf):
    """The flow decided by what it knows where to go on."""

    goto: str
    because: str
    """The condition that held; ``otherwise`` where none did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecorded(TraceOf):
    """The caller spoke a message, and it was kept."""

    name: str
    """Of the file, without folder and suffix."""
    length_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCreated(TraceOf):
    """An order was made at the caller's wish."""

    order_kind: str
    order_id: str
    """Empty where the system that made it named none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSent(TraceOf):
    """A text message was handed over for sending."""

    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAnswered(TraceOf):
    """The caller answered a question about the service."""

    name: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubFlowEntered(TraceOf):
    """The walk went into another flow; it comes back, or is transferred for good."""

    into: str
    is_transfer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SubFlowLeft(TraceOf):
    """The walk came back out of another flow."""

    back_to: str
    """The flow in which it goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceBegun(TraceOf):
    """The caller began with an item of self-service."""

    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDone(TraceOf):
    """An item of self-service came to its end without a person."""

    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing that is known of a call, in words."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDescribed(TraceOf):
    """The flow says of a call what whoever takes it should know."""

    notes: tuple[Note, ...]
