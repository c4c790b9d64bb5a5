"""Whether two phrases could be taken for each other."""

from functools import lru_cache

from ivr.understanding.english import words_apart
from ivr.understanding.mandarin import character_apart
from ivr.understanding.matching import GAP, find, without_small
from ivr.understanding.plain import Unit, units_of

_ALIKE = 0.13
"""How far apart phrases may be, for each unit of theirs, and still be mixed up."""
_HELD = 0.9


def alike(one: str, other: str) -> bool:
    """Tell whether two phrases sound alike, each as a whole."""
    units, others = _units(one), _units(other)
    if len(units) != len(others) or not units:
        return False
    most = _ALIKE * len(units)
    cost = 0.0
    for unit, second in zip(units, others, strict=True):
        cost += _apart(unit, second)
        if cost > most:
            return False
    return True


def holds(phrase: str, word: str) -> bool:
    """Tell whether a word is heard within a phrase."""
    units = _units(phrase)
    found = find(word, units)
    return found is not None and found.likeness >= _HELD


@lru_cache(maxsize=5_000)
def _units(phrase: str) -> tuple[Unit, ...]:
    return without_small(units_of(phrase.replace(GAP, " ")))


def _apart(one: Unit, other: Unit) -> float:
    if one.is_han and other.is_han:
        return character_apart(one.text, other.text)
    if one.is_han or other.is_han:
        return 1.0
    return words_apart(one.text, other.text)
