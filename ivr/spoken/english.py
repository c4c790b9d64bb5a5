"""English words for values, as a clerk would say them on the telephone."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType

from ivr.spoken.read import places_of

ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"),
    *("seventeen", "eighteen", "nineteen"),
)
"""Zero to nineteen, each at its own place."""
TENS = (
    *("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty"),
    "ninety",
)
"""Twenty to ninety, at the place of their first digit; "" at the first two."""
_SIZES = (
    (10**12, "trillion"),
    (10**9, "billion"),
    (10**6, "million"),
    (10**3, "thousand"),
)
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}
_PLURAL = re.compile(r"(?P<es>.*(s|x|z|ch|sh))|(?P<ies>.*[^aeiou]y)|(?P<s>.+)")
_PLURALS = {"person": "people"}
SMALL: Mapping[str, str] = MappingProxyType(
    {"yes": "yes", "no": "no", "plus": "plus", "break": ", ", "singly": " "}
)


def number(value: Decimal) -> str:
    """Return a number: one hundred five, minus three point one four."""
    said = _whole(int(abs(value)))
    if places_of(value):
        _, _, decimals = format(abs(value), "f").partition(".")
        said += " point " + " ".join(ONES[int(sign)] for sign in decimals)
    return f"minus {said}" if value < 0 else said


def percent(value: Decimal) -> str:
    """Return a share of a hundred: five percent."""
    return f"{number(value)} percent"


def digit(sign: str) -> str:
    """Return one digit as it is said in a telephone number."""
    return ONES[int(sign)]


def money(value: Decimal) -> str:
    """Return yuan and cents: one yuan and five cents."""
    sign = "minus " if value < 0 else ""
    if places_of(value) > 2:
        return f"{number(value)} yuan"
    yuan, cents = divmod(int(abs(value) * 100), 100)
    parts = [f"{_whole(yuan)} yuan"] if yuan or not cents else []
    if cents:
        parts.append(f"{_whole(cents)} {'cent' if cents == 1 else 'cents'}")
    return sign + " and ".join(parts)


def count(value: Decimal, unit: str) -> str:
    """Return how many: one order, two orders, zero orders."""
    return f"{number(value)} {unit if value == 1 else _plural(unit)}"


def day(value: date, today: date | None) -> str:
    """Return a date, without the year where it is this one: November second."""
    said = f"{_MONTHS[value.month - 1]} {_ordinal(value.day)}"
    if today is not None and value.year == today.year:
        return said
    return f"{said}, {_year(value.year)}"


def clock(value: time) -> str:
    """Return a time of the day by twelve hours: two oh five PM."""
    if not value.minute and value.hour in (0, 12):
        return "twelve noon" if value.hour else "twelve midnight"
    said = ONES[value.hour % 12 or 12]
    if value.minute:
        said += f" {'oh ' if value.minute < 10 else ''}{_whole(value.minute)}"
    return f"{said} {'AM' if value.hour < 12 else 'PM'}"


def moment(value: datetime, today: date | None) -> str:
    """Return a day and a time: tomorrow at nine AM."""
    away = None if today is None else (value.date() - today) // timedelta(days=1)
    when = _DAYS.get(away) if away is not None else None
    return f"{when or day(value.date(), today)} at {clock(value.time())}"


def _whole(value: int) -> str:
    if value < 20:
        return ONES[value]
    if value < 100:
        tens, ones = divmod(value, 10)
        return TENS[tens] + (f"-{ONES[ones]}" if ones else "")
    if value < 1000:
        hundreds, rest = divmod(value, 100)
        return _with(f"{ONES[hundreds]} hundred", rest)
    size, name = next(one for one in _SIZES if value >= one[0])
    many, rest = divmod(value, size)
    return _with(f"{_whole(many)} {name}", rest)


def _with(said: str, rest: int) -> str:
    return f"{said} {_whole(rest)}" if rest else said


def _ordinal(value: int) -> str:
    lead, dash, last = _whole(value).rpartition("-")
    if last.endswith("y"):
        return lead + dash + last.removesuffix("y") + "ieth"
    return lead + dash + _ORDINALS.get(last, f"{last}th")


def _year(value: int) -> str:
    century, rest = divmod(value, 100)
    if (century % 10 == 0 and rest < 10) or century < 10:
        return _whole(value)
    if not rest:
        return f"{_whole(century)} hundred"
    return f"{_whole(century)} {'oh ' if rest < 10 else ''}{_whole(rest)}"


def _plural(one: str) -> str:
    if one in _PLURALS:
        return _PLURALS[one]
    found = _PLURAL.fullmatch(one)
    match found.lastgroup if found else None:
        case "es":
            return f"{one}es"
        case "ies":
            return f"{one.removesuffix('y')}ies"
        case _:
            return f"{one}s"
