"""What conditions came to in a call on record, as far as its branches tell."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from acd.vocabulary.flow_facts import BranchTaken
from ivr.conditions import NotAnExpression, read_expression
from ivr.expressions import (
    All,
    Among,
    Any,
    Expression,
    Literal,
    Name,
    Node,
    Not,
    Sign,
    Two,
)
from ivr.flow_set import FlowSet
from ivr.known import Elsewhere, names_of
from ivr.steps import AnyStep, BranchStep
from ivr.values import Value
from services.flows.traces import Entry, Trace

OTHERWISE = "otherwise"
_NOWHERE = Elsewhere()
PASSING = "queue."
"""What such names stand for is another the next moment."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one part of a condition came to at one entry."""

    place: int
    """Of the entry in the trace."""
    node: Node
    is_true: bool


class Evidence:
    """What a trace tells of conditions; it never tells what it does not know."""

    def __init__(self, trace: Trace, before: FlowSet | None) -> None:
        """Take a trace, and the flows that led it; None where nobody has them."""
        self._before = before
        # By their words: 1 and true are one key, and not one value.
        self._seen: dict[str, list[Seen]] = {}
        self._equal: dict[str, list[tuple[int, Value]]] = {}
        self._written = [self._writes(entry) for entry in trace.entries]
        for place, entry in enumerate(trace.entries):
            for seen in self._told(place, entry):
                self._seen.setdefault(repr(seen.node), []).append(seen)
                self._note_equal(seen)

    def of(self, node: Node, place: int) -> bool | None:
        """Return what a part of a condition came to; None where nothing tells.

        Args:
            node: The part.
            place: The entry of the trace by which the walk is.
        """
        shape = repr(shape_of(node))
        names = [one.name for one in Expression("", node).names()]
        for seen in self._nearest(self._seen.get(shape, []), place):
            if self._is_so(names, seen.place, place):
                return seen.is_true
        return None

    def value(self, name: str, place: int) -> Value:
        """Return what a name stood for; None where nothing tells."""
        for there, value in self._equal.get(name, []):
            if self._is_so([name], there, place):
                return value
        return None

    @staticmethod
    def _nearest(seen: list[Seen], place: int) -> list[Seen]:
        return sorted(seen, key=lambda one: abs(one.place - place))

    def _is_so(self, names: list[str], there: int, here: int) -> bool:
        """Tell whether what was so at one entry is so at another."""
        if there == here:
            return True
        if self._before is None or any(one.startswith(PASSING) for one in names):
            return False
        # What the later one of both wrote is there already when it is left, and not
        # yet when it is asked.
        end = here + 1 if there < here else there
        between = self._written[min(there, here) + 1 : end]
        return not any(covers(one, names) for one in between)

    def _told(self, place: int, entry: Entry) -> Iterator[Seen]:
        for fact in entry.told:
            if not isinstance(fact, BranchTaken):
                continue
            for node, is_true in self._conditions(entry, fact):
                for part, holds in parts_of(node, is_true=is_true):
                    yield Seen(place, shape_of(part), holds)

    def _conditions(
        self, entry: Entry, taken: BranchTaken
    ) -> Iterator[tuple[Node, bool]]:
        """Yield what the branch asked up to the way that was taken."""
        step = self._step(entry)
        written = step.branch if isinstance(step, BranchStep) else ()
        texts = [str(case.condition) for case in written]
        if taken.because in texts:
            count = texts.index(taken.because)
            yield written[count].condition.node, True
        elif taken.because == OTHERWISE:
            count = len(texts)
        else:
            count = 0
            try:
                yield read_expression(taken.because).node, True
            except NotAnExpression:
                return
        for case in written[:count]:
            yield case.condition.node, False

    def _writes(self, entry: Entry) -> frozenset[str]:
        step = self._step(entry)
        return frozenset() if step is None else names_of(step, _NOWHERE)

    def _step(self, entry: Entry) -> AnyStep | None:
        flow = self._before.flows.get(entry.flow) if self._before else None
        return flow.steps.get(entry.step) if flow else None

    def _note_equal(self, seen: Seen) -> None:
        match seen.node:
            case Two(Name(name=name), Sign.SAME, Literal(value=value)) if (
                seen.is_true and not isinstance(value, bool)
            ):
                self._equal.setdefault(name, []).append((seen.place, value))
            case _:
                pass


def covers(written: frozenset[str], names: list[str]) -> bool:
    """Tell whether one of the names is written; ``x.*`` stands for all of x."""
    firsts = {one.partition(".")[0] + ".*" for one in names}
    return bool(written & {*names, *firsts})


def shape_of(node: Node) -> Node:
    """Return the same without the places of its names, to be compared."""
    match node:
        case Literal():
            return node
        case Name():
            return replace(node, place=0)
        case Not():
            return Not(shape_of(node.inner))
        case All():
            return All(tuple(map(shape_of, node.inner)))
        case Any():
            return Any(tuple(map(shape_of, node.inner)))
        case Two():
            return Two(shape_of(node.left), node.sign, shape_of(node.right))
        case Among():
            return Among(shape_of(node.left), tuple(map(shape_of, node.options)))


def parts_of(node: Node, *, is_true: bool) -> Iterator[tuple[Node, bool]]:
    """Yield what follows for its parts from what a condition came to, itself first."""
    yield node, is_true
    match node:
        case Not():
            yield from parts_of(node.inner, is_true=not is_true)
        case All() if is_true:
            for one in node.inner:
                yield from parts_of(one, is_true=True)
        case Any() if not is_true:
            for one in node.inner:
                yield from parts_of(one, is_true=False)
        case _:
            pass
