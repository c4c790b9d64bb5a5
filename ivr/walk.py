"""Where one caller is in a flow, and which inputs have a place there."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.ids import CallId
from ivr.flow import Flow, Language, StepName
from ivr.problems import IvrError
from ivr.turns import (
    Act,
    Answered,
    Begun,
    Broke,
    CallerLeft,
    Input,
    KeyCame,
    NoKeyCame,
    Played,
)


class Phase(StrEnum):
    """What the line is doing for a walk."""

    FRESH = "fresh"
    ANSWERING = "answering"
    SAYING = "saying"
    LISTENING = "listening"
    OVER = "over"


TAKES: Mapping[Phase, tuple[type[Input], ...]] = {
    Phase.FRESH: (Begun, CallerLeft, Broke),
    Phase.ANSWERING: (Answered, CallerLeft, Broke),
    Phase.SAYING: (Played, KeyCame, CallerLeft, Broke),
    Phase.LISTENING: (KeyCame, NoKeyCame, CallerLeft, Broke),
    Phase.OVER: (),
}
"""Rows are phases, columns the inputs they have a place for."""


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
class Walk:
    """Where one caller is in a flow."""

    call_id: CallId
    step: StepName
    language: Language
    phase: Phase = Phase.FRESH
    nth: int = 0
    """Order of the last step, key or time-out that was told."""
    failures: int = 0
    """How often nothing, or nothing with a meaning, came at this step."""
    back: tuple[StepName, ...] = ()
    """The menus that lead here, for the key that goes back."""
    turns: int = 0
    """Prompts and waits so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What came of one input."""

    walk: Walk
    act: Act
    facts: tuple[FlowFact, ...]


def fresh_walk(flow: Flow, call_id: CallId) -> Walk:
    """Return the walk of a call that has not begun."""
    return Walk(call_id=call_id, step=flow.entry, language=flow.language)
