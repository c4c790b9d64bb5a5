"""Where a waiting walk stands, as a word that is written on the caller's leg."""

from collections.abc import Iterator

from acd.vocabulary.ids import CallId
from ivr.flow_set import FlowSet
from ivr.sounds import Language
from ivr.steps import QueueStep, SubFlowStep
from ivr.values import NOTHING, Values
from ivr.walk import Frame, Phase, Walk

LONGEST = 240
"""What the variable of a leg may hold; a walk that is deeper in flows is not noted."""


def noted(walk: Walk) -> str:
    """Return where a walk waits; what it found out is not in it.

    Returns:
        An empty text where it would be too long.
    """
    ways = [f"{it.flow}.{it.step}" for it in walk.frames]
    head = (walk.language.value, str(int(walk.is_slow)), str(walk.nth))
    text = ":".join((*head, *ways, f"{walk.flow}.{walk.line}"))
    return text if len(text) <= LONGEST else ""


def walk_of(
    text: str, flow_set: FlowSet, call_id: CallId, values: Values = NOTHING
) -> Walk | None:
    """Return the walk that a text notes; None where these flows have no such steps.

    Args:
        text: As ``noted`` gave it, perhaps by an earlier process and other flows.
        flow_set: The flows of now.
        call_id: The call.
        values: What is known of it still.
    """
    language, _, rest = text.partition(":")
    is_slow, _, rest = rest.partition(":")
    nth, _, rest = rest.partition(":")
    ways = [_way(one) for one in rest.split(":")]
    if language not in [*Language] or not nth.isdecimal():
        return None
    if not all(_fits(flow_set, *way, kind) for way, kind in _kinds(ways)):
        return None
    *before, (flow, line) = ways
    return Walk(
        call_id=call_id,
        flow=flow,
        step=line,
        line=line,
        language=Language(language),
        phase=Phase.WAITING,
        is_slow=is_slow == "1",
        values=values,
        nth=int(nth),
        frames=tuple(Frame(flow=name, step=step, back=()) for name, step in before),
    )


_Way = tuple[str, str]


def _way(text: str) -> _Way:
    flow, _, step = text.partition(".")
    return flow, step


def _kinds(ways: list[_Way]) -> Iterator[tuple[_Way, type]]:
    *before, last = ways
    yield from ((way, SubFlowStep) for way in before)
    yield last, QueueStep


def _fits(flow_set: FlowSet, flow: str, step: str, kind: type) -> bool:
    if flow not in flow_set.flows:
        return False
    return isinstance(flow_set.flows[flow].steps.get(step), kind)
