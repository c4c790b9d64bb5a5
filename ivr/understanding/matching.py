"""Finds a phrase within what was said, though not each sound of it came over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ivr.understanding.english import NOT, SMALL_WORDS, words_apart
from ivr.understanding.mandarin import character_apart, sound_of
from ivr.understanding.plain import Unit, units_of, written

_PARTICLES = frozenset("了的啊呢吧呀嗯呃哦喔诶哎哈嘛呗哟噢")
GAP = "…"
"""Written in a phrase, it stands for a few words of any kind."""
_WIDEST_GAP = 8
_LEFT_OUT, _PUT_IN = 0.9, 0.7
"""What it costs where a sound of the phrase is missing, or another stands in it."""
_COMMA = 0.4
FARTHEST = 0.34
"""Of a phrase's length: what costs more is another phrase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A phrase that was found."""

    phrase: str
    first: int
    """The place of its first unit in what was said."""
    end: int
    """The place behind its last one."""
    length: int
    """How many units the phrase has."""
    cost: float
    """How many units of it are wrong; 0 where each is as written."""
    heard: str
    """What stands there."""

    @property
    def likeness(self) -> float:
        """How well it fits, up to 1."""
        return 1.0 - self.cost / self.length

    @property
    def weight(self) -> float:
        """What it counts against others: long phrases are less of a chance."""
        return float((self.likeness - 0.4) * self.length**0.5)


def without_small(units: Sequence[Unit]) -> tuple[Unit, ...]:
    """Leave out what carries nothing, unless nothing else was said.

    A comma before what is left out stands before what follows it.
    """
    kept: list[Unit] = []
    begins = False
    for unit in units:
        begins = begins or unit.begins
        if unit.text in _PARTICLES or unit.text in SMALL_WORDS:
            continue
        kept.append(Unit(unit.text, unit.is_han, begins))
        begins = False
    return tuple(kept) or tuple(units)


@lru_cache(maxsize=5_000)
def _parts_of(phrase: str) -> tuple[tuple[Unit, ...], ...]:
    """Return a phrase's units, in as many parts as it has gaps between them."""
    parts = (units_of(part) for part in phrase.split(GAP))
    return tuple(without_small(part) for part in parts if part)


def find(phrase: str, said: tuple[Unit, ...]) -> Found | None:
    """Return where a phrase fits best, the first of equals; None where it does not.

    Args:
        phrase: As it is written in a file; ``…`` in it is a gap.
        said: What was said, without what carries nothing.
    """
    parts = _parts_of(phrase)
    if not parts or not said:
        return None
    length = sum(map(len, parts))
    if length == 1:
        return _alone(phrase, parts[0][0], said)
    if len(parts) == 1:
        best = _best(parts[0], said)
        return None if best is None else _as_found(phrase, length, [best], said)
    spans: list[tuple[int, int, float]] = []
    begin = 0
    for part in parts:
        # Behind a part nothing far away belongs to it any more.
        last = begin + _WIDEST_GAP + len(part) if spans else len(said)
        span = _best(part, said[begin:last])
        if span is None:
            return None
        first, end, cost = span
        spans.append((first + begin, end + begin, cost))
        begin += end
    return _as_found(phrase, length, spans, said)


def _as_found(
    phrase: str,
    length: int,
    spans: list[tuple[int, int, float]],
    said: tuple[Unit, ...],
) -> Found | None:
    first, end = spans[0][0], spans[-1][1]
    cost = sum(span[2] for span in spans)
    if cost:
        # What fits but for its sound seldom goes on behind a comma.
        cost += sum(_COMMA for one in said[first + 1 : end] if one.begins)
    if cost > FARTHEST * length:
        return None
    return Found(
        phrase=phrase,
        first=first,
        end=end,
        length=length,
        cost=cost,
        heard=written(said[first:end]),
    )


def _alone(phrase: str, unit: Unit, said: tuple[Unit, ...]) -> Found | None:
    """Find a phrase of one unit: a Chinese one must be all that was said."""
    if unit.is_han:
        texts = {one.text for one in said}
        # 对, 对对对: said more than once it is still alone.
        if len(texts) > 1 or sound_of(said[0].text) != sound_of(unit.text):
            return None
        cost = character_apart(unit.text, said[0].text)
        return _as_found(phrase, 1, [(0, len(said), cost)], said)
    costs = [
        (1.0 if one.is_han else words_apart(unit.text, one.text), nth)
        for nth, one in enumerate(said)
    ]
    if len(unit.text) <= 3:
        costs = [(cost, nth) for cost, nth in costs if said[nth].text == unit.text]
    joined = [
        (0.05 + words_apart(unit.text, one.text + two.text), nth, nth + 2)
        for nth, (one, two) in enumerate(pairwise(said))
        if not one.is_han and not two.is_han and two.text not in NOT
    ]
    spans = [(cost, nth, nth + 1) for cost, nth in costs] + joined
    if not spans:
        return None
    cost, first, end = min(spans)
    return _as_found(phrase, 1, [(first, end, cost)], said)


def _best(
    phrase: tuple[Unit, ...], said: tuple[Unit, ...]
) -> tuple[int, int, float] | None:
    """Return from where to where a phrase costs least, and what; None if too much."""
    exact = _exact(phrase, said)
    if exact is not None:
        return exact
    most = FARTHEST * len(phrase)
    costs = [[_unit_apart(one, two) for two in said] for one in phrase]
    # A sound that is nowhere costs at least this much, wherever the phrase fits.
    least = sum(min(_LEFT_OUT, min(row)) for row in costs)
    if least > most:
        merged = any(not one.is_han for one in phrase)
        if not merged or least > most + 1.0:
            return None
    return _aligned(phrase, said, costs, most)


def _exact(
    phrase: tuple[Unit, ...], said: tuple[Unit, ...]
) -> tuple[int, int, float] | None:
    texts, wanted = [one.text for one in said], [one.text for one in phrase]
    for first in range(len(texts) - len(wanted) + 1):
        if texts[first] == wanted[0] and texts[first : first + len(wanted)] == wanted:
            return first, first + len(wanted), 0.0
    return None


def _aligned(
    phrase: tuple[Unit, ...],
    said: tuple[Unit, ...],
    costs: list[list[float]],
    most: float,
) -> tuple[int, int, float] | None:
    """Align a phrase with any part of what was said, at the least cost.

    Each cell holds a cost and where it begins. English words may be cut in two or
    run together by who wrote them down.
    """
    width = len(said) + 1
    before: list[tuple[float, int]] = []
    row: list[tuple[float, int]] = [(0.0, place) for place in range(width)]
    for nth in range(len(phrase)):
        following: list[tuple[float, int]] = [(row[0][0] + _LEFT_OUT, 0)]
        for place in range(1, width):
            ways = [
                _more(row[place - 1], costs[nth][place - 1]),
                _more(row[place], _LEFT_OUT),
                _more(following[place - 1], _PUT_IN),
                *_merges(phrase, said, nth, place, row, before),
            ]
            following.append(min(ways))
        before, row = row, following
    cost, end = min((cell[0], place) for place, cell in enumerate(row))
    first = row[end][1]
    return None if cost > most or first == end else (first, end, cost)


def _merges(
    phrase: tuple[Unit, ...],
    said: tuple[Unit, ...],
    nth: int,
    place: int,
    row: list[tuple[float, int]],
    before: list[tuple[float, int]],
) -> Iterator[tuple[float, int]]:
    one, other = phrase[nth], said[place - 1]
    if one.is_han or other.is_han:
        return
    if place > 1 and not said[place - 2].is_han:
        joined = said[place - 2].text + other.text
        yield _more(row[place - 2], 0.1 + words_apart(one.text, joined))
    if nth and before and not phrase[nth - 1].is_han:
        joined = phrase[nth - 1].text + one.text
        yield _more(before[place - 1], 0.1 + 2 * words_apart(joined, other.text))


def _more(cell: tuple[float, int], cost: float) -> tuple[float, int]:
    return cell[0] + cost, cell[1]


def _unit_apart(one: Unit, other: Unit) -> float:
    if one.is_han and other.is_han:
        return character_apart(one.text, other.text)
    if one.is_han or other.is_han:
        return 1.0
    return words_apart(one.text, other.text)
