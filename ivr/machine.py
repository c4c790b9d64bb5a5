"""One caller's walk through a flow: inputs in; acts, facts and a new state out."""

from dataclasses import replace
from datetime import datetime

from acd.vocabulary.flow_facts import CallAnswered, FlowEnding
from ivr.asking import ask, key_came, listen, no_key_came, takes
from ivr.doing import (
    answer_came,
    ask_others,
    decide,
    give_back,
    give_over,
    go_into,
    message_came,
    take_down,
)
from ivr.flow_set import FlowSet
from ivr.hearing import (
    hear,
    key_came_unsure,
    leaves,
    no_key_came_unsure,
    tell_words,
    words_came,
)
from ivr.opening import announce, announced, cut_short, note_announced, unannounced
from ivr.steps import (
    AskingStep,
    BranchStep,
    HangUpStep,
    LookUpStep,
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
    TransferStep,
)
from ivr.stride import MOST_STEPS, Goto, Judge, Stride, Then, as_written
from ivr.turns import (
    Answer,
    Answered,
    AskFailed,
    Begun,
    Broke,
    CallerLeft,
    Found,
    HangUp,
    Input,
    KeyCame,
    LetGo,
    LineKept,
    LineLeft,
    MessageTaken,
    NoKeyCame,
    NotFound,
    Played,
    Say,
    WordsCame,
    WordsDue,
)
from ivr.understanding.outcome import NotTaken
from ivr.values import NOTHING, Values
from ivr.waiting import in_line
from ivr.walk import IN_LINE, TAKES, Hearing, InputOutOfPlace, Phase, Turn, Walk
from ivr.written import KEYS


def take(
    flow_set: FlowSet,
    walk: Walk,
    came: Input,
    at: datetime,
    around: Values = NOTHING,
    *,
    judge: Judge = as_written,
) -> Turn:
    """Take in one input.

    Every walk ends, after at most ``MOST_TURNS`` prompts and waits, in exactly one of
    CallRouted and FlowEnded, whatever comes.

    Args:
        flow_set: Flows that ``ivr.load`` has proved together.
        walk: Where the caller is.
        came: What happened on the line.
        at: When, for the facts.
        around: What is so in the world at this instant: hours, queues, flags.
        judge: Tells whether the condition of a branch holds.

    Returns:
        The new state, the one thing that the line shall do, and the facts.

    Raises:
        InputOutOfPlace: The walk's phase has no place for the input. Nothing changed.
    """
    if type(came) not in TAKES[walk.phase]:
        raise InputOutOfPlace(walk.phase, came)
    stride = Stride(flow_set, walk, at, around, judge=judge)
    then = _taken(stride, came)
    while True:
        while isinstance(then, Goto):
            then = _entered(stride, then)
        key = stride.walk.ahead
        if not key or not isinstance(then, Say):
            return stride.turn(then)
        stride.move(ahead="")
        if key in then.keys:
            then = _key_came(stride, key)


def _taken(stride: Stride, came: Input) -> Then:
    if stride.walk.phase in IN_LINE:
        return in_line(stride, came)
    match came:
        case Begun():
            return stride.do(Phase.ANSWERING, Answer())
        case Answered():
            stride.tell(CallAnswered(at=stride.at, call_id=stride.walk.call_id))
            return announce(stride)
        case Played():
            return announced(stride) if _opens(stride) else _played(stride)
        case KeyCame() if _opens(stride):
            return cut_short(stride, came.key)
        case KeyCame():
            return _key_came(stride, came.key, came.after_ms)
        case WordsCame() if _opens(stride):
            return _words_at_opening(stride, came)
        case WordsCame():
            return _words_came(stride, came)
        case NoKeyCame():
            step = stride.step
            if isinstance(step, AskingStep):
                if stride.walk.hearing is Hearing.UNSURE:
                    return no_key_came_unsure(stride, step)
                return no_key_came(stride, step)
            stride.time_out()
            return stride.to_person()
        case Found() | NotFound() | AskFailed() | MessageTaken():
            return _done(stride, came)
        case CallerLeft():
            if _opens(stride):
                note_announced(stride, is_whole=False)
            stride.note_heard(is_whole=False)
            return stride.end(FlowEnding.CALLER_LEFT, LetGo())
        case Broke() if _opens(stride):
            return unannounced(stride)
        case Broke():
            # What broke may be what is said there.
            person = replace(stride.person_queue(), keys="", tells_each_s=0)
            return stride.end(FlowEnding.FAILED, person, detail=came.detail)
        case WordsDue() | LineLeft() | LineKept():
            raise InputOutOfPlace(stride.walk.phase, came)


def _opens(stride: Stride) -> bool:
    return stride.walk.phase is Phase.OPENING


def _played(stride: Stride) -> Then:
    stride.note_heard(is_whole=True)
    match stride.step:
        case SayStep() as step:
            return Goto(step.goto)
        case AskingStep() as step:
            return listen(stride, step)
        case RecordStep() as step:
            return take_down(stride, step)
        case QueueStep():
            return stride.route(stride.walk.step)
        case _:
            return stride.end(FlowEnding.COMPLETED, HangUp())


def _key_came(stride: Stride, key: str, after_ms: int | None = None) -> Then:
    stride.note_heard(is_whole=False, after_ms=after_ms, by="key")
    match stride.step:
        case AskingStep() as step:
            if stride.walk.hearing is Hearing.UNSURE:
                return key_came_unsure(stride, step, key)
            return key_came(stride, step, key)
        case SayStep() as step:
            return _skip(stride, step, key)
        case RecordStep() as step:
            stride.press(key, is_choice=key == "0")
            return Goto(stride.flow.person) if key == "0" else take_down(stride, step)
        case LookUpStep():
            stride.press(key, is_choice=True)
            return Goto(stride.flow.person)
        case QueueStep():
            stride.press(key, is_choice=False)
            return stride.route(stride.walk.step)
        case _:
            stride.press(key, is_choice=False)
            return stride.end(FlowEnding.COMPLETED, HangUp())


def _words_at_opening(stride: Stride, came: WordsCame) -> Then:
    """Take what leads to a person; other words leave an announcement out."""
    outcome = hear(stride, None, came)
    note_announced(stride, is_whole=False)
    tell_words(stride, came, outcome)
    away = leaves(stride, outcome)
    if away is not None:
        stride.move(opening=())
        return away
    return unannounced(stride)


def _words_came(stride: Stride, came: WordsCame) -> Then:
    stride.note_heard(is_whole=False, after_ms=came.after_ms, by="words")
    step = stride.step
    if isinstance(step, AskingStep):
        return words_came(stride, step, came)
    following = stride.flow.steps[step.goto] if isinstance(step, SayStep) else step
    outcome = hear(stride, following, came)
    if isinstance(following, AskingStep) and not isinstance(outcome, NotTaken):
        # Said ahead of the question that follows.
        stride.note_entry(step.goto) if isinstance(step, SayStep) else None
        return words_came(stride, following, came)
    # What fits nothing may still be a secret that was said ahead.
    tell_words(stride, came, outcome, asked=following)
    return leaves(stride, outcome) or _unmoved(stride, step)


def _unmoved(stride: Stride, step: Step) -> Then:
    """Go on after words that mean nothing where nothing is asked."""
    match step:
        case SayStep():
            return stride.say(step.say, keys=KEYS if step.barge_in else "")
        case RecordStep():
            return take_down(stride, step)
        case LookUpStep():
            return ask_others(stride, step)
        case OrderStep() | SmsStep():
            # Whether it was made is not known: it is not made twice.
            return answer_came(stride, step, AskFailed(detail="words came between"))
        case QueueStep():
            return stride.route(stride.walk.step)
        case _:
            return stride.end(FlowEnding.COMPLETED, HangUp())


def _skip(stride: Stride, step: SayStep, key: str) -> Then:
    """Cut a saying short; a key that the next step asks for is taken as its own."""
    following = stride.flow.steps[step.goto]
    if isinstance(following, AskingStep) and takes(stride, following, key):
        stride.note_entry(step.goto)
        return key_came(stride, following, key)
    stride.press(key, is_choice=False)
    return Goto(step.goto)


def _done(stride: Stride, came: Found | NotFound | AskFailed | MessageTaken) -> Then:
    match stride.step, came:
        case (LookUpStep() | OrderStep() | SmsStep()) as step, (
            Found() | NotFound() | AskFailed()
        ):
            return answer_came(stride, step, came)
        case RecordStep() as step, (MessageTaken() | AskFailed()):
            return message_came(stride, step, came)
        case _:
            return Goto(stride.flow.person)


def _entered(stride: Stride, goto: Goto) -> Then:
    if stride.walk.steps >= MOST_STEPS:
        return stride.to_person()
    stride.note_entry(goto.step, is_onward=goto.is_onward)
    match stride.step:
        case SayStep() as step:
            return stride.say(step.say, keys=KEYS if step.barge_in else "")
        case AskingStep() as step:
            return ask(stride, step)
        case BranchStep() as step:
            return decide(stride, step)
        case SetStep() as step:
            values = stride.values
            stride.remember({key: it.value(values) for key, it in step.values.items()})
            return Goto(step.goto)
        case SpeakStep() as step:
            is_slow = stride.walk.is_slow if step.slow is None else step.slow
            stride.move(language=step.speak, is_slow=is_slow)
            return Goto(step.goto)
        case LookUpStep() | OrderStep() | SmsStep() as step:
            return ask_others(stride, step)
        case RecordStep() as step:
            return stride.say(step.record)
        case SubFlowStep() as step:
            return go_into(stride, step)
        case TransferStep() as step:
            return give_over(stride, step)
        case ReturnStep() as step:
            return give_back(stride, step)
        case HangUpStep() as step:
            return stride.say(step.hang_up, keys="")
        case QueueStep() as step:
            if step.hears is not None:
                return stride.say(step.hears)
            return stride.route(goto.step)
