"""Words at a step that waits for keys, and what follows from them."""

from collections.abc import Mapping
from enum import StrEnum

from acd.vocabulary.flow_facts import WordsHeard, WordsOutcome
from ivr.asking import DIGITS_SAID, all_typed, chosen, digits_said, prompt_of
from ivr.grammars import grammar_at, yes_or_no
from ivr.steps import AnyStep, AskingStep, CollectStep, MenuStep
from ivr.stride import Goto, Stride, Then
from ivr.turns import WordsCame
from ivr.understanding.grammar import DANGER, Grammar
from ivr.understanding.outcome import (
    DigitsSaid,
    NotTaken,
    Outcome,
    Said,
    Taken,
    Uncertain,
)
from ivr.understanding.understand import understood
from ivr.values import Secret
from ivr.walk import Hearing
from ivr.ways import BACK_KEY, NO_KEY, PERSON_KEY, REPEAT_KEY, YES_KEY

MISHEARD = 2
"""After so many words that fit nothing, keys count."""
LONGEST_TOLD = 500
"""Letters of words that a fact keeps."""
_DANGER_TOLD = "danger"


class Meant(StrEnum):
    """What words come to, besides danger and a person."""

    CHOICE = "choice"
    MAYBE = "maybe"
    YES = "yes"
    NO = "no"
    NOTHING = "nothing"


class Move(StrEnum):
    """What follows from words."""

    GO = "go"
    """What was said is taken."""
    SURE = "sure"
    """What was asked about is taken."""
    ASK = "ask"
    """The caller is asked whether it is meant."""
    AGAIN = "again"
    """Once more; the second time by keys."""
    FAIL = "fail"
    """As a key without a meaning: too many lead to a person."""


MOVES: Mapping[Hearing, Mapping[Meant, Move]] = {
    Hearing.OPEN: {
        Meant.CHOICE: Move.GO,
        Meant.MAYBE: Move.ASK,
        Meant.YES: Move.AGAIN,
        Meant.NO: Move.AGAIN,
        Meant.NOTHING: Move.AGAIN,
    },
    Hearing.UNSURE: {
        Meant.CHOICE: Move.GO,
        Meant.MAYBE: Move.AGAIN,
        Meant.YES: Move.SURE,
        Meant.NO: Move.AGAIN,
        Meant.NOTHING: Move.AGAIN,
    },
    Hearing.KEYS: dict.fromkeys(Meant, Move.FAIL),
}
"""Rows are what is listened for, columns what words come to. The words for danger and
for a person lead there from every row."""


def words_came(stride: Stride, step: AskingStep, came: WordsCame) -> Then:
    """Take words at a step that waits for keys."""
    meant, outcome = _heard(stride, step, came)
    tell_words(stride, came, outcome)
    if away := leaves(stride, outcome):
        return away
    match MOVES[stride.walk.hearing][meant]:
        case Move.GO:
            return _go(stride, step, outcome)
        case Move.SURE:
            return _sure(stride, step)
        case Move.ASK:
            return _ask_whether(stride, outcome)
        case Move.AGAIN:
            return _again(stride, step)
        case Move.FAIL:
            return stride.fail(step, prompt_of(step), stride.flow.defaults.to_keys)


def _heard(stride: Stride, step: AskingStep, came: WordsCame) -> tuple[Meant, Outcome]:
    walk = stride.walk
    grammar = grammar_at(stride.flow_set, step, walk.language, walk.hearing)
    outcome = understood(came.said, grammar)
    if walk.hearing is Hearing.UNSURE and isinstance(outcome, NotTaken | Uncertain):
        # What is asked at the step goes before yes and no: 不是，是电费.
        short = yes_or_no(stride.flow_set, walk.language)
        answer = understood(came.said, short)
        if isinstance(answer, Taken):
            is_yes = answer.choice == YES_KEY
            return (Meant.YES if is_yes else Meant.NO), answer
    match outcome:
        case Taken() | DigitsSaid():
            return Meant.CHOICE, outcome
        case Uncertain():
            return Meant.MAYBE, outcome
        case NotTaken():
            return Meant.NOTHING, outcome


def hear(stride: Stride, step: AnyStep | None, came: WordsCame) -> Outcome:
    """Return what is made of words where a step is not yet, or never, asked.

    None stands for no step: only what leads to a person counts.
    """
    grammar: Grammar = grammar_at(stride.flow_set, step, stride.walk.language)
    return understood(came.said, grammar)


def leaves(stride: Stride, outcome: Outcome) -> Goto | None:
    """Return where danger and the wish for a person lead, whatever the step is."""
    if not isinstance(outcome, Taken):
        return None
    if outcome.choice == DANGER:
        return _to_danger(stride)
    step = stride.step
    is_person = outcome.choice == PERSON_KEY
    if is_person and not (isinstance(step, MenuStep) and PERSON_KEY in step.keys):
        return Goto(stride.flow.person)
    return None


def _to_danger(stride: Stride) -> Goto:
    """Lead to where danger does: of this flow, else of one that it was walked from."""
    frames = stride.walk.frames
    if stride.flow.danger is not None:
        return Goto(stride.flow.danger)
    for place in reversed(range(len(frames))):
        danger = stride.flow_set.flows[frames[place].flow].danger
        if danger is None:
            continue
        while len(stride.walk.frames) > place:
            stride.leave()
        return Goto(danger)
    return Goto(stride.flow.person)


def _go(stride: Stride, step: AskingStep, outcome: Outcome) -> Then:
    match step, outcome:
        case CollectStep(), DigitsSaid(digits=digits):
            if stride.walk.hearing is Hearing.UNSURE:
                stride.move(typed=Secret(""))
            stride.move(hearing=Hearing.OPEN, unsure="")
            return digits_said(stride, step, digits) or _again(stride, step)
        case _, Taken(choice=choice):
            return _take(stride, step, choice)
        case _:
            return _again(stride, step)


def _take(stride: Stride, step: AskingStep, choice: str) -> Then:
    stride.move(hearing=Hearing.OPEN, unsure="")
    return chosen(stride, step, choice)


def _ask_whether(stride: Stride, outcome: Outcome) -> Then:
    if not isinstance(outcome, Uncertain):
        raise TypeError(f"{type(outcome).__name__}: nobody asks about it")
    stride.move(hearing=Hearing.UNSURE, unsure=outcome.choice)
    stride.remember({"heard.choice": outcome.phrase})
    return stride.say(stride.flow.defaults.is_it)


def _again(stride: Stride, step: AskingStep) -> Then:
    """Ask once more, the last time by keys."""
    misheard = stride.walk.misheard + 1
    is_last = misheard >= min(MISHEARD, step.tries)
    defaults = stride.flow.defaults
    _forget(stride)
    stride.move(misheard=misheard, hearing=Hearing.KEYS if is_last else Hearing.OPEN)
    remark = defaults.to_keys if is_last else defaults.on_unheard
    return stride.say(remark, prompt_of(step))


def _forget(stride: Stride) -> None:
    stride.move(hearing=Hearing.OPEN, unsure="", typed=Secret(""), was_spoken=False)


# ---- keys and silence, where the caller is asked whether something was meant


def key_came_unsure(stride: Stride, step: AskingStep, key: str) -> Then:
    """Take a key: 1 for yes, 2 for no, 9 asks once more, * begins anew."""
    is_choice = key in (YES_KEY, NO_KEY, PERSON_KEY, REPEAT_KEY, BACK_KEY)
    stride.press(key, is_choice=is_choice)
    defaults = stride.flow.defaults
    match key:
        case "1":
            return _sure(stride, step)
        case "2":
            return _again(stride, step)
        case "0":
            return Goto(stride.flow.person)
        case "9":
            is_number = stride.walk.unsure == DIGITS_SAID
            return stride.say(defaults.read_back if is_number else defaults.is_it)
        case "*":
            _forget(stride)
            return stride.say(prompt_of(step))
        case _:
            _forget(stride)
            return stride.fail(step, prompt_of(step), step.on_wrong)


def no_key_came_unsure(stride: Stride, step: AskingStep) -> Then:
    """Take a silence: nothing is meant that was not confirmed."""
    stride.time_out()
    _forget(stride)
    return stride.fail(step, prompt_of(step), step.on_timeout)


def _sure(stride: Stride, step: AskingStep) -> Then:
    unsure = stride.walk.unsure
    if unsure == DIGITS_SAID and isinstance(step, CollectStep):
        stride.move(hearing=Hearing.OPEN, unsure="", was_spoken=False)
        return all_typed(stride, step)
    return _take(stride, step, unsure)


# ---- what is told


def tell_words(
    stride: Stride,
    came: WordsCame,
    outcome: Outcome,
    *,
    asked: AnyStep | None = None,
) -> None:
    """Tell what was said and what is made of it; of a secret step that it was said.

    Args:
        stride: Where the walk is.
        came: What was said.
        outcome: What is made of it.
        asked: The step that it may be meant for, if it is another than the walk's.
    """
    said = came.said[0] if came.said else Said("", 0.0)
    is_secret = any(getattr(step, "secret", False) for step in (stride.step, asked))
    told, meant = _told(outcome)
    is_hidden = is_secret and meant not in (_DANGER_TOLD, PERSON_KEY)
    stride.tell(
        WordsHeard(
            **stride.here(),
            nth=stride.count(),
            text="" if is_secret else said.text[:LONGEST_TOLD],
            confidence=round(max(0.0, min(1.0, said.confidence)), 3),
            outcome=told,
            meant="" if is_hidden else meant,
            certainty=0.0 if is_hidden else round(outcome.certainty, 3),
            why="" if is_secret else outcome.why,
            recogniser=came.recogniser,
            took_ms=came.took_ms,
        )
    )
    if not is_secret:
        stride.remember({"heard.words": said.text[:LONGEST_TOLD]})


def _told(outcome: Outcome) -> tuple[WordsOutcome, str]:
    match outcome:
        case Taken(choice=choice):
            return WordsOutcome.TAKEN, _DANGER_TOLD if choice == DANGER else choice
        case DigitsSaid():
            return WordsOutcome.TAKEN, DIGITS_SAID
        case Uncertain(choice=choice):
            return WordsOutcome.UNCERTAIN, choice
        case NotTaken():
            return WordsOutcome.REFUSED, ""
