"""Conditions decided by what is known of an old call: true, false, or nobody knows."""

from collections.abc import Callable, Mapping

from ivr.expressions import All, Any, Expression, Name, Node, Not, is_true
from ivr.flow import Flow
from ivr.known import Elsewhere, names_of
from ivr.lookups import FOUND
from ivr.steps import LookUpStep, OrderStep, SetStep, Step
from ivr.values import Both, Value, Values
from services.flows.evidence import PASSING

FLAG, STORM, REPEATS = "flag.", "storm", "call.repeats"
_NOWHERE = Elsewhere()

Roots = Mapping[str, frozenset[str]]
"""What each name that flows set is worked out from in the end."""
Told = Callable[[Node], bool | None]
"""What is on record of a part of a condition."""
Stood = Callable[[str], Value]
"""What a name is known to have stood for; None where nobody knows."""


def roots_of(flows: Mapping[str, Flow]) -> Roots:
    """Return for each name that a step sets the names that it may depend on."""
    direct: dict[str, set[str]] = {}
    for flow in flows.values():
        for step in flow.steps.values():
            if isinstance(step, SetStep):
                for name, expression in step.values.items():
                    found = direct.setdefault(name, set())
                    found |= {one.name for one in expression.names()}
    roots: dict[str, frozenset[str]] = {}
    for name in direct:
        seen, todo = {name}, [name]
        while todo:
            fresh = direct.get(todo.pop(), set()) - seen
            seen |= fresh
            todo += fresh
        roots[name] = frozenset(seen)
    return roots


def answered_name(step: Step) -> str | None:
    """Return the name before the dot of what a step is answered; None for others."""
    match step:
        case LookUpStep():
            return step.into or step.look_up
        case OrderStep():
            return step.into or step.order
        case _:
            return None


def written_by(step: Step) -> frozenset[str]:
    """Return the names that a step writes; ``x.*`` stands for all of x."""
    return names_of(step, _NOWHERE)


class Doubt:
    """What a walk does not know, of what it would know on a real call."""

    def __init__(self, roots: Roots) -> None:
        """Begin with nothing that was answered."""
        self._roots = roots
        self.hidden: set[str] = set()
        """Names, and what stands before the dot of names, whose values are in no
        record."""

    def is_about(self, name: str) -> bool:
        """Tell whether nobody knows what a name stands for by the walk alone."""
        return any(map(self._hides, self._roots.get(name, frozenset({name}))))

    def _hides(self, name: str) -> bool:
        if name.startswith((PASSING, FLAG)) or name in (STORM, REPEATS):
            return True
        first, _, field = name.partition(".")
        return name in self.hidden or (first in self.hidden and field != FOUND)

    def truth(
        self, node: Node, values: Values, told: Told, stood: Stood
    ) -> bool | None:
        """Return whether a condition holds; None where nobody knows.

        Args:
            node: It, or a part of it.
            values: What the walk knows.
            told: What is on record of a part.
            stood: What is on record of a name.
        """
        names = {one.name for one in Expression("", node).names()}
        unsure = [name for name in sorted(names) if self.is_about(name)]
        if not unsure:
            return Expression("", node).holds(values)
        seen = told(node)
        if seen is not None:
            return seen
        match node:
            case Not():
                inner = self.truth(node.inner, values, told, stood)
                return None if inner is None else not inner
            case All():
                return _all([self.truth(it, values, told, stood) for it in node.inner])
            case Any():
                none = [self.truth(it, values, told, stood) for it in node.inner]
                nay = _all([None if it is None else not it for it in none])
                return None if nay is None else not nay
            case Name():
                value = stood(node.name)
                return None if value is None else is_true(value)
            case _:
                known = {name: stood(name) for name in unsure}
                if None in known.values():
                    return None
                return Expression("", node).holds(Both(known, values))


def _all(truths: list[bool | None]) -> bool | None:
    if False in truths:
        return False
    return None if None in truths else True
