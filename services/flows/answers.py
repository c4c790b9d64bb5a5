"""What other systems say in a case, read as their look-up declares it."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from ivr.lookups import FieldType, LookUps
from ivr.turns import QuestionKind
from ivr.values import Value, Values
from ivr.wording import nearest

NOT_FOUND, FAILED = "not_found", "failed"
Answer = Mapping[str, str] | str
"""Fields as they are written, or one of these words."""
Answers = Annotated[tuple[Answer, ...], Field(min_length=1)]
Fields = Mapping[str, FieldType]

_DAY, _CLOCK = r"\d{4}-\d{2}-\d{2}", r"\d{2}:\d{2}(:\d{2})?"
_MOMENTS: Mapping[str, Callable[[str], Value]] = {
    _DAY: date.fromisoformat,
    _CLOCK: time.fromisoformat,
    f"{_DAY}T{_CLOCK}": datetime.fromisoformat,
}


class Misfit(Exception):
    """A text is not of the type that is declared."""


def fields_of(name: str, look_ups: LookUps) -> Fields | None:
    """Return what a look-up, an order or ``sms`` gives; None where none is declared."""
    if name in look_ups.look_ups:
        return look_ups.look_ups[name].gives
    if name in look_ups.orders:
        return look_ups.orders[name].answers
    return {} if name == QuestionKind.SMS.value else None


def wrong_answer(
    name: str, answer: Answer, look_ups: LookUps
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with an answer: the field, empty for all of it, and what.

    Nothing is where nothing at all is declared.
    """
    asked = {*look_ups.look_ups, *look_ups.orders}
    if not asked:
        return
    fields = fields_of(name, look_ups)
    if fields is None:
        hint = nearest(name, asked)
        yield "", f"no look-up and no order is called {name!r}{hint}"
        return
    if isinstance(answer, str):
        return
    for field, text in answer.items():
        if field not in fields:
            yield field, f"{name!r} gives no {field!r}{nearest(field, fields)}"
            continue
        try:
            value_as(text, fields[field])
        except Misfit as misfit:
            yield field, str(misfit)


def read_answer(name: str, answer: Answer, look_ups: LookUps) -> Values | str:
    """Return the values of an answer, each of its declared type; or its word.

    What is not declared is taken for what it looks like.

    Raises:
        Misfit: A field is not of its type.
    """
    if isinstance(answer, str):
        return answer
    fields = fields_of(name, look_ups) or {}
    return {
        field: value_as(text, fields[field]) if field in fields else value_of(text)
        for field, text in answer.items()
    }


def value_as(text: str, kind: FieldType) -> Value:
    """Return what a text stands for where a type is declared.

    Raises:
        Misfit: It is not of that type; with what would be.
    """
    written = _unquoted(text)
    pattern, example, read = _TYPES[kind]
    with suppress(ValueError):
        if re.fullmatch(pattern, written, re.DOTALL):
            return read(written)
    raise Misfit(f"is declared as {kind.value}, as in `{example}`, got {written!r}")


def values_of(texts: Mapping[str, str]) -> Values:
    """Return values as they look, where no type is declared."""
    return {name: value_of(text) for name, text in texts.items()}


def value_of(text: str) -> Value:
    """Return what a text looks like; in single quotes it is itself."""
    if _unquoted(text) != text:
        return _unquoted(text)
    if text in {"true", "false"}:
        return text == "true"
    if re.fullmatch(r"-?(0|[1-9]\d{0,8})", text):
        return int(text)
    if re.fullmatch(r"-?\d{1,12}\.\d{1,6}", text):
        return Decimal(text)
    for pattern, read in _MOMENTS.items():
        if re.fullmatch(pattern, text):
            with suppress(ValueError):
                return read(text)
    return text


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] == "'"
    return text[1:-1] if is_quoted else text


def _number(text: str) -> Value:
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else number


_AMOUNT = r"-?[0-9]{1,12}(\.[0-9]{1,6})?"
_TYPES: Mapping[FieldType, tuple[str, str, Callable[[str], Value]]] = {
    FieldType.TEXT: (r".{0,500}", "新桥片区", str),
    FieldType.NUMBER: (_AMOUNT, "12", _number),
    FieldType.MONEY: (_AMOUNT, "86.50", Decimal),
    FieldType.FLAG: (r"true|false", "true", lambda text: text == "true"),
    FieldType.DIGITS: (r"[0-9]{0,40}", "0008", str),
    FieldType.DATE: (_DAY, "2026-11-23", date.fromisoformat),
    FieldType.MOMENT: (
        rf"{_DAY}T{_CLOCK}",
        "2026-11-23T22:15",
        datetime.fromisoformat,
    ),
}
"""How each type is written, an example, and what reads it."""
