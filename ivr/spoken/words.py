"""A value, as the words in which a caller hears it."""

import re
import string
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import assert_never

from ivr.sounds import Language
from ivr.spoken import chinese, english
from ivr.spoken.errors import CannotBeSpoken, kind_of
from ivr.spoken.read import date_of, moment_of, number_of, time_of
from ivr.spoken.tongue import Tongue
from ivr.values import Form, Secret, Value

MOST_TEXT = 500
"""Characters; a minute and a half of Mandarin."""
MOST_DIGITS = 40
_TONGUES: Mapping[Language, Tongue] = {Language.ZH: chinese, Language.EN: english}
_LONE_DIGITS = re.compile(r"\+?[0-9A-Za-z]+(?:[ .()/-]+[0-9A-Za-z]+)*", re.ASCII)
_MOBILE = re.compile(r"(1\d{2})(\d{4})(\d{4})", re.ASCII)
_HOME = "+86"
_PERCENT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*%", re.ASCII)
_PAUSES = frozenset("，、；：。！？,.;:!?…")
_SIGNS = {
    Language.ZH: {"℃": "摄氏度", "kWh": "千瓦时", "kW": "千瓦", "&": "和", "+": "加"},
    Language.EN: {"℃": " degrees ", "kWh": " kilowatt hours", "kW": " kilowatts"},
}


def words(
    value: Value,
    form: Form,
    language: Language,
    unit: str = "",
    *,
    today: date | None = None,
) -> str:
    """Return a value in words.

    Numbers are exact: money is never rounded. A time is said as it stands on the clock
    of the zone that it came with.

    Args:
        value: As a look-up, a key or the flow gave it; texts are read as what the form
            asks for, as ``12.50`` or ``2026-03-01 14:05``.
        form: How it is said.
        language: In which.
        unit: What is counted (``个``, ``order``); for counts only.
        today: The day it is, for 今天 and 明天 and for dates without their year; None
            says all dates in full. Where it is an instant with a zone, instants are
            said in that zone.

    Raises:
        CannotBeSpoken: There is nothing to say, the value is none of this form, or it
            is a secret, which is never said.
    """
    if isinstance(value, Secret):
        raise CannotBeSpoken(form, "a secret is never spoken")
    if value is None:
        raise CannotBeSpoken(form, "there is nothing to say")
    tongue = _TONGUES[language]
    match form:
        case Form.TEXT:
            return _text(value, language, today)
        case Form.NUMBER:
            return tongue.number(number_of(value, form))
        case Form.DIGITS:
            return _digits(value, language)
        case Form.MONEY:
            return tongue.money(number_of(value, form))
        case Form.DATE:
            return tongue.day(date_of(_here(value, form, today), form), _day(today))
        case Form.TIME:
            return tongue.clock(time_of(_here(value, form, today), form))
        case Form.MOMENT:
            when = moment_of(_here(value, form, today), form)
            return tongue.moment(when, _day(today))
        case Form.COUNT:
            if not unit:
                raise CannotBeSpoken(form, "no unit; write one, as in `count 个`")
            return tongue.count(number_of(value, form), unit)
        case _:
            assert_never(form)


def _day(today: date | None) -> date | None:
    return today.date() if isinstance(today, datetime) else today


def _here(value: Value, form: Form, today: date | None) -> Value:
    """Return an instant in today's zone, and everything else as it is."""
    zone = today.tzinfo if isinstance(today, datetime) else None
    if zone is None:
        return value
    try:
        instant = moment_of(value, form)
        return value if instant.tzinfo is None else instant.astimezone(zone)
    except (CannotBeSpoken, OverflowError):
        # A day or a time alone, or what the form itself will refuse.
        return value


def _text(value: Value, language: Language, today: date | None) -> str:
    match value:
        case bool():
            tongue = _TONGUES[language]
            return tongue.SMALL["yes" if value else "no"]
        case str():
            return _plain(value, language)
        case datetime():
            return words(value, Form.MOMENT, language, today=today)
        case date():
            return words(value, Form.DATE, language, today=today)
        case time():
            return words(value, Form.TIME, language)
        case _:
            return words(value, Form.NUMBER, language)


def _plain(text: str, language: Language) -> str:
    """Return a text without what has no sound, and with signs as words."""
    if len(text) > MOST_TEXT:
        raise CannotBeSpoken(Form.TEXT, f"longer than {MOST_TEXT} characters")
    said = unicodedata.normalize("NFKC", text.replace("℃", _SIGNS[language]["℃"]))
    for sign, meant in _SIGNS[language].items():
        said = said.replace(sign, meant)
    tongue = _TONGUES[language]
    said = _PERCENT.sub(
        lambda found: tongue.percent(number_of(found.group(1), Form.TEXT)), said
    )
    said = "".join(sign if _is_heard(sign, language) else " " for sign in said)
    said = " ".join(said.split())
    if not any(sign.isalnum() for sign in said):
        raise CannotBeSpoken(Form.TEXT, "there are no words in it")
    return said


def _is_heard(sign: str, language: Language) -> bool:
    """Whether a sign has a sound in a text, or is a pause in it."""
    if sign in _PAUSES:
        return True
    kind = unicodedata.category(sign)[0]
    # Within English words there are more, as in don't; they are heard as none.
    return kind in "LN" or (language is Language.EN and sign in "'-/")


def _digits(value: Value, language: Language) -> str:
    match value:
        case bool():
            plain = ""
        case int() if 0 <= value < 10**MOST_DIGITS:
            plain = str(value)
        case str():
            plain = unicodedata.normalize("NFKC", value).strip()
        case _:
            plain = ""
    if not _LONE_DIGITS.fullmatch(plain):
        raise CannotBeSpoken(Form.DIGITS, f"no digits alone: {kind_of(value)}")
    if len(plain) > MOST_DIGITS:
        raise CannotBeSpoken(Form.DIGITS, f"more than {MOST_DIGITS} signs")
    tongue = _TONGUES[language]
    said = [
        tongue.SMALL["singly"].join(_sign(sign, language) for sign in group)
        for group in _groups(plain)
    ]
    return " ".join(tongue.SMALL["break"].join(said).split())


def _groups(plain: str) -> list[str]:
    """Return digits as people say them: few at a time, a pause after each."""
    if plain.startswith(_HOME):
        return [_HOME, *_groups(plain.removeprefix(_HOME).strip(" -"))]
    if found := _MOBILE.fullmatch(plain):
        return list(found.groups())
    return [
        group
        for piece in re.findall(r"\+?[0-9A-Za-z]+", plain)
        for group in re.findall(r"\+|[^+]{4}(?=..)|[^+]{1,5}$", piece)
    ]


def _sign(sign: str, language: Language) -> str:
    tongue = _TONGUES[language]
    if sign == "+":
        return tongue.SMALL["plus"] + tongue.SMALL["singly"]
    return tongue.digit(sign) if sign in string.digits else f" {sign.upper()} "
