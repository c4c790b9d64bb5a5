"""Where one caller is in a flow, and which inputs have a place there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.ids import CallId
from ivr.flow import Flow
from ivr.problems import IvrError
from ivr.sounds import Announced, Language
from ivr.turns import (
    Act,
    Answered,
    AskFailed,
    Begun,
    Broke,
    CallerLeft,
    Found,
    Input,
    KeyCame,
    LineKept,
    LineLeft,
    MessageTaken,
    NoKeyCame,
    NotFound,
    Played,
    WordsCame,
    WordsDue,
)
from ivr.values import NOTHING, Secret, Values
from ivr.written import StepName

NO_DIGITS = Secret("")


class Phase(StrEnum):
    """What the line is doing for a walk."""

    FRESH = "fresh"
    ANSWERING = "answering"
    OPENING = "opening"
    """An announcement is said."""
    SAYING = "saying"
    LISTENING = "listening"
    ASKING = "asking"
    """Another system is asked."""
    RECORDING = "recording"
    WAITING = "waiting"
    """In a queue where keys mean something, or words are said."""
    TELLING = "telling"
    """Something is said to who waits."""
    LEAVING = "leaving"
    """A key leads out of the line."""
    OVER = "over"


class Hearing(StrEnum):
    """What is made of words at a step that waits for keys."""

    OPEN = "open"
    """All that the step asks counts."""
    UNSURE = "unsure"
    """The caller is asked whether something was meant."""
    KEYS = "keys"
    """Words failed too often: keys count, and the words for danger and a person."""


TAKES: Mapping[Phase, tuple[type[Input], ...]] = {
    Phase.FRESH: (Begun, CallerLeft, Broke),
    Phase.ANSWERING: (Answered, CallerLeft, Broke),
    Phase.OPENING: (Played, KeyCame, WordsCame, CallerLeft, Broke),
    Phase.SAYING: (Played, KeyCame, WordsCame, CallerLeft, Broke),
    Phase.LISTENING: (KeyCame, WordsCame, NoKeyCame, CallerLeft, Broke),
    Phase.ASKING: (
        *(Found, NotFound, AskFailed, KeyCame, WordsCame, CallerLeft, Broke),
    ),
    Phase.RECORDING: (MessageTaken, AskFailed, CallerLeft, Broke),
    Phase.WAITING: (KeyCame, WordsDue, CallerLeft, Broke),
    Phase.TELLING: (Played, KeyCame, WordsCame, CallerLeft, Broke),
    Phase.LEAVING: (LineLeft, LineKept, CallerLeft, Broke),
    Phase.OVER: (),
}
"""Rows are phases, columns the inputs they have a place for."""


IN_LINE = frozenset({Phase.WAITING, Phase.TELLING, Phase.LEAVING})
"""Phases of who waits in a queue."""


class InputOutOfPlace(IvrError):
    """A walk was told something that its phase has no place for."""

    def __init__(self, phase: Phase, came: Input) -> None:
        """Say what the phase would have taken."""
        would = ", ".join(kind.__name__ for kind in TAKES[phase]) or "nothing more"
        super().__init__(
            f"walk is {phase.value}, which has no place for "
            f"{type(came).__name__}; it takes {would}"
        )
        self.phase = phase
        self.came = came


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A flow that waits for another one to give back."""

    flow: str
    step: StepName
    """The step that led into the other one."""
    back: tuple[StepName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Where one caller is in a flow."""

    call_id: CallId
    flow: str
    step: StepName
    language: Language
    phase: Phase = Phase.FRESH
    is_slow: bool = False
    """Whether the caller is spoken to slowly."""
    values: Values = field(default_factory=dict)
    """What the flow found out so far."""
    typed: Secret = NO_DIGITS
    """The digits of this step so far."""
    nth: int = 0
    """Order of the last step, key or time-out that was told."""
    failures: int = 0
    """How often nothing, or nothing with a meaning, came at this step."""
    hearing: Hearing = Hearing.OPEN
    unsure: str = ""
    """The choice that the caller is asked about; empty for none."""
    misheard: int = 0
    """How often words fitted nothing at this step."""
    was_spoken: bool = False
    """Whether digits of this step so far were spoken."""
    back: tuple[StepName, ...] = ()
    """The steps that asked on the way here, for the key that goes back."""
    frames: tuple[Frame, ...] = ()
    """The flows that this one was walked from, the outermost first."""
    turns: int = 0
    """Prompts and waits so far."""
    steps: int = 0
    """Steps that were entered so far."""
    sounds: int = 0
    """How many are being played."""
    since: datetime | None = None
    """When the line began with what it does."""
    line: StepName = ""
    """The queue's step at which the caller waits."""
    leads: StepName = ""
    """Where the key leads that asks to leave the line."""
    opening: tuple[Announced, ...] = ()
    """The announcements that are still to be said."""
    ahead: str = ""
    """The key that cut them short, until a prompt takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What came of one input."""

    walk: Walk
    act: Act
    facts: tuple[FlowFact, ...]


def fresh_walk(
    flow: Flow,
    call_id: CallId,
    values: Values = NOTHING,
    opening: tuple[Announced, ...] = (),
) -> Walk:
    """Return the walk of a call that has not begun.

    Args:
        flow: The flow of the number dialled.
        call_id: The call.
        values: What is known of it already, such as ``caller``.
        opening: The announcements that are said before the flow begins.
    """
    return Walk(
        call_id=call_id,
        flow=flow.name,
        step=flow.entry,
        language=flow.language,
        values=values,
        opening=opening,
    )
