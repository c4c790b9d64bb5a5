"""Numbers, money and dates as callers say them, read as values."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

from ivr.spoken.english import ONES, TENS
from ivr.understanding.plain import tidy

_HAN_DIGITS: Mapping[str, int] = {
    **{sign: value for value, sign in enumerate("零一二三四五六七八九")},
    "〇": 0,
    "两": 2,
    "俩": 2,
    "幺": 1,
}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
_HAN_GROUPS = {"万": 10**4, "亿": 10**8}
_HAN_NUMBER = "零〇一二三四五六七八九两俩幺十百千万亿"
_EN: Mapping[str, int] = {
    **{word: value for value, word in enumerate(ONES)},
    **{word: 10 * value for value, word in enumerate(TENS) if word},
    "oh": 0,
    "a": 1,
}
_ORDINALS: Mapping[str, int] = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "eleventh": 11,
    "twelfth": 12,
    "thirteenth": 13,
    "fourteenth": 14,
    "fifteenth": 15,
    "sixteenth": 16,
    "seventeenth": 17,
    "eighteenth": 18,
    "nineteenth": 19,
    "twentieth": 20,
    "thirtieth": 30,
}
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_DAYS_ZH = {"大前天": -3, "前天": -2, "昨天": -1, "今天": 0, "明天": 1, "后天": 2}
_DAYS_ZH_ALL = {**_DAYS_ZH, "大后天": 3}
_DAYS_EN = {"yesterday": -1, "today": 0, "tomorrow": 1}
_WEEK_EN = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
]
_LARGE = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_MOST = Decimal(10**12)


def number_in(text: str) -> Decimal | None:
    """Return the number that a text is, as 一百二十三 or ``one hundred and five``.

    None where it is something else, or too large to be meant.
    """
    plain = tidy(text).strip()
    found = _digits(plain)
    if found is None:
        found = _han(plain.replace(" ", ""))
    if found is None:
        found = _english(plain)
    return None if found is None or abs(found) >= _MOST else found


def money_in(text: str) -> Decimal | None:
    """Return an amount of yuan, as 十二块五 or ``twelve yuan fifty``; None for none."""
    plain = tidy(text).strip()
    found = re.fullmatch(
        r"(.+?)(?:元|块钱|块)(?:零)?(?:(.)(?:角|毛)|(.)(?=$))?(?:零)?(?:(.)分)?(?:钱)?",
        plain.replace(" ", ""),
    )
    if found:
        yuan = number_in(found.group(1))
        jiao = _HAN_DIGITS.get(found.group(2) or found.group(3) or "零")
        fen = _HAN_DIGITS.get(found.group(4) or "零")
        if yuan is not None and jiao is not None and fen is not None:
            return yuan + Decimal(jiao) / 10 + Decimal(fen) / 100
    found = re.fullmatch(
        r"(.+?) (?:yuan|rmb|kuai)(?: and)?(?: (.+?)(?: (?:fen|cents))?)?", plain
    )
    if found:
        yuan = number_in(found.group(1))
        fen_said = number_in(found.group(2)) if found.group(2) else Decimal(0)
        if yuan is not None and fen_said is not None and fen_said < 100:
            return yuan + fen_said / 100
    return number_in(plain)


def date_in(text: str, today: date) -> date | None:
    """Return the day that a text is, the next one of its name; None for none.

    十一月二号, 明天, 周五, ``November second``, ``the second of November``, ``Friday``.
    """
    plain = tidy(text).strip()
    joined = plain.replace(" ", "")
    for days in (_DAYS_ZH_ALL, _DAYS_EN):
        if joined in days:
            return today + timedelta(days=days[joined])
    week = re.fullmatch(r"(下)?(?:个)?(?:周|星期|礼拜)([一二三四五六日天])", joined)
    if week:
        wanted = "一二三四五六日".index(week.group(2).replace("天", "日"))
        monday = today - timedelta(days=today.weekday())
        if week.group(1):
            return monday + timedelta(days=7 + wanted)
        return today + timedelta(days=(wanted - today.weekday()) % 7)
    if plain in _WEEK_EN:
        return today + timedelta(days=(_WEEK_EN.index(plain) - today.weekday()) % 7)
    return _month_and_day(plain, joined, today)


def _month_and_day(plain: str, joined: str, today: date) -> date | None:
    month = day = None
    if found := re.fullmatch(r"(.+)月(.+?)(?:号|日)?", joined):
        month, day = number_in(found.group(1)), number_in(found.group(2))
    elif found := re.fullmatch(r"(.+?)(?:号|日)", joined):
        day = number_in(found.group(1))
        # This month's, or the next one's where that is over.
        is_over = day is not None and day < today.day
        month = Decimal(today.month % 12 + 1 if is_over else today.month)
    else:
        words = [
            it
            for it in plain.replace("-", " ").split()
            if it not in {"the", "of", "on"}
        ]
        months = [it for it in words if it in _MONTHS]
        if len(months) == 1:
            rest = [it for it in words if it not in _MONTHS]
            month, day = Decimal(_MONTHS.index(months[0]) + 1), _ordinal(rest)
    if month is None or day is None or month % 1 or day % 1:
        return None
    for year in (today.year, today.year + 1):
        with suppress(ValueError):
            found_day = date(year, int(month), int(day))
            if found_day >= today:
                return found_day
    return None


def _ordinal(words: list[str]) -> Decimal | None:
    *tens, last = words or [""]
    last = re.sub(r"^(\d+)(st|nd|rd|th)$", r"\1", last)
    if last in _ORDINALS:
        before = _EN.get(tens[0], 0) if tens else 0
        return Decimal(before + _ORDINALS[last])
    return number_in(" ".join([*tens, last])) if last else None


def _digits(plain: str) -> Decimal | None:
    grouped = re.fullmatch(r"-?(\d{1,12}|\d{1,3}(,\d{3}){1,3})(\.\d{1,6})?", plain)
    return Decimal(plain.replace(",", "")) if grouped else None


def _han(plain: str) -> Decimal | None:
    is_minus = plain.startswith("负")
    whole, point, rest = plain.removeprefix("负").partition("点")
    if not whole or len(plain) > 40 or (point and not rest):
        return None
    value = _han_whole(whole)
    if value is None or any(sign not in _HAN_DIGITS for sign in rest):
        return None
    digits = "".join(str(_HAN_DIGITS[sign]) for sign in rest)
    found = Decimal(f"{value}.{digits or '0'}")
    return -found if is_minus else found


def _han_whole(whole: str) -> int | None:
    if any(sign not in _HAN_NUMBER for sign in whole):
        return None
    if all(sign in _HAN_DIGITS for sign in whole):
        return int("".join(str(_HAN_DIGITS[sign]) for sign in whole))
    total, group, digit, last = 0, 0, None, 1
    for sign in whole:
        if sign in _HAN_DIGITS:
            digit = _HAN_DIGITS[sign]
        elif sign in _HAN_UNITS:
            # 十二 begins without its 一.
            group += (1 if digit is None else digit) * _HAN_UNITS[sign]
            digit, last = None, _HAN_UNITS[sign]
        else:
            group += digit or 0
            size = _HAN_GROUPS[sign]
            # 亿 counts all before it, 万 what stands behind 亿.
            total = total + group * size if total > size else (total + group) * size
            group, digit, last = 0, None, size
    # 三百五 is 350, 三百零五 is 305.
    follows_unit = len(whole) > 1 and whole[-2] in "百千万亿"
    tail = (digit or 0) * (last // 10 if follows_unit and last >= 100 else 1)
    return total + group + tail


def _english(plain: str) -> Decimal | None:
    words = [it for it in plain.replace("-", " ").split() if it != "and"]
    if not words or len(words) > 20:
        return None
    if "point" in words:
        place = words.index("point")
        whole = _english(" ".join(words[:place]))
        digits = [_EN.get(word, 10) for word in words[place + 1 :]]
        if whole is None or not digits or any(digit > 9 for digit in digits):
            return None
        return Decimal(f"{whole}.{''.join(map(str, digits))}")
    total = group = 0
    for word in words:
        if word in _EN:
            group += _EN[word]
        elif word == "hundred":
            group = max(1, group) * 100
        elif word in _LARGE:
            total += max(1, group) * _LARGE[word]
            group = 0
        elif word.isdigit() and len(word) <= 9:
            group += int(word)
        else:
            return None
    return Decimal(total + group)
