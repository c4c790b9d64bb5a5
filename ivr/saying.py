"""A text with its values put in: for the voice in words, for a message in writing."""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal

from ivr.sounds import Language
from ivr.spoken import CannotBeSpoken, words
from ivr.template import Shown, heard_of, pieces_of
from ivr.values import NOTHING, Form, Secret, Value, Values

LONGEST = 300
"""Letters of a value that are said; more of it is no answer for a telephone."""

NOW = "now"
"""The instant of the world around: what is today, for 今天 and 明天."""

UNKNOWN = {Language.ZH: "未知", Language.EN: "unknown"}
"""Said for a value that is missing or secret: a wrong number would be believed."""


def said(text: str, language: Language, values: Values = NOTHING) -> Iterator[str]:
    """Yield a text's pieces in order, each as the voice says it.

    Texts that stand still are pieces of their own, so that they are made ahead.
    """
    for piece in heard_of(text):
        if isinstance(piece, Shown):
            yield _words(values, piece, language)
        else:
            yield piece


def filled(text: str, language: Language, values: Values = NOTHING) -> str:
    """Return a text as it is written into a message."""
    return "".join(
        _written(values.get(piece.name), piece, language)
        if isinstance(piece, Shown)
        else piece
        for piece in pieces_of(text)
    )


def _words(values: Values, shown: Shown, language: Language) -> str:
    """Return a value as the voice says it, or that it is unknown."""
    value, now = values.get(shown.name), values.get(NOW)
    if isinstance(value, str):
        value = value[:LONGEST]
    today = now if isinstance(now, date) else None
    try:
        return words(value, shown.form, language, shown.unit, today=today)
    except CannotBeSpoken:
        return UNKNOWN[language]


def _written(value: Value, shown: Shown, language: Language) -> str:
    """Return a value in writing, by its form where it is of the form."""
    is_zh = language is Language.ZH
    match value, shown.form:
        case (None | Secret(), _):
            return UNKNOWN[language]
        case (int() | Decimal(), Form.MONEY) if not isinstance(value, bool):
            return f"{value:.2f}元" if is_zh else f"{value:.2f} yuan"
        case (int() | Decimal() | str(), Form.COUNT):
            return f"{value}{shown.unit}" if is_zh else f"{value} {shown.unit}"
        case (datetime(), Form.DATE):
            return _date(value.date(), is_zh=is_zh)
        case (datetime(), Form.TIME):
            return value.strftime("%H:%M")
        case (datetime(), _):
            return f"{_date(value.date(), is_zh=is_zh)} {value:%H:%M}"
        case (date(), _):
            return _date(value, is_zh=is_zh)
        case (time(), _):
            return value.strftime("%H:%M")
        case _:
            return str(value)[:LONGEST]


def _date(value: date, *, is_zh: bool) -> str:
    if is_zh:
        return f"{value.month}月{value.day}日"
    return f"{value:%B} {value.day}"
