"""How far it is to a person, in keys and in seconds of listening."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

from ivr.flow import Flow
from ivr.prompt import Prompt
from ivr.sounds import Language
from ivr.steps import (
    AskingStep,
    CollectStep,
    LookUpStep,
    OrderStep,
    QueueStep,
    RecordStep,
    ReturnStep,
    SubFlowStep,
    prompts_of,
)
from ivr.template import Shown, pieces_of
from ivr.ways import By, ways_of
from ivr.written import StepName

LETTERS_A_S: Mapping[Language, float] = {Language.ZH: 4.0, Language.EN: 14.0}
"""How fast our voices speak; a recorded file counts as its text."""
_VALUE_LETTERS = 6
_FILE_S = 5.0
_ASKED_S = 1.0
"""What another system takes, as a rule."""
_SPOKEN_S = 10.0
"""How long a caller speaks a message, as a rule."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Distance:
    """What a caller hears, and presses, on the way to a queue."""

    seconds: float
    keys: int
    way: tuple[StepName, ...]
    """The steps on it; the last is the queue's."""


def longest_way(flow: Flow, flows: Mapping[str, Flow]) -> Distance | None:
    """Return the way to the queue of a flow that is the farthest by its shortest way.

    All prompts are heard to their end; key 0 makes every way shorter. Flows that are
    walked on the way count with the shortest way through them.

    Args:
        flow: Where the caller begins.
        flows: All flows, by name.

    Returns:
        None where no queue of its own can be come to but by key 0.
    """
    far = _distances(flow, flows, ())
    queues = [
        found for name, found in far.items() if isinstance(flow.steps[name], QueueStep)
    ]
    return max(queues, default=None)


def _distances(
    flow: Flow, flows: Mapping[str, Flow], inside: tuple[str, ...]
) -> Mapping[StepName, Distance]:
    """Return the shortest way to each step that can be come to without key 0."""
    found: dict[StepName, Distance] = {}
    todo = [Distance(seconds=0.0, keys=0, way=(flow.entry,))]
    while todo:
        here = heapq.heappop(todo)
        name = here.way[-1]
        if name in found:
            continue
        found[name] = here
        step = flow.steps[name]
        seconds, keys = _heard_s(flow, step), _pressed(step)
        if isinstance(step, SubFlowStep):
            through = _through(step, flows, (*inside, flow.name))
            if through is None:
                continue
            seconds, keys = through
        for way in () if isinstance(step, QueueStep) else ways_of(flow, step):
            if way.by in (By.PERSON, By.FAILED, By.GIVE_UP, By.SILENCE):
                continue
            there = Distance(
                seconds=here.seconds + seconds,
                keys=here.keys + keys,
                way=(*here.way, way.goto),
            )
            heapq.heappush(todo, there)
    return found


def _through(
    step: SubFlowStep, flows: Mapping[str, Flow], inside: tuple[str, ...]
) -> tuple[float, int] | None:
    """Return the shortest way through a flow; None where it never gives back."""
    inner = flows.get(step.flow)
    if inner is None or inner.name in inside:
        return None
    ways = [
        (far.seconds, far.keys)
        for name, far in _distances(inner, flows, inside).items()
        if _goes_on(inner.steps[name])
    ]
    return min(ways, default=None)


def _goes_on(step: object) -> bool:
    return isinstance(step, ReturnStep) and not step.is_to_a_person


def _pressed(step: object) -> int:
    match step:
        case CollectStep():
            return step.digits.most + (step.digits.least < step.digits.most)
        case AskingStep():
            return 1
        case _:
            return 0


def _heard_s(flow: Flow, step: object) -> float:
    match step:
        case LookUpStep() | OrderStep():
            return _ASKED_S
        case RecordStep():
            return _said_s(flow, step.record) + _SPOKEN_S
        case QueueStep() | SubFlowStep():
            return 0.0
        case _:
            prompts = prompts_of(step)  # type: ignore[arg-type]
            first = next(iter(prompts.values()), None)
            return 0.0 if first is None else _said_s(flow, first)


def _said_s(flow: Flow, prompt: Prompt) -> float:
    texts = prompt.texts()
    if not texts:
        return _FILE_S
    language = flow.language if flow.language in texts else next(iter(texts))
    letters = sum(
        _VALUE_LETTERS if isinstance(piece, Shown) else len(piece)
        for piece in pieces_of(texts[language])
    )
    return round(letters / LETTERS_A_S[language], 1)
