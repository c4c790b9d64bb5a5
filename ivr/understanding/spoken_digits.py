"""Numbers of several digits as callers say them, in one breath or in groups."""

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.understanding.mandarin import sound_of
from ivr.understanding.plain import Unit, units_of

_HAN: Mapping[str, str] = {
    **dict(zip("零一二三四五六七八九", "0123456789", strict=True)),
    **dict(zip("〇幺两洞拐勾", "012079", strict=True)),
    **dict(zip("壹贰叁肆伍陆柒捌玖", "123456789", strict=True)),
}
_BY_SOUND: Mapping[str, str] = {
    "ling": "0",
    "yi": "1",
    "yao": "1",
    "er": "2",
    "liang": "2",
    "san": "3",
    "shan": "3",
    "si": "4",
    "shi": "4",
    "wu": "5",
    "liu": "6",
    "lu": "6",
    "qi": "7",
    "ba": "8",
    "jiu": "9",
}
"""What a recogniser writes for a digit may be any character of its sound."""
_WORDS: Mapping[str, str] = {
    "zero": "0",
    "oh": "0",
    "o": "0",
    "nought": "0",
    "one": "1",
    "won": "1",
    "two": "2",
    "too": "2",
    "three": "3",
    "free": "3",
    "four": "4",
    "fore": "4",
    "five": "5",
    "fife": "5",
    "six": "6",
    "sicks": "6",
    "seven": "7",
    "eight": "8",
    "ate": "8",
    "nine": "9",
    "niner": "9",
    "nein": "9",
}
_ALIKE = frozenset({"to", "for"})
"""Two and four, where digits stand on both sides of them."""
_TEENS: Mapping[str, str] = {
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
    "thirteen": "13",
    "fourteen": "14",
    "fifteen": "15",
    "sixteen": "16",
    "seventeen": "17",
    "eighteen": "18",
    "nineteen": "19",
}
_TENS: Mapping[str, str] = {
    "twenty": "2",
    "thirty": "3",
    "forty": "4",
    "fourty": "4",
    "fifty": "5",
    "sixty": "6",
    "seventy": "7",
    "eighty": "8",
    "ninety": "9",
}
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_TIMES_HAN = {"双": 2}
_PASSED_OVER = frozenset("是的号码户编尾我家呃嗯啊那就了吧哦") | frozenset(
    [
        "my",
        "account",
        "number",
        "meter",
        "is",
        "its",
        "the",
        "and",
        "um",
        "uh",
        "er",
        "it",
        "code",
        "pin",
        "hash",
        "please",
    ]
)
LEAST_SHARE = 0.7
"""Of what was said that must be digits; else it is talk in which numbers occur."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """Digits that were found."""

    digits: str
    guessed: int
    """How many were told by their sound alone."""


def digits_in(text: str) -> Digits | None:
    """Return the digits that a text is; None where it is something else.

    ``五三零幺``, ``两个八``, ``double five oh``, ``fifty three oh one`` and ``5301``
    are digits; ``三百``, a number, is not.
    """
    return digits_of(units_of(text))


def digits_of(units: tuple[Unit, ...]) -> Digits | None:
    """Return the digits that units are; see ``digits_in``."""
    told = [unit for unit in units if unit.text not in _PASSED_OVER or _is(unit)]
    if not told:
        return None
    found, guessed, understood, place = "", 0, 0, 0
    while place < len(told):
        digits, used, is_guess = _at(told, place)
        found += digits
        guessed += is_guess
        understood += used if digits else 0
        place += max(1, used)
    if not found or understood / len(told) < LEAST_SHARE:
        return None
    if guessed and guessed > len(found) / 2:
        return None
    return Digits(digits=found, guessed=guessed)


def _is(unit: Unit) -> bool:
    return unit.text in _HAN or unit.text in _WORDS


def _at(told: list[Unit], place: int) -> tuple[str, int, bool]:
    """Return the digits at a place, how many units they are, and if guessed."""
    one = told[place].text
    following = told[place + 1] if place + 1 < len(told) else None
    times = _TIMES.get(one) or _TIMES_HAN.get(one)
    if times and following and (digit := _single(following.text)):
        return digit * times, 2, False
    # 三个八 is 888.
    if following and following.text == "个" and place + 2 < len(told):
        many, digit = _HAN.get(one, ""), _single(told[place + 2].text)
        if digit and many and 2 <= int(many) <= 5:
            return digit * int(many), 3, False
    if one in _TENS:
        digit = _single(following.text) if following else ""
        if digit and digit != "0" and following and following.text not in {"oh", "o"}:
            return _TENS[one] + digit, 2, False
        return _TENS[one] + "0", 1, False
    if one in _TEENS:
        return _TEENS[one], 1, False
    if one == "hundred":
        return "00", 1, False
    if digit := _single(one):
        return digit, 1, False
    if one.isascii() and one.isdigit():
        return one, 1, False
    if one in _ALIKE:
        return ("2" if one == "to" else "4"), 1, True
    if told[place].is_han and (digit := _BY_SOUND.get(sound_of(one), "")):
        return digit, 1, True
    return "", 1, False


def _single(word: str) -> str:
    if len(word) == 1 and word.isascii() and word.isdigit():
        return word
    return _HAN.get(word) or _WORDS.get(word, "")
