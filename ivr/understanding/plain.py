"""What was said as units: a Chinese character, or a word or number in other letters."""

import re
import unicodedata
from dataclasses import dataclass

MOST_LETTERS = 2_000
"""Of longer texts the beginning and the end are looked at, as much of each."""
MOST_UNITS = 160
"""The same for units: about a minute of speech."""

_UNIT = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|[0-9]+|[^\W\d_\u3400-\u9fff]+")
_APOSTROPHES = str.maketrans("", "", "'’‘`ʼ")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that was said."""

    text: str
    is_han: bool
    begins: bool = False
    """Whether a comma or the like stands before it."""


def tidy(text: str) -> str:
    """Return a text without what nobody hears: case, widths, marks, control signs."""
    told = text[:MOST_LETTERS]
    if len(text) > MOST_LETTERS:
        half = MOST_LETTERS // 2
        told = f"{text[:half]} {text[-half:]}"
    plain = unicodedata.normalize("NFKC", told).casefold().translate(_APOSTROPHES)
    kept = []
    for sign in plain:
        kind = unicodedata.category(sign)
        if kind[0] == "C":
            kept.append(" " if kind == "Cc" else "")
        elif kind[0] != "M":
            kept.append(sign)
    return "".join(kept)


def units_of(text: str) -> tuple[Unit, ...]:
    """Return what was said, unit by unit; empty where nothing of it can be said."""
    plain = tidy(text)
    units: list[Unit] = []
    last = 0
    for found in _UNIT.finditer(plain):
        between = plain[last : found.start()]
        last = found.end()
        said = found.group()
        is_han = bool(_HAN.match(said))
        begins = bool(between.strip())
        units.append(Unit(text=said[:40], is_han=is_han, begins=begins))
    if len(units) > MOST_UNITS:
        half = MOST_UNITS // 2
        units = [*units[:half], *units[-half:]]
    return tuple(units)


def written(units: tuple[Unit, ...]) -> str:
    """Return units as they are written: Chinese without spaces, others with one."""
    told = ""
    for unit in units:
        needs_space = bool(told) and not (unit.is_han or _HAN.match(told[-1]))
        told += (" " if needs_space else "") + unit.text
    return told
