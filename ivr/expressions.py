"""Expressions over values: what they are made of, and what they come to."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from ivr.values import Secret, Value, Values


class Sign(StrEnum):
    """How two values are compared, or added."""

    SAME = "=="
    OTHER = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    PLUS = "+"
    MINUS = "-"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is written out."""

    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    """A value that is known by a name."""

    name: str
    place: int
    """Where it stands in the text, counted from 1."""


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    inner: "Node"


@dataclass(frozen=True, slots=True)
class All:
    """Whether all are true."""

    inner: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Any:
    """Whether one is true."""

    inner: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Two:
    """Two values joined by a sign."""

    left: "Node"
    sign: Sign
    right: "Node"


@dataclass(frozen=True, slots=True)
class Among:
    """Whether a value is one of several."""

    left: "Node"
    options: "tuple[Node, ...]"


Node = Literal | Name | Not | All | Any | Two | Among


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression as it was written, and as it was understood."""

    text: str
    node: Node

    def __str__(self) -> str:
        """Return it as it was written."""
        return self.text

    def names(self) -> tuple[Name, ...]:
        """Return the names in it, in order."""
        return tuple(_names(self.node))

    def value(self, values: Values) -> Value:
        """Return what it comes to; never an error, whatever the values are.

        A value that is missing is false, "" and 0 where it is compared.
        """
        return _value(self.node, values)

    def holds(self, values: Values) -> bool:
        """Tell whether it is true: neither missing nor false, "" or 0."""
        return is_true(self.value(values))


def is_true(value: Value) -> bool:
    """Tell whether a value counts as true."""
    return bool(value.text) if isinstance(value, Secret) else bool(value)


def _names(node: Node) -> Iterator[Name]:
    match node:
        case Literal():
            pass
        case Name():
            yield node
        case Not():
            yield from _names(node.inner)
        case All() | Any():
            for one in node.inner:
                yield from _names(one)
        case Two():
            yield from _names(node.left)
            yield from _names(node.right)
        case Among():
            yield from _names(node.left)
            for one in node.options:
                yield from _names(one)


def _value(node: Node, values: Values) -> Value:
    def of(inner: Node) -> Value:
        return _value(inner, values)

    match node:
        case Literal():
            return node.value
        case Name():
            return values.get(node.name)
        case Not():
            return not is_true(of(node.inner))
        case All():
            return all(is_true(of(one)) for one in node.inner)
        case Any():
            return any(is_true(of(one)) for one in node.inner)
        case Among():
            left = of(node.left)
            return any(_is_same(left, of(one)) for one in node.options)
        case Two():
            return _joined(of(node.left), node.sign, of(node.right))


def _joined(left: Value, sign: Sign, right: Value) -> Value:
    if sign in (Sign.PLUS, Sign.MINUS):
        return _sum(left, sign, right)
    if sign is Sign.SAME:
        return _is_same(left, right)
    if sign is Sign.OTHER:
        return not _is_same(left, right)
    return _ORDERS[sign](_order(left, right))


_ORDERS: Mapping[Sign, Callable[[int | None], bool]] = {
    Sign.LESS: lambda order: order == -1,
    Sign.AT_MOST: lambda order: order in (-1, 0),
    Sign.MORE: lambda order: order == 1,
    Sign.AT_LEAST: lambda order: order in (0, 1),
}


def _is_same(left: Value, right: Value) -> bool:
    if left is None or right is None:
        return not is_true(left) and not is_true(right)
    if isinstance(left, bool) or isinstance(right, bool):
        return is_true(left) is is_true(right)
    return _order(left, right) == 0


def _order(left: Value, right: Value) -> int | None:
    """Return -1, 0 or 1; None for what cannot be put in an order."""
    first, second = _alike(_plain(left), _plain(right))
    for kind in (Decimal, str, datetime, time, date):
        if isinstance(first, kind) and isinstance(second, kind):
            try:
                return (first > second) - (first < second)  # type: ignore[operator]
            except TypeError:  # an aware instant beside a naive one
                return None
    return None


def _plain(value: Value) -> Value:
    """Return a secret's text and a number of any kind as a Decimal."""
    if isinstance(value, Secret):
        return value.text
    return Decimal(value) if isinstance(value, int) else value


def _alike(left: Value, right: Value) -> tuple[Value, Value]:
    """Turn a missing value into the nothing of the other's kind, digits into a number.

    A day beside an instant is compared by the instant's day.
    """
    match left, right:
        case (None, None):
            return Decimal(0), Decimal(0)
        case (None, Decimal()):
            return Decimal(0), right
        case (Decimal(), None):
            return left, Decimal(0)
        case (None, str()):
            return "", right
        case (str(), None):
            return left, ""
        case (str(), Decimal()):
            return _number(left), right
        case (Decimal(), str()):
            return left, _number(right)
        case (datetime(), datetime()):
            return left, right
        case (datetime(), date()):
            return left.date(), right
        case (date(), datetime()):
            return left, right.date()
        case _:
            return left, right


def _number(text: str) -> Value:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _sum(left: Value, sign: Sign, right: Value) -> Value:
    numbers = _plain(left or 0), _plain(right or 0)
    first, second = (_number(one) if isinstance(one, str) else one for one in numbers)
    if not isinstance(first, Decimal) or not isinstance(second, Decimal):
        return None
    try:
        total = first + second if sign is Sign.PLUS else first - second
    except ArithmeticError:
        return None
    return int(total) if total == total.to_integral_value() else total
