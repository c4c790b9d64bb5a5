"""Who waits in a queue and presses a key, or is told something meanwhile."""

from ivr.flow import Flow
from ivr.prompt import Prompt
from ivr.steps import QueueStep, SayStep
from ivr.stride import Goto, Stride, Then
from ivr.turns import (
    CallerLeft,
    Input,
    KeyCame,
    LeaveLine,
    LetGo,
    LineLeft,
    Played,
    Say,
    Stay,
    WordsDue,
)
from ivr.walk import Phase
from ivr.written import StepName


def in_line(stride: Stride, came: Input) -> Then:
    """Take in what comes of a caller who waits.

    Only ``LineLeft`` leads out of the line. Whatever else comes, and breaks, the caller
    waits on, and an agent may answer at any instant.
    """
    match came:
        case KeyCame():
            stride.note_heard(is_whole=False, by="key")
            return _key_came(stride, came.key)
        case WordsDue():
            return _tell(stride, _line(stride).meanwhile)
        case Played():
            stride.note_heard(is_whole=True)
            return _stay(stride)
        case LineLeft():
            goto = stride.walk.leads
            stride.move(step=stride.walk.line, leads="")
            return Goto(goto)
        case CallerLeft():
            # By hanging up, or because an agent has answered: the switch tells which.
            stride.note_heard(is_whole=False)
            return stride.do(Phase.WAITING, LetGo())
        case _:
            return _stay(stride)


def comes_back(flow: Flow, line: StepName, goto: StepName) -> bool:
    """Tell whether a step says something and leads back to the queue: in the line."""
    step = flow.steps[goto]
    return isinstance(step, SayStep) and step.goto == line


def _line(stride: Stride) -> QueueStep:
    step = stride.flow.steps[stride.walk.line]
    if not isinstance(step, QueueStep):
        raise TypeError(
            f"step {stride.walk.line!r} is no queue, and nobody waits there"
        )
    return step


def _key_came(stride: Stride, key: str) -> Then:
    line = stride.walk.line
    stride.move(step=line)
    goto = _line(stride).keys.get(key)
    stride.press(key, is_choice=goto is not None)
    if goto is None:
        return _stay(stride)
    if comes_back(stride.flow, line, goto):
        stride.note_entry(goto)
        step = stride.step
        return _tell(stride, step.say if isinstance(step, SayStep) else None)
    stride.move(leads=goto)
    return stride.do(Phase.LEAVING, LeaveLine(step=line, key=key))


def _tell(stride: Stride, prompt: Prompt | None) -> Then:
    if prompt is None:
        return _stay(stride)
    sounds = stride.heard(prompt)
    stride.move(sounds=len(sounds))
    keys = "".join(sorted(_line(stride).keys))
    return stride.do(Phase.TELLING, Say(sounds=sounds, keys=keys))


def _stay(stride: Stride) -> Then:
    stride.move(step=stride.walk.line, leads="")
    return stride.do(Phase.WAITING, Stay())
