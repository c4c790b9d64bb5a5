"""Where a step can lead, and by what."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ivr.flow import Flow
from ivr.steps import (
    AskingStep,
    BranchStep,
    CollectStep,
    ConfirmStep,
    HangUpStep,
    LookUpStep,
    MenuStep,
    OrderStep,
    QueueStep,
    RecordStep,
    ReturnStep,
    SayStep,
    SetStep,
    SmsStep,
    SpeakStep,
    Step,
    SubFlowStep,
    SurveyStep,
    TransferStep,
)
from ivr.written import StepName

PERSON_KEY, REPEAT_KEY, BACK_KEY = "0", "9", "*"
YES_KEY, NO_KEY = "1", "2"


class By(StrEnum):
    """What makes a caller go a way."""

    ON = "on"
    """The step is done."""
    KEY = "key"
    CASE = "case"
    OTHERWISE = "otherwise"
    SILENCE = "silence"
    """The first time-out."""
    GIVE_UP = "give_up"
    """Too many failures."""
    NOT_FOUND = "not_found"
    FAILED = "failed"
    WORDS = "words"
    """Words that no key stands for."""
    PERSON = "person"
    """The key for a person, where the step gives it no other meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way out of a step."""

    by: By
    goto: StepName
    label: str = ""
    """The key or the condition."""


def ways_of(flow: Flow, step: Step) -> tuple[Way, ...]:
    """Return the ways out of a step; none where a walk of this flow ends.

    Args:
        flow: The flow, for where its failures and its person are.
        step: One of its steps.
    """
    return tuple(_ways(flow, step))


def _ways(flow: Flow, step: Step) -> Iterator[Way]:
    match step:
        case SayStep() | SetStep() | SpeakStep() | SubFlowStep():
            yield Way(by=By.ON, goto=step.goto)
        case MenuStep():
            for key, goto in step.keys.items():
                yield Way(by=By.KEY, goto=goto, label=key)
            for choice in step.words:
                if choice in flow.steps:
                    yield Way(by=By.WORDS, goto=choice)
            if step.on_silence is not None:
                yield Way(by=By.SILENCE, goto=step.on_silence)
            yield from _asked(flow, step, has_zero=PERSON_KEY in step.keys)
        case ConfirmStep():
            yield Way(by=By.KEY, goto=step.yes, label=YES_KEY)
            yield Way(by=By.KEY, goto=step.no, label=NO_KEY)
            yield from _asked(flow, step)
        case CollectStep():
            yield Way(by=By.ON, goto=step.goto)
            yield from _asked(flow, step)
        case SurveyStep():
            yield Way(by=By.ON, goto=step.goto)
            yield Way(by=By.GIVE_UP, goto=step.give_up or step.goto)
            if PERSON_KEY not in step.keys:
                yield Way(by=By.PERSON, goto=flow.person)
        case BranchStep():
            for case in step.branch:
                yield Way(by=By.CASE, goto=case.goto, label=str(case.condition))
            yield Way(by=By.OTHERWISE, goto=step.otherwise)
        case LookUpStep() | OrderStep() | SmsStep() | RecordStep():
            yield from _asking_others(flow, step)
        case QueueStep():
            for key, goto in step.keys.items():
                yield Way(by=By.KEY, goto=goto, label=key)
        case TransferStep() | ReturnStep() | HangUpStep():
            pass


def _asked(flow: Flow, step: AskingStep, *, has_zero: bool = False) -> Iterator[Way]:
    yield Way(by=By.GIVE_UP, goto=step.give_up or flow.failure)
    if not has_zero:
        yield Way(by=By.PERSON, goto=flow.person)


def _asking_others(
    flow: Flow, step: LookUpStep | OrderStep | SmsStep | RecordStep
) -> Iterator[Way]:
    yield Way(by=By.ON, goto=step.goto)
    if isinstance(step, LookUpStep):
        yield Way(by=By.NOT_FOUND, goto=not_found_of(flow, step))
    yield Way(by=By.FAILED, goto=failed_of(flow, step))
    if isinstance(step, LookUpStep | RecordStep):
        yield Way(by=By.PERSON, goto=flow.person)


def failed_of(
    flow: Flow, step: LookUpStep | OrderStep | SmsStep | RecordStep
) -> StepName:
    """Return where a step leads that could not do what it does."""
    if step.failed is not None:
        return step.failed
    return step.goto if isinstance(step, SmsStep) else flow.failure


def not_found_of(flow: Flow, step: LookUpStep) -> StepName:
    """Return where a look-up leads that found nothing."""
    return step.not_found or failed_of(flow, step)
