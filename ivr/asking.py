"""Steps that wait for keys: menus, yes or no, answers, numbers of several digits."""

from collections.abc import Callable, Mapping

from acd.vocabulary.flow_facts import DigitsCollected, SurveyAnswered
from ivr.prompt import Prompt
from ivr.steps import AskingStep, CollectStep, ConfirmStep, MenuStep, Step, SurveyStep
from ivr.stride import Goto, Stride, Then
from ivr.values import Secret
from ivr.walk import Hearing
from ivr.ways import BACK_KEY, NO_KEY, PERSON_KEY, REPEAT_KEY, YES_KEY

DIGITS = "0123456789"
DIGITS_SAID = "digits"
"""What the caller is asked about where a number is read back."""

_Meaning = Callable[[], Then]
KeyStep = MenuStep | ConfirmStep | SurveyStep
"""Steps at which one key is a choice."""


def asks(step: Step) -> bool:
    """Tell whether a step waits for keys."""
    return isinstance(step, AskingStep)


def ask(stride: Stride, step: AskingStep) -> Then:
    """Say what is asked for."""
    return stride.say(prompt_of(step))


def listen(stride: Stride, step: AskingStep) -> Then:
    """Wait for the key, or for the next one of several."""
    return stride.listen(step.timeout_s, is_first=not stride.walk.typed.text)


def takes(stride: Stride, step: Step, key: str) -> bool:
    """Tell whether a key means something at a step, as one that is typed ahead."""
    match step:
        case MenuStep() | ConfirmStep() | SurveyStep():
            return key in _meanings(stride, step)
        case CollectStep():
            return key in DIGITS
        case _:
            return False


def key_came(stride: Stride, step: AskingStep, key: str) -> Then:
    """Take a key."""
    if isinstance(step, CollectStep):
        return _digit_came(stride, step, key)
    if not isinstance(step, KeyStep):
        raise TypeError(f"{type(step).__name__}: is asked otherwise")
    meaning = _meanings(stride, step).get(key)
    stride.press(key, is_choice=meaning is not None)
    if meaning is None:
        return stride.fail(step, prompt_of(step), step.on_wrong)
    return meaning()


def chosen(stride: Stride, step: AskingStep, choice: str) -> Then:
    """Go the way of a choice that was spoken: a key, or the name of a step."""
    if not isinstance(step, KeyStep):
        return _besides(stride, step, choice)
    meaning = _meanings(stride, step).get(choice)
    if meaning is not None:
        return meaning()
    if isinstance(step, MenuStep) and choice in stride.flow.steps:
        return Goto(choice)
    return _besides(stride, step, choice)


def _besides(stride: Stride, step: AskingStep, choice: str) -> Then:
    match choice:
        case "0":
            return Goto(stride.flow.person)
        case "*":
            return _go_back(stride)
        case _:
            return stride.say(prompt_of(step))


def no_key_came(stride: Stride, step: AskingStep) -> Then:
    """Take a silence."""
    if isinstance(step, CollectStep) and stride.walk.typed.text:
        return all_typed(stride, step)
    stride.time_out()
    if isinstance(step, MenuStep) and step.on_silence and not stride.walk.failures:
        return Goto(step.on_silence)
    if isinstance(step, SurveyStep) and stride.walk.failures + 1 >= step.tries:
        return Goto(step.give_up or step.goto)
    return stride.fail(step, prompt_of(step), step.on_timeout)


def prompt_of(step: AskingStep) -> Prompt:
    """Return what a step says to ask."""
    match step:
        case MenuStep():
            return step.menu
        case ConfirmStep():
            return step.confirm
        case SurveyStep():
            return step.survey
        case CollectStep():
            return step.collect
        case _:
            raise TypeError(f"{type(step).__name__}: asks for no key")


def _meanings(stride: Stride, step: KeyStep) -> Mapping[str, _Meaning]:
    """Return what each key does at a step; what the flow says goes first."""
    return {
        PERSON_KEY: lambda: Goto(stride.flow.person),
        REPEAT_KEY: lambda: stride.say(prompt_of(step)),
        BACK_KEY: lambda: _go_back(stride),
        **_choices(stride, step),
    }


def _choices(stride: Stride, step: KeyStep) -> Mapping[str, _Meaning]:
    def going(name: str) -> _Meaning:
        return lambda: Goto(name)

    match step:
        case MenuStep():
            return {key: going(name) for key, name in step.keys.items()}
        case ConfirmStep():
            return {YES_KEY: going(step.yes), NO_KEY: going(step.no)}
        case SurveyStep():
            return {key: _answering(stride, step, key) for key in step.keys}


def _answering(stride: Stride, step: SurveyStep, key: str) -> _Meaning:
    def answer() -> Then:
        stride.remember({step.into: int(key) if key in DIGITS else key})
        stride.tell(SurveyAnswered(**stride.here(), name=step.into, answer=key))
        return Goto(step.goto)

    return answer


def _go_back(stride: Stride) -> Then:
    """Enter the step that asked before this one; the first one is said again."""
    *before, name = stride.walk.back or (stride.walk.step,)
    stride.move(back=tuple(before))
    return Goto(name, is_onward=False)


def _digit_came(stride: Stride, step: CollectStep, key: str) -> Then:
    typed = stride.walk.typed.text
    if key == step.end_key and typed:
        stride.press(key, is_choice=True)
        return all_typed(stride, step)
    if key in DIGITS:
        stride.press(key, is_choice=True)
        typed += key
        stride.move(typed=Secret(typed))
        if len(typed) >= step.digits.most:
            return all_typed(stride, step)
        return listen(stride, step)
    is_back = key == BACK_KEY and key != step.end_key
    stride.press(key, is_choice=is_back)
    if not is_back:
        return stride.fail(step, step.collect, step.on_wrong)
    if typed:
        stride.move(typed=Secret(""))
        return listen(stride, step)
    return _go_back(stride)


def digits_said(stride: Stride, step: CollectStep, digits: str) -> Then | None:
    """Take digits that were spoken, a group or all; None where they are too many."""
    digits = stride.walk.typed.text + digits
    if len(digits) > step.digits.most:
        return None
    stride.move(typed=Secret(digits), was_spoken=True)
    if len(digits) == step.digits.most:
        return all_typed(stride, step)
    return stride.listen(step.timeout_s)


def _read_back(stride: Stride, digits: str) -> Then:
    stride.move(hearing=Hearing.UNSURE, unsure=DIGITS_SAID)
    stride.remember({"heard.choice": digits})
    return stride.say(stride.flow.defaults.read_back)


def all_typed(stride: Stride, step: CollectStep) -> Then:
    """Take the digits that came as all there are; spoken ones are read back first."""
    digits = stride.walk.typed.text
    if digits == PERSON_KEY:
        return Goto(stride.flow.person)
    if len(digits) < step.digits.least:
        return stride.fail(step, step.collect, step.on_wrong)
    if stride.walk.was_spoken and not step.secret:
        return _read_back(stride, digits)
    stride.tell(
        DigitsCollected(
            **stride.here(),
            count=len(digits),
            digits="" if step.secret else digits,
        )
    )
    stride.remember({step.into: Secret(digits) if step.secret else digits})
    return Goto(step.goto)
