"""Which names a flow may use: of the world, of other systems, and of its own steps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivr.everywhere import EVERYWHERE, Everywhere
from ivr.expressions import Expression
from ivr.flow import Flow
from ivr.hours import NO_HOURS, Hours
from ivr.lookups import (
    FOUND,
    ArgumentType,
    FieldType,
    LookUp,
    LookUps,
    OrderKind,
)
from ivr.source import Trail
from ivr.steps import (
    AnyStep,
    Arguments,
    BranchStep,
    CollectStep,
    LookUpStep,
    OrderStep,
    QueueStep,
    RecordStep,
    SetStep,
    SmsStep,
    SurveyStep,
    prompts_of,
)
from ivr.template import Shown, pieces_of
from ivr.wording import Wording, unknown

WORLD = frozenset(
    {"caller", "number", "holiday", "storm", "call.repeats"}
    | {"now", "now.hour", "now.minute", "now.weekday"}
)
"""What is so around every call."""
WORDS = "heard.words"
"""What the caller said last; nothing at a secret step."""
OF_QUEUES = ("waiting", "longest_s", "ready")
"""What is known of a queue, as in ``queue.q_bill.waiting``."""

OF_WAIT = ("place", "minutes")
"""What is known of the wait of who waits: the place in the line, 1 for the next, and
about how long it takes; nothing where that cannot be told."""

Finding = tuple[Trail, Wording]


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What flows may name that stands in other files."""

    hours: Hours = NO_HOURS
    look_ups: LookUps | None = None
    """None where nobody knows: nothing is said of look-ups then."""
    everywhere: Everywhere = EVERYWHERE


def names_of(step: AnyStep, elsewhere: Elsewhere) -> frozenset[str]:
    """Return the values that a step puts there.

    A name that ends in ``.*`` stands for all its fields: what has them is not known.
    """
    match step:
        case SetStep():
            return frozenset(step.values)
        case CollectStep() | SurveyStep():
            return frozenset({step.into})
        case RecordStep():
            return frozenset({step.into, f"{step.into}.length_s"})
        case LookUpStep():
            fields = _gives(step, elsewhere)
            return _fields(step.into or step.look_up, fields)
        case OrderStep():
            return _fields(step.into or step.order, _gives(step, elsewhere))
        case _:
            return frozenset()


def _fields(name: str, fields: Mapping[str, FieldType] | None) -> frozenset[str]:
    if fields is None:
        return frozenset({f"{name}.*"})
    return frozenset({f"{name}.{FOUND}", *(f"{name}.{field}" for field in fields)})


def _gives(
    step: LookUpStep | OrderStep, elsewhere: Elsewhere
) -> Mapping[str, FieldType] | None:
    if elsewhere.look_ups is None:
        return None
    if isinstance(step, LookUpStep):
        found = elsewhere.look_ups.look_ups.get(step.look_up)
        return None if found is None else found.gives
    kind = elsewhere.look_ups.orders.get(step.order)
    return None if kind is None else kind.answers


def unknown_names(
    flow: Flow, known: frozenset[str], elsewhere: Elsewhere
) -> Iterator[Finding]:
    """Tell every name in a flow that stands for nothing.

    Args:
        flow: It.
        known: The values that it and the flows it is walked with put there.
        elsewhere: What stands in other files.
    """
    names = known | WORLD
    for name, step in flow.steps.items():
        here = ("steps", name)
        yield from _unknown_asked(step, here, elsewhere)
        for trail, expression in expressions_of(step):
            for one in expression.names():
                if what := _wrong(one.name, names, elsewhere):
                    yield (*here, *trail), at_character(one.place, what)
        for trail, shown in shown_of(step):
            if what := _wrong(shown.name, names, elsewhere):
                yield (*here, *trail), what


def at_character(place: int, what: Wording) -> Wording:
    """Return the words for what is wrong within an expression, with its place."""
    return Wording(en=f"character {place}: {what}", zh=f"第 {place} 个字符：{what.zh}")


def _wrong(name: str, names: frozenset[str], elsewhere: Elsewhere) -> Wording | None:
    """Return the words for a name that stands for nothing; None for one that does."""
    if name in names or name == WORDS:
        return None
    first, _, rest = name.partition(".")
    if first == "wait":
        figure = Wording(en="figure of a wait", zh="等待指标")
        return None if rest in OF_WAIT else unknown(rest, figure, OF_WAIT)
    if f"{first}.*" in names or (first == "flag" and rest):
        return None
    if first == "hours" and rest and f"{first}.{rest}" not in names:
        if rest in elsewhere.hours.calendars:
            return None
        calendar = Wording(en="calendar", zh="时间表")
        return unknown(rest, calendar, elsewhere.hours.calendars)
    if first == "queue" and rest.count(".") == 1:
        field = rest.partition(".")[2]
        figure = Wording(en="figure", zh="队列指标")
        return None if field in OF_QUEUES else unknown(field, figure, OF_QUEUES)
    value = Wording(en="value", zh="变量")
    return unknown(name, value, (one for one in names if not one.endswith("*")))


def expressions_of(step: AnyStep) -> Iterator[tuple[Trail, Expression]]:
    """Yield every expression of a step, and where it stands in it."""
    match step:
        case BranchStep():
            for place, case in enumerate(step.branch):
                yield ("branch", str(place), "if"), case.condition
        case SetStep():
            yield from _with("set", step.values)
        case LookUpStep() | OrderStep():
            yield from _with("with", step.arguments)
        case QueueStep():
            yield from _with("with", step.notes)
        case SmsStep():
            if step.to is not None:
                yield ("to",), step.to
        case _:
            pass


def _with(field: str, arguments: Arguments) -> Iterator[tuple[Trail, Expression]]:
    for name, expression in arguments.items():
        yield (field, name), expression


def shown_of(step: AnyStep) -> Iterator[tuple[Trail, Shown]]:
    """Yield every value that a step says, and where it stands in it."""
    prompts = dict(prompts_of(step))  # type: ignore[arg-type]
    if isinstance(step, SmsStep):
        prompts["sms"] = step.sms
    for field, prompt in prompts.items():
        for language, text in prompt.texts().items():
            for piece in pieces_of(text):
                if isinstance(piece, Shown):
                    yield (field, language.value), piece


def _unknown_asked(
    step: AnyStep, here: Trail, elsewhere: Elsewhere
) -> Iterator[Finding]:
    """Tell look-ups and orders that there are not, and what they do not take."""
    look_ups = elsewhere.look_ups
    if look_ups is None or not isinstance(step, LookUpStep | OrderStep):
        return
    if isinstance(step, LookUpStep):
        field, name = "look_up", step.look_up
        word = Wording(en="look-up", zh="查询")
        taken = {key: one.takes for key, one in look_ups.look_ups.items()}
    else:
        field, name, word = "order", step.order, Wording(en="order", zh="工单类型")
        taken = {key: one.takes for key, one in look_ups.orders.items()}
    if name not in taken:
        yield (*here, field), unknown(name, word, taken)
        return
    for argument in sorted(step.arguments.keys() - taken[name].keys()):
        trail = (*here, "with", argument)
        what = Wording(en=f"argument of {name!r}", zh=f" {name!r} 参数")
        yield trail, unknown(argument, what, taken[name])
    if taken[name] and not step.arguments:
        wanted = ", ".join(f"{argument}: …" for argument in taken[name])
        yield (
            here,
            Wording(
                en=f"{name!r} is asked with nothing; write `with: {{{wanted}}}`",
                zh=f"{name!r} 没有带任何参数；请写 `with: {{{wanted}}}`",
            ),
        )


def keeps_secret(
    step: LookUpStep | OrderStep, argument: str, elsewhere: Elsewhere
) -> bool:
    """Tell whether what is sent as an argument is kept secret; True where unknown."""
    if elsewhere.look_ups is None:
        return True
    look_ups = elsewhere.look_ups
    asked: LookUp | OrderKind | None
    if isinstance(step, LookUpStep):
        asked = look_ups.look_ups.get(step.look_up)
    else:
        asked = look_ups.orders.get(step.order)
    if asked is None or argument not in asked.takes:
        return True
    return asked.takes[argument] is ArgumentType.SECRET
