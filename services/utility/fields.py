"""Turns what the utility answered into the values that were declared, or refuses it."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import NoReturn

from ivr.lookups import ArgumentType, FieldType
from ivr.values import Secret, Value, Values
from services.utility.errors import AnswerUnusable, WrongFields

LONGEST_TEXT = 500
LARGEST = Decimal(10) ** 12
MOST_PLACES = 6
_DIGITS = re.compile(r"[0-9]{0,40}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")


def read_json(body: bytes) -> Mapping[str, object]:
    """Return the object that an answer is.

    Raises:
        AnswerUnusable: It is none.
    """
    try:
        told = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError, ArithmeticError):
        raise AnswerUnusable("an answer that is no JSON") from None
    if not isinstance(told, dict):
        raise AnswerUnusable("an answer that is no JSON object")
    return told


def values_of(told: object, declared: Mapping[str, FieldType]) -> Values:
    """Return the declared fields of an answer; what else it has is passed over.

    Args:
        told: What stands under ``values``.
        declared: The type of each field.

    Raises:
        WrongFields: A field is missing or of another type. What was found is not
            told: it may be a customer's.
    """
    if not isinstance(told, Mapping):
        if declared:
            raise WrongFields("an answer without values")
        return {}
    return {name: _value(name, kind, told) for name, kind in declared.items()}


def arguments_of(
    given: Values, declared: Mapping[str, ArgumentType]
) -> Mapping[str, str | int | bool | None]:
    """Return the declared arguments as JSON has them; what else is given stays here.

    A secret argument that was declared as such is the only way out for a Secret.

    Raises:
        WrongFields: A secret is given for what is not declared as one.
    """
    sent: dict[str, str | int | bool | None] = {}
    for name, kind in declared.items():
        value = given.get(name)
        if isinstance(value, Secret) and kind is not ArgumentType.SECRET:
            raise WrongFields(f"{name}: is secret, and is not declared so")
        sent[name] = _as_json(value)
    return sent


def _as_json(value: Value) -> str | int | bool | None:
    match value:
        case Secret():
            return value.text
        case datetime() | date():
            return value.isoformat()
        case None | bool() | int() | str():
            return value
        case _:
            return str(value)


def _value(name: str, kind: FieldType, told: Mapping[str, object]) -> Value:
    if name not in told:
        raise WrongFields(f"{name}: is declared as {kind.value}, and not in the answer")
    found = told[name]
    if found is None:
        return None
    value = _READ[kind](found)
    if value is None:
        raise WrongFields(
            f"{name}: is declared as {kind.value}, found {type(found).__name__} that "
            "is none"
        )
    return value


def _text(found: object) -> Value:
    if not isinstance(found, str) or len(found) > LONGEST_TEXT:
        return None
    return None if _UNPRINTABLE.search(found) else found


def _number(found: object) -> Value:
    if isinstance(found, bool):
        return None
    if isinstance(found, int):
        return found if abs(found) < LARGEST else None
    amount = _money(found)
    if isinstance(amount, Decimal) and amount == amount.to_integral_value():
        return int(amount)
    return amount


def _money(found: object) -> Value:
    # As text it is exact in every language; as a number it is taken as written.
    if isinstance(found, bool):
        return None
    if isinstance(found, int):
        return Decimal(found) if abs(found) < LARGEST else None
    if isinstance(found, Decimal):
        # Before it is written out: 1e999999 would be a million digits.
        exponent = found.as_tuple().exponent
        is_small = found.is_finite() and abs(found) < LARGEST
        is_short = isinstance(exponent, int) and exponent >= -MOST_PLACES
        return found if is_small and is_short else None
    if isinstance(found, str) and _AMOUNT.fullmatch(found):
        return Decimal(found)
    return None


def _flag(found: object) -> Value:
    return found if isinstance(found, bool) else None


def _digits(found: object) -> Value:
    is_right = isinstance(found, str) and _DIGITS.fullmatch(found) is not None
    return str(found) if is_right else None


def _date(found: object) -> Value:
    if not isinstance(found, str):
        return None
    try:
        return date.fromisoformat(found)
    except ValueError:
        return None


def _moment(found: object) -> Value:
    # Kept in the zone it was told in: that is in which people are told when.
    if not isinstance(found, str) or len(found) > 40:
        return None
    try:
        at = datetime.fromisoformat(found)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _no_number(_name: str) -> NoReturn:
    raise ValueError


_READ = {
    FieldType.TEXT: _text,
    FieldType.NUMBER: _number,
    FieldType.MONEY: _money,
    FieldType.FLAG: _flag,
    FieldType.DIGITS: _digits,
    FieldType.DATE: _date,
    FieldType.MOMENT: _moment,
}
