"""The wire form of facts: JSON-ready dicts that stay readable when facts change."""

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Any, NewType, cast

from acd.vocabulary.errors import AcdError
from acd.vocabulary.fact import FactOf
from acd.vocabulary.facts import ALL_FACTS, Fact
from acd.vocabulary.ids import Place

Told = Mapping[str, object]
Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
_Convert = Callable[[Any], Any]


def _leg_with_class(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "v": 2, "leg": {**told["leg"], "call_class": 0}}


def _seen_with_class(told: dict[str, Any]) -> dict[str, Any]:
    legs = [{**leg, "call_class": 0} for leg in told["legs"]]
    return {**told, "v": 2, "legs": legs}


def _leg_unmuted(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "v": 3, "leg": {**told["leg"], "is_muted": False}}


def _seen_unmuted(told: dict[str, Any]) -> dict[str, Any]:
    legs = [{**leg, "is_muted": False} for leg in told["legs"]]
    return {**told, "v": 3, "legs": legs}


UPGRADES: dict[tuple[str, int], Upgrade] = {
    # The last proof of life came later.
    ("leg_ended", 1): lambda told: {**told, "v": 2, "alive_at": None},
    ("switch_lost", 1): lambda told: {**told, "v": 2, "alive_at": None},
    # And so did the classes of calls.
    ("call_queued", 1): lambda told: {**told, "v": 2, "call_class": 0},
    ("switch_seen", 1): _seen_with_class,
    ("leg_checked", 1): _leg_with_class,
    # Recordings could not be paused.
    ("switch_seen", 2): _seen_unmuted,
    ("leg_checked", 2): _leg_unmuted,
    # Flows were files without versions.
    ("call_arrived", 1): lambda told: {**told, "v": 2, "flow_version": 0},
    # Nobody could be put on hold.
    ("conversation_ended", 1): lambda told: {**told, "v": 2, "hold_s": 0.0},
}
"""How an older form becomes the next: (kind, its version) to a function of the dict.

A fact's version is 1 until it has an upgrade here. Changing a fact's fields means
adding one, or journals written before cannot be read. It may rename the kind; the
dict that it returns has its own ``kind`` and ``v``.
"""

_ENVELOPE = ("kind", "v", "province", "unit")


class WireError(AcdError):
    """The ground of all that cannot be read as a fact."""


class UnknownKind(WireError):
    """There is no such fact."""

    def __init__(self, kind: object) -> None:
        """Say what stood there."""
        super().__init__(
            f"fact: no kind is called {kind!r}; was it written by a newer release?"
        )
        self.kind = kind


class UnknownVersion(WireError):
    """A fact has a form that this release does not know."""

    def __init__(self, kind: str, found: object, known: int) -> None:
        """Say which version stood there, and which is the newest known."""
        super().__init__(
            f"fact {kind}: version {found!r} is not known, the newest is {known}; "
            "was it written by a newer release?"
        )
        self.kind = kind
        self.found = found
        self.known = known


class WrongFields(WireError):
    """A fact lacks fields or has some that its form does not have."""

    def __init__(self, kind: str, *, missing: set[str], unknown: set[str]) -> None:
        """Say which."""
        found = [f"{name!r} is missing" for name in sorted(missing)]
        found += [f"{name!r} is not a field here" for name in sorted(unknown)]
        super().__init__(f"fact {kind}: {', '.join(found)}")
        self.kind = kind
        self.missing = missing
        self.unknown = unknown


class WrongValue(WireError):
    """A field of a fact holds what it cannot hold."""

    def __init__(self, kind: str, field: str, found: object) -> None:
        """Say what stood there."""
        super().__init__(f"fact {kind}: {field} cannot be {found!r}")
        self.kind = kind
        self.field = field
        self.found = found


def kind_of(cls: type) -> str:
    """Return the name of a fact on the wire: its class name in snake case."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def to_wire(fact: Fact) -> dict[str, Any]:
    """Return a fact as a dict that ``json`` can write.

    Raises:
        WrongValue: An instant of the fact is naive.
    """
    return _WIRE.to_wire(fact)


def from_wire(told: Told) -> Fact:
    """Return the fact that a dict tells.

    Raises:
        WireError: It tells no fact of ours; the leaf says what was found.
    """
    return cast("Fact", _WIRE.from_wire(told))


class Wire:
    """The forms of a set of facts, worked out once from their type hints."""

    def __init__(
        self,
        facts: Sequence[type[FactOf]],
        upgrades: Mapping[tuple[str, int], Upgrade],
    ) -> None:
        """Work the forms out.

        Raises:
            TypeError: A field has a type that has no wire form.
        """
        self._upgrades = upgrades
        forms = [_FactForm(cls, _version(cls, upgrades)) for cls in facts]
        self._by_class = {form.cls: form for form in forms}
        self._by_kind = {form.kind: form for form in forms}

    def to_wire(self, fact: FactOf) -> dict[str, Any]:
        """Return a fact as a dict; see the function of the same name."""
        return self._by_class[type(fact)].tell(fact)

    def from_wire(self, told: Told) -> FactOf:
        """Return the fact that a dict tells; see the function of the same name."""
        kind, version = told.get("kind"), told.get("v")
        # True and 1.0 would be found where 1 is.
        while type(version) is int and (
            upgrade := self._upgrades.get((kind, version))  # type: ignore[arg-type]
        ):
            told = upgrade(dict(told))
            kind, version = told["kind"], told["v"]
        form = self._by_kind.get(kind) if isinstance(kind, str) else None
        if form is None:
            raise UnknownKind(kind)
        if version != form.version or type(version) is not int:
            raise UnknownVersion(form.kind, version, form.version)
        return form.read(told)


def _version(cls: type, upgrades: Mapping[tuple[str, int], Upgrade]) -> int:
    older = (version for kind, version in upgrades if kind == kind_of(cls))
    return 1 + max(older, default=0)


class _Fields:
    """Fields of one class, and which of them need converting."""

    def __init__(self, cls: type, *, without: str = "") -> None:
        self.kind = kind_of(cls)
        hints = typing.get_type_hints(cls)
        names = [f.name for f in dataclasses.fields(cls) if f.name != without]
        codecs = {name: _codec(hints[name]) for name in names}
        self.names = tuple(names)
        self.get = attrgetter(*names)
        # A single name would make attrgetter return the value itself.
        self.is_single = len(names) == 1
        self.encoders = [(n, c.encode) for n, c in codecs.items() if c.encode]
        self.decoders = [(n, c.decode) for n, c in codecs.items()]

    def tell(self, value: object) -> dict[str, Any]:
        got = self.get(value)
        out = dict(zip(self.names, (got,) if self.is_single else got, strict=True))
        for name, encode in self.encoders:
            try:
                out[name] = encode(out[name])
            except ValueError:
                raise WrongValue(self.kind, name, out[name]) from None
        return out

    def read(self, told: Told) -> dict[str, Any]:
        out = {}
        for name, decode in self.decoders:
            try:
                out[name] = decode(told[name])
            except (ValueError, TypeError):
                raise WrongValue(self.kind, name, told[name]) from None
        return out


class _FactForm:
    """The form of one fact."""

    def __init__(self, cls: type[FactOf], version: int) -> None:
        self.cls = cls
        self.kind = kind_of(cls)
        self.version = version
        self._fields = _Fields(cls, without="place")
        self._keys = frozenset(_ENVELOPE) | set(self._fields.names)
        if len(self._keys) != len(_ENVELOPE) + len(self._fields.names):
            msg = f"{cls.__name__}: a field may not be called one of {_ENVELOPE}"
            raise TypeError(msg)

    def tell(self, fact: FactOf) -> dict[str, Any]:
        out = {"kind": self.kind, "v": self.version}
        out |= self._fields.tell(fact)
        place = fact.place
        out["province"] = place.province
        out["unit"] = place.unit
        return out

    def read(self, told: Told) -> FactOf:
        if told.keys() != self._keys:
            _refuse_fields(self.kind, told, self._keys)
        values = self._fields.read(told)
        return self.cls(**values, place=self._place(told["province"], told["unit"]))

    def _place(self, province: object, unit: object) -> Place:
        if type(province) is not str:
            raise WrongValue(self.kind, "province", province)
        if type(unit) is not str:
            raise WrongValue(self.kind, "unit", unit)
        return Place(province=province, unit=unit)


def _refuse_fields(kind: str, told: Told, keys: frozenset[str] | set[str]) -> None:
    found = set(told)
    raise WrongFields(kind, missing=set(keys - found), unknown=found - keys)


@dataclasses.dataclass(frozen=True, slots=True)
class _Codec:
    decode: _Convert
    encode: _Convert | None = None
    """None where the value is its own wire form."""


def _codec(hint: object) -> _Codec:
    if isinstance(hint, NewType):
        return _codec(hint.__supertype__)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union) and type(None) in arguments:
        (other,) = (a for a in arguments if a is not type(None))
        return _optional(_codec(other))
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return _tuple_of(_codec(arguments[0]))
    if hint in (str, int, bool):
        return _plain(hint)
    if hint is float:
        return _Codec(_read_float)
    if hint is datetime:
        return _Codec(_read_instant, _tell_instant)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _enum(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _nested(hint)
    msg = f"{hint!r} has no wire form"
    raise TypeError(msg)


def _plain(cls: type) -> _Codec:
    def read(value: object) -> object:
        if type(value) is not cls:
            raise ValueError
        return value

    return _Codec(read)


def _read_float(value: object) -> float:
    if type(value) is float:
        return value
    if type(value) is int:
        return float(value)
    raise ValueError


# One instant stands in all facts of a turn, and telling it is half the work of each.
@lru_cache(maxsize=64)
def _tell_instant(value: datetime) -> str:
    if value.utcoffset() is None:
        raise ValueError
    # Without a zone it is told in half the time.
    naive = value.astimezone(UTC).replace(tzinfo=None)
    return f"{naive.isoformat(timespec='microseconds')}Z"


def _read_instant(value: str) -> datetime:
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is UTC:
        return instant
    if instant.utcoffset() is None:
        raise ValueError
    return instant.astimezone(UTC)


def _enum(cls: type[StrEnum]) -> _Codec:
    told = {member: member.value for member in cls}
    known = {member.value: member for member in cls}

    def read(value: str) -> StrEnum:
        if value not in known:
            raise ValueError
        return known[value]

    return _Codec(read, told.__getitem__)


def _optional(codec: _Codec) -> _Codec:
    encode, decode = codec.encode, codec.decode
    return _Codec(
        lambda value: None if value is None else decode(value),
        None
        if encode is None
        else lambda value: None if value is None else encode(value),
    )


def _tuple_of(codec: _Codec) -> _Codec:
    encode, decode = codec.encode, codec.decode

    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise TypeError
        return tuple([decode(item) for item in value])

    if encode is None:
        return _Codec(read, list)
    return _Codec(read, lambda value: [encode(item) for item in value])


def _nested(cls: type) -> _Codec:
    fields = _Fields(cls)
    keys = frozenset(fields.names)

    def read(value: dict[str, object]) -> object:
        if not isinstance(value, dict):
            raise TypeError
        if value.keys() != keys:
            _refuse_fields(fields.kind, value, keys)
        return cls(**fields.read(value))

    return _Codec(read, fields.tell)


_WIRE = Wire(ALL_FACTS, UPGRADES)
