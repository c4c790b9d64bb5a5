"""The way of a call, a line for each thing that it told, to be held against another."""

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import (
    AnnouncementHeard,
    BranchTaken,
    CallAnswered,
    CallArrived,
    CallDescribed,
    CallRouted,
    DigitsCollected,
    FlowEnded,
    HearingFailed,
    KeyPressed,
    KeyTimedOut,
    LeaveAsked,
    LookedUp,
    MessageRecorded,
    OrderCreated,
    PromptHeard,
    ServiceBegun,
    ServiceDone,
    SmsSent,
    StepEntered,
    SubFlowEntered,
    SubFlowLeft,
    SurveyAnswered,
    WordsHeard,
)


def line_of(fact: FlowFact) -> str | None:
    """Return what a fact tells, without what is another with each call.

    That is its time, the call's id, and how long things took. None of a wish to leave
    the line: it is asked of the queue, and what comes of it is told by other facts.
    """
    match fact:
        case LeaveAsked():
            return None
        case StepEntered() | KeyPressed() | KeyTimedOut() | CallRouted() | FlowEnded():
            return way_line(fact) or ""
        case WordsHeard():
            return way_line(fact) or ""
        case PromptHeard(interrupted_ms=ms):
            cut = "" if ms is None else ", cut short"
            return f"prompt of {fact.flow}.{fact.step}, {fact.sounds} sounds{cut}"
        case DigitsCollected():
            return f"{fact.count} digits {fact.digits}".rstrip()
        case LookedUp():
            return f"{fact.name} {fact.outcome.value} {fact.detail}".rstrip()
        case BranchTaken():
            return f"to {fact.goto} because {fact.because}"
        case CallDescribed():
            told = "; ".join(f"{note.name}={note.value}" for note in fact.notes)
            # A message is named by its call.
            return told.replace(fact.call_id, "CALL")
        case OrderCreated():
            return f"order {fact.order_kind} {fact.order_id}".rstrip()
        case SmsSent():
            return f"message to {fact.to}"
        case SurveyAnswered():
            return f"{fact.name} answered {fact.answer}"
        case SubFlowEntered():
            return f"into {fact.into}"
        case SubFlowLeft():
            return f"back to {fact.back_to}"
        case ServiceBegun() | ServiceDone():
            return f"{type(fact).__name__} {fact.item}"
        case MessageRecorded():
            return "message recorded"
        case HearingFailed():
            return "hearing failed"
        case CallAnswered() | CallArrived() | AnnouncementHeard():
            return type(fact).__name__


def way_line(fact: FlowFact) -> str | None:
    """Return the same of what the caller does and where it leads; None of the rest."""
    match fact:
        case StepEntered():
            return f"{fact.flow}.{fact.step}"
        case KeyPressed():
            return f"key {fact.key or '•'}"
        case KeyTimedOut():
            return "no key"
        case WordsHeard():
            return (
                f"words {fact.text or '•'} {fact.outcome.value} {fact.meant}".rstrip()
            )
        case CallRouted():
            return f"queue {fact.queue_id}" + "".join(f" {it}" for it in fact.skills)
        case FlowEnded():
            return f"{fact.ending.value} {fact.detail}".rstrip()
        case PromptHeard(interrupted_ms=None):
            return f"heard {fact.flow}.{fact.step}"
        case _:
            return None
