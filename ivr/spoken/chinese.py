"""Mandarin words for values, as a clerk would say them on the telephone."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType

from ivr.spoken.read import places_of

_DIGITS = "零一二三四五六七八九"
_BY_TELEPHONE = str.maketrans("0123456789", "零幺二三四五六七八九")
_SINGLY = str.maketrans("0123456789", _DIGITS)
_TENS = ("", "十", "百", "千")
_TEN_THOUSAND, _HUNDRED_MILLION = 10**4, 10**8
_NUMBERED = ("号", "月", "日", "楼", "路", "级", "室")
"""Behind these a number says which, not how many: 二号, and never 两号."""
_DAYS = {-2: "前天", -1: "昨天", 0: "今天", 1: "明天", 2: "后天"}
_PARTS_OF_DAY = ((5, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))
"""Up to which hour each is said."""
_PERCENT, _POINT = "百分之", "点"
SMALL: Mapping[str, str] = MappingProxyType(
    {"yes": "是", "no": "否", "plus": "加", "break": "，", "singly": ""}
)


def number(value: Decimal) -> str:
    """Return a number: 一万零五, 负三点一四."""
    sign = "负" if value < 0 else ""
    whole = _whole(int(abs(value)))
    if not places_of(value):
        return sign + whole
    # 二点五 and not 两点五, which is a time.
    return f"{sign}{whole}{_POINT}{_decimals(value)}"


def percent(value: Decimal) -> str:
    """Return a share of a hundred: 百分之五."""
    return f"负{_PERCENT}{number(-value)}" if value < 0 else _PERCENT + number(value)


def digit(sign: str) -> str:
    """Return one digit as it is said in a telephone number, 1 as 幺."""
    return sign.translate(_BY_TELEPHONE)


def money(value: Decimal) -> str:
    """Return yuan: 十二元五角, 一元零五分, 零点五五八三元."""
    sign = "负" if value < 0 else ""
    if places_of(value) > 2:
        return number(value) + "元"
    yuan, fen = divmod(int(abs(value) * 100), 100)
    jiao, fen = divmod(fen, 10)
    said = f"{_counted(yuan)}元" if yuan or not (jiao or fen) else ""
    if jiao:
        said += f"{_small(jiao, is_first=not said)}角"
    elif fen and said:
        said += "零"
    if fen:
        said += f"{_small(fen, is_first=not said)}分"
    return sign + said


def count(value: Decimal, unit: str) -> str:
    """Return how many: 两个, 十二度, 二点五小时; and which: 二号."""
    if places_of(value) or unit.startswith(_NUMBERED):
        return number(value) + unit
    sign = "负" if value < 0 else ""
    # 二两: of the weight 两 there is never 两.
    many = _whole(int(abs(value))) if unit == "两" else _counted(int(abs(value)))
    return sign + many + unit


def day(value: date, today: date | None) -> str:
    """Return a date, without the year where it is this one: 十一月二日."""
    month = f"{_whole(value.month)}月{_whole(value.day)}日"
    if today is not None and value.year == today.year:
        return month
    return f"{str(value.year).translate(_SINGLY)}年{month}"


def clock(value: time) -> str:
    """Return a time of the day by twelve hours: 下午两点零五分."""
    part = next(said for until, said in _PARTS_OF_DAY if value.hour < until)
    hour = value.hour - 12 if value.hour > 12 else value.hour
    said = f"{part}{_counted(hour)}点"
    if not value.minute:
        return said
    return f"{said}{'零' if value.minute < 10 else ''}{_whole(value.minute)}分"


def moment(value: datetime, today: date | None) -> str:
    """Return a day and a time: 明天上午九点, 十一月二日下午三点."""
    away = None if today is None else (value.date() - today) // timedelta(days=1)
    when = _DAYS.get(away) if away is not None else None
    return (when or day(value.date(), today)) + clock(value.time())


def _decimals(value: Decimal) -> str:
    _, _, decimals = format(abs(value), "f").partition(".")
    return decimals.translate(_SINGLY)


def _small(value: int, *, is_first: bool) -> str:
    return "两" if is_first and value == 2 else _DIGITS[value]


def _counted(value: int) -> str:
    """Return a number before what it counts: 2 alone is 两."""
    return "两" if value == 2 else _whole(value)


def _whole(value: int) -> str:
    """Return a number from 0 on; 两 stands where it leads 千, 万 and 亿."""
    if not value:
        return _DIGITS[0]
    said = _up_to(value)
    # Nobody says 一十 at the beginning, and everybody does within.
    said = said.removeprefix("一") if said.startswith("一十") else said
    return re.sub("^二(?=[千万亿])", "两", said)


def _up_to(value: int) -> str:
    for size, name in ((_HUNDRED_MILLION, "亿"), (_TEN_THOUSAND, "万")):
        if value >= size:
            many, rest = divmod(value, size)
            lead = "两" if many == 2 else _up_to(many)
            return f"{lead}{name}{_rest(rest, size)}"
    return _thousands(value)


def _rest(rest: int, size: int) -> str:
    if not rest:
        return ""
    # A gap between the two is told by one 零.
    return ("零" if rest < size // 10 else "") + _up_to(rest)


def _thousands(value: int) -> str:
    said, gap = "", False
    for place, sign in zip(range(len(str(value)) - 1, -1, -1), str(value), strict=True):
        if sign == "0":
            gap = bool(said)
            continue
        said += ("零" if gap else "") + _DIGITS[int(sign)] + _TENS[place]
        gap = False
    return said
