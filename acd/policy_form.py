"""A floor's policy as a text that stays readable when policies change."""

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any, Literal, NewType

from acd.policy import FloorPolicy
from acd.vocabulary.errors import AcdError

_Convert = Callable[[Any], Any]
_OF_CLASS = "is"
"""Names the class of a value that may be of several."""


class PolicyUnreadable(AcdError):
    """A text tells no policy that this release knows."""

    def __init__(self, where: str, found: object) -> None:
        """Say where, and what stood there."""
        super().__init__(
            f"policy: {where} cannot be {found!r}; was it written by a newer release?"
        )
        self.where = where
        self.found = found


def as_text(policy: FloorPolicy) -> str:
    """Return a policy as JSON, queues and agents in their order."""
    told = _form(FloorPolicy).tell(policy)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=2)
def from_text(text: str) -> FloorPolicy:
    """Return the policy that a text tells.

    What an older release did not know has its default. The last texts are kept, so
    that one read elsewhere before costs the engine nothing.

    Raises:
        PolicyUnreadable: It tells none.
    """
    try:
        told = json.loads(text)
    except ValueError:
        raise PolicyUnreadable("the text", text[:60]) from None
    policy: FloorPolicy = _form(FloorPolicy).read(told)
    return policy


@dataclasses.dataclass(frozen=True, slots=True)
class _Form:
    tell: _Convert
    read: _Convert


@cache
def _form(hint: Any) -> _Form:  # noqa: ANN401 - type hints are of any type
    if isinstance(hint, NewType):
        return _form(hint.__supertype__)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _either(inner)
    if origin is tuple:
        one = _form(inner[0])
        return _Form(
            lambda value: [one.tell(item) for item in value],
            lambda told: tuple(one.read(item) for item in _checked(told, list)),
        )
    if origin is frozenset:
        one = _form(inner[0])
        return _Form(
            lambda value: sorted(one.tell(item) for item in value),
            lambda told: frozenset(one.read(item) for item in _checked(told, list)),
        )
    if origin is Literal:
        return _Form(_same, lambda told: _one_of(told, inner))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _by_name(_form(inner[0]), _form(inner[1]))
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _of_class(hint)
    if hint is float:
        return _Form(float, lambda told: float(_checked(told, float, int)))
    if hint in (str, int, bool):
        return _Form(_same, lambda told: _checked(told, hint))
    msg = f"{hint!r} has no form in a policy"
    raise TypeError(msg)


def _by_name(key: _Form, one: _Form) -> _Form:
    return _Form(
        lambda value: {key.tell(k): one.tell(v) for k, v in value.items()},
        lambda told: {
            key.read(k): one.read(v) for k, v in _checked(told, dict).items()
        },
    )


def _either(inner: tuple[Any, ...]) -> _Form:
    """Return the form of an optional value, or of one of several classes."""
    others = [hint for hint in inner if hint is not type(None)]
    if len(others) == 1:
        one = _form(others[0])
        return _Form(
            lambda value: None if value is None else one.tell(value),
            lambda told: None if told is None else one.read(told),
        )
    by_name = {cls.__name__: (cls, _form(cls)) for cls in others}

    def tell(value: object) -> object:
        name = type(value).__name__
        return {_OF_CLASS: name, **by_name[name][1].tell(value)}

    def read(told: object) -> object:
        fields = dict(_checked(told, dict))
        name = fields.pop(_OF_CLASS, None)
        if name not in by_name:
            raise PolicyUnreadable(" | ".join(by_name), name)
        return by_name[name][1].read(fields)

    return _Form(tell, read)


def _of_class(cls: type) -> _Form:
    hints = typing.get_type_hints(cls)
    fields = dataclasses.fields(cls)
    forms = {field.name: _form(hints[field.name]) for field in fields}
    needed = {
        field.name
        for field in fields
        if field.default is field.default_factory is dataclasses.MISSING
    }

    def tell(value: object) -> dict[str, object]:
        return {name: form.tell(getattr(value, name)) for name, form in forms.items()}

    def read(told: object) -> object:
        given = _checked(told, dict)
        for name in given.keys() - forms.keys():
            raise PolicyUnreadable(f"{cls.__name__}, which has no {name}", given[name])
        for name in needed - given.keys():
            raise PolicyUnreadable(f"{name} of {cls.__name__}", None)
        return cls(**{name: forms[name].read(it) for name, it in given.items()})

    return _Form(tell, read)


def _same(value: object) -> object:
    return value


def _one_of(told: object, known: tuple[object, ...]) -> object:
    if told not in known:
        raise PolicyUnreadable(" | ".join(map(str, known)), told)
    return told


def _checked(told: Any, *kinds: type) -> Any:  # noqa: ANN401 - what JSON may hold
    if type(told) not in kinds:
        raise PolicyUnreadable(" or ".join(kind.__name__ for kind in kinds), told)
    return told
