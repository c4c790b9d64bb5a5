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


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(FactOf):
    """The flow took the call off the hook: from here on it is heard."""

    call_id: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEntered(FactOf):
    """The walk came to a step of a flow."""

    call_id: CallId
    flow: str
    step: str
    nth: int
    """Order within the call, shared by steps and keys, counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPressed(FactOf):
    """The caller pressed a key at a step."""

    call_id: CallId
    flow: str
    step: str
    key: str
    """Empty at a step whose keys are secret."""
    nth: int
    is_choice: bool
    """Whether the key stands for something at this step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTimedOut(FactOf):
    """No key came within the step's time."""

    call_id: CallId
    flow: str
    step: str
    nth: int


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
class FlowEnded(FactOf):
    """The walk ended without a queue."""

    call_id: CallId
    flow: str
    step: str
    ending: FlowEnding
    detail: str = ""
