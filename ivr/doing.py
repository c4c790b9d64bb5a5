"""Steps that do something by themselves: decide, remember, ask others, take down."""

from types import MappingProxyType
from typing import assert_never

from acd.vocabulary.flow_facts import (
    BranchTaken,
    LookedUp,
    LookUpOutcome,
    MessageRecorded,
    OrderCreated,
    SmsSent,
    SubFlowEntered,
)
from ivr.flow import Flow
from ivr.lookups import LookUp, LookUps, OrderKind
from ivr.saying import filled
from ivr.steps import (
    Arguments,
    BranchStep,
    LookUpStep,
    OrderStep,
    RecordStep,
    ReturnStep,
    SmsStep,
    SubFlowStep,
    TransferStep,
)
from ivr.stride import Goto, Stride, Then
from ivr.turns import (
    Ask,
    AskFailed,
    Found,
    MessageTaken,
    NotFound,
    Question,
    QuestionKind,
    Record,
)
from ivr.values import Values
from ivr.walk import Frame, Phase
from ivr.ways import PERSON_KEY

ASK_LIMIT_S = 10.0
"""How long a caller is kept waiting for another system; it may have less itself."""
DEEPEST = 5
"""Flows in each other."""
SHORTEST_S = 1.5
"""A message that is shorter is taken for silence, of which a line keeps 1 s."""

AskStep = LookUpStep | OrderStep | SmsStep


def decide(stride: Stride, step: BranchStep) -> Then:
    """Go the way of the first condition that holds."""
    goto, because = step.otherwise, "otherwise"
    for case in step.branch:
        if stride.holds(case.condition):
            goto, because = case.goto, str(case.condition)
            break
    stride.tell(BranchTaken(**stride.here(), goto=goto, because=because))
    return Goto(goto)


def ask_others(stride: Stride, step: AskStep) -> Then:
    """Ask another system."""
    question = _question(stride, step)
    act = Ask(
        question=question,
        due_s=_due_s(stride.flow_set.look_ups, question),
        limit_s=ASK_LIMIT_S,
        waiting=stride.heard(stride.flow.defaults.please_wait),
        # Who leaves the wait for an order may not know whether it was made.
        keys=PERSON_KEY if isinstance(step, LookUpStep) else "",
    )
    return stride.use(Phase.ASKING, act)


def _due_s(declared: LookUps, question: Question) -> float:
    """Return by when an answer is there or has failed; the limit where nobody says."""
    one: LookUp | OrderKind | None
    match question.kind:
        case QuestionKind.LOOK_UP:
            one = declared.look_ups.get(question.name)
        case QuestionKind.ORDER:
            one = declared.orders.get(question.name)
        case QuestionKind.SMS:
            return declared.sms_limit_s
        case _:
            assert_never(question.kind)
    return one.limit_s if one else ASK_LIMIT_S


def _question(stride: Stride, step: AskStep) -> Question:
    match step:
        case LookUpStep():
            return Question(
                kind=QuestionKind.LOOK_UP,
                name=step.look_up,
                arguments=_worked_out(stride, step.arguments),
            )
        case OrderStep():
            return Question(
                kind=QuestionKind.ORDER,
                name=step.order,
                arguments=_worked_out(stride, step.arguments),
            )
        case SmsStep():
            return Question(
                kind=QuestionKind.SMS,
                name=QuestionKind.SMS.value,
                arguments=MappingProxyType(
                    {"to": _recipient(stride, step), "text": _message(stride, step)}
                ),
            )


def _worked_out(stride: Stride, arguments: Arguments) -> Values:
    values = stride.values
    return MappingProxyType({name: it.value(values) for name, it in arguments.items()})


def _recipient(stride: Stride, step: SmsStep) -> str:
    value = stride.values.get("caller") if step.to is None else None
    if step.to is not None:
        value = step.to.value(stride.values)
    return "" if value is None else str(value)


def _message(stride: Stride, step: SmsStep) -> str:
    texts = step.sms.texts()
    wanted = (stride.walk.language, stride.flow.language, *texts)
    language = next((one for one in wanted if one in texts), None)
    return filled(texts[language], language, stride.values) if language else ""


def answer_came(
    stride: Stride, step: AskStep, came: Found | NotFound | AskFailed
) -> Then:
    """Take the answer of another system."""
    match came:
        case Found():
            _looked_up(stride, step, LookUpOutcome.FOUND)
            _keep(stride, step, came.values)
            return Goto(step.goto)
        case NotFound() if isinstance(step, LookUpStep):
            _looked_up(stride, step, LookUpOutcome.NOT_FOUND)
            stride.remember({f"{step.into or step.look_up}.found": False})
            return Goto(step.not_found) if step.not_found else _failed(stride, step)
        case NotFound():
            _looked_up(stride, step, LookUpOutcome.NOT_FOUND)
        case AskFailed():
            _looked_up(stride, step, LookUpOutcome.FAILED, detail=came.detail)
    return _failed(stride, step)


def _failed(stride: Stride, step: AskStep | RecordStep) -> Goto:
    if step.failed is not None:
        return Goto(step.failed)
    return Goto(step.goto) if isinstance(step, SmsStep) else stride.failed()


def _looked_up(
    stride: Stride, step: AskStep, outcome: LookUpOutcome, detail: str = ""
) -> None:
    took = stride.at - (stride.walk.since or stride.at)
    stride.tell(
        LookedUp(
            **stride.here(),
            name=_question_name(step),
            outcome=outcome,
            took_ms=round(took.total_seconds() * 1000),
            detail=detail,
        )
    )


def _question_name(step: AskStep) -> str:
    match step:
        case LookUpStep():
            return step.look_up
        case OrderStep():
            return step.order
        case SmsStep():
            return QuestionKind.SMS.value


def _keep(stride: Stride, step: AskStep, found: Values) -> None:
    match step:
        case LookUpStep():
            name = step.into or step.look_up
            stride.remember({f"{name}.{key}": one for key, one in found.items()})
            stride.remember({f"{name}.found": True})
        case OrderStep():
            name = step.into or step.order
            stride.remember({f"{name}.{key}": one for key, one in found.items()})
            order_id = found.get("id")
            stride.tell(
                OrderCreated(
                    **stride.here(),
                    order_kind=step.order,
                    order_id="" if order_id is None else str(order_id),
                )
            )
        case SmsStep():
            stride.tell(SmsSent(**stride.here(), to=_recipient(stride, step)))


def take_down(stride: Stride, step: RecordStep) -> Then:
    """Record what the caller says."""
    act = Record(
        name=_message_name(stride),
        limit_s=step.limit_s,
        keys=step.end_key + PERSON_KEY,
    )
    return stride.use(Phase.RECORDING, act)


def _message_name(stride: Stride) -> str:
    # The number of the step's entry: a step that is entered again has another.
    return f"{stride.walk.call_id}-{stride.walk.nth}"


def message_came(
    stride: Stride, step: RecordStep, came: MessageTaken | AskFailed
) -> Then:
    """Keep a message, unless there is nothing in it."""
    if isinstance(came, AskFailed):
        return _failed(stride, step)
    name = _message_name(stride)
    if came.key == PERSON_KEY:
        stride.press(PERSON_KEY, is_choice=True)
        return Goto(stride.flow.person)
    if came.length_s < SHORTEST_S:
        return _failed(stride, step)
    length_s = round(came.length_s, 2)
    stride.tell(MessageRecorded(**stride.here(), name=name, length_s=length_s))
    stride.remember({step.into: name, f"{step.into}.length_s": round(length_s)})
    return Goto(step.goto)


def go_into(stride: Stride, step: SubFlowStep) -> Then:
    """Walk another flow, and come back here."""
    walk, inner = stride.walk, stride.flow_set.flows[step.flow]
    if len(walk.frames) >= DEEPEST:
        return Goto(stride.flow.person)
    frame = Frame(flow=walk.flow, step=walk.step, back=walk.back)
    return _enter_flow(stride, inner, frames=(*walk.frames, frame), is_transfer=False)


def give_over(stride: Stride, step: TransferStep) -> Then:
    """Walk another number's flow, for good."""
    name = stride.flow_set.numbers.get(step.transfer)
    if name is None:
        return Goto(stride.flow.person)
    inner = stride.flow_set.flows[name]
    if not inner.speaks(stride.walk.language):
        stride.move(language=inner.language)
    return _enter_flow(stride, inner, frames=(), is_transfer=True)


def _enter_flow(
    stride: Stride, inner: Flow, *, frames: tuple[Frame, ...], is_transfer: bool
) -> Then:
    stride.tell(
        SubFlowEntered(**stride.here(), into=inner.name, is_transfer=is_transfer)
    )
    stride.move(flow=inner.name, step=inner.entry, back=(), frames=frames)
    return Goto(inner.entry, is_onward=False)


def give_back(stride: Stride, step: ReturnStep) -> Then:
    """Go on in the flow that this one was walked from.

    Raises:
        TypeError: Nobody walks it, and it has no person; ``ivr.load`` and who leads
            calls into flows refuse that.
    """
    if not stride.walk.frames:
        if step.is_to_a_person:
            raise TypeError(f"flow {stride.walk.flow!r} has no person of its own")
        return Goto(stride.flow.person)
    stride.leave()
    if step.is_to_a_person:
        return Goto(stride.flow.person)
    led = stride.step
    if not isinstance(led, SubFlowStep):
        raise TypeError(f"step {stride.walk.step!r} led into no flow")
    return Goto(led.goto)
