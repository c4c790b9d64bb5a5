"""Values as they come, from look-ups and keys, read as numbers, dates and times."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import TypeVar

from ivr.spoken.errors import CannotBeSpoken, kind_of
from ivr.values import Form, Value

Made = TypeVar("Made")

MOST_WHOLE_DIGITS = 15
"""Up to 999 万亿; what is longer is no amount but a number of something."""
MOST_DECIMALS = 6
_EXACT_DIGITS = 28
"""Of Python's decimals."""
_BEYOND = Decimal(f"1E{MOST_WHOLE_DIGITS}")
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d{1,30})(\.\d{1,30})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", re.ASCII)
_MOMENT = re.compile(
    rf"{_DATE.pattern}[T ]{_TIME.pattern}(Z|[+-]\d{{2}}:?\d{{2}})?", re.ASCII
)


def number_of(value: Value, form: Form) -> Decimal:
    """Return an exact number.

    Raises:
        CannotBeSpoken: It is none, or has more digits than can be listened to.
    """
    found = _decimal(value)
    if found is None:
        raise CannotBeSpoken(form, f"not a number: {kind_of(value)}")
    if not found.is_finite():
        raise CannotBeSpoken(form, "not a number that has an end")
    # Looked at before anything is written out: 1E+999999 would be a million digits.
    if found and found.adjusted() >= MOST_WHOLE_DIGITS:
        most = f"the most is {MOST_WHOLE_DIGITS} digits; say it as digits"
        raise CannotBeSpoken(form, f"too large a number; {most}")
    # More than these would be rounded by what comes next.
    if len(found.as_tuple().digits) > _EXACT_DIGITS:
        raise CannotBeSpoken(form, "a number of too many digits; round it")
    kept = found.normalize() if found else Decimal(0)
    if places_of(kept) > MOST_DECIMALS:
        most = f"the most is {MOST_DECIMALS}; round it"
        raise CannotBeSpoken(form, f"too many decimals; {most}")
    return kept


def places_of(number: Decimal) -> int:
    """Return how many decimals a number has; 0 where it has none."""
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _decimal(value: Value) -> Decimal | None:
    match value:
        case bool():
            return None
        case int():
            # Its text would take as long as its digits are many.
            return Decimal(value) if value.bit_length() < 200 else _BEYOND
        case Decimal():
            return value
        case str():
            plain = unicodedata.normalize("NFKC", value).strip()
            found = _NUMBER.fullmatch(plain)
            return Decimal(plain.replace(",", "")) if found else None
        case _:
            return None


def date_of(value: Value, form: Form) -> date:
    """Return a day.

    Raises:
        CannotBeSpoken: It is none, or there is no such day.
    """
    match value:
        case datetime():
            return value.date()
        case date():
            return value
        case str() if _DATE.fullmatch(value.strip()):
            return _made(date.fromisoformat, value, form)
        case str() if _MOMENT.fullmatch(value.strip()):
            return _made(datetime.fromisoformat, value, form).date()
    raise CannotBeSpoken(form, f"not a date, as 2026-03-01: {kind_of(value)}")


def time_of(value: Value, form: Form) -> time:
    """Return a time of the day.

    Raises:
        CannotBeSpoken: It is none, or there is no such time.
    """
    match value:
        case datetime():
            return value.time()
        case time():
            return value
        case str() if _TIME.fullmatch(value.strip()):
            return _made(time.fromisoformat, value, form)
        case str() if _MOMENT.fullmatch(value.strip()):
            return _made(datetime.fromisoformat, value, form).time()
    raise CannotBeSpoken(form, f"not a time, as 14:05: {kind_of(value)}")


def moment_of(value: Value, form: Form) -> datetime:
    """Return a time of a certain day, in the zone that it came with.

    Raises:
        CannotBeSpoken: It is none, or there is no such day or time.
    """
    match value:
        case datetime():
            return value
        case str() if _MOMENT.fullmatch(value.strip()):
            return _made(datetime.fromisoformat, value, form)
    why = f"not a day and a time, as 2026-03-01 14:05: {kind_of(value)}"
    raise CannotBeSpoken(form, why)


def _made(read: Callable[[str], Made], value: str, form: Form) -> Made:
    try:
        return read(value.strip())
    except ValueError:
        why = "there is no such day or time on any calendar"
        raise CannotBeSpoken(form, why) from None
