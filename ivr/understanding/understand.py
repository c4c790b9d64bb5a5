"""The door of understanding: words and a grammar in, one outcome out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ivr.spoken.english import ONES
from ivr.understanding.english import NOT
from ivr.understanding.grammar import DANGER, Grammar
from ivr.understanding.matching import Found, find, without_small
from ivr.understanding.outcome import (
    DigitsSaid,
    NotTaken,
    Outcome,
    Said,
    Taken,
    Uncertain,
)
from ivr.understanding.plain import Unit, units_of, written
from ivr.understanding.spoken_digits import digits_of

_DENYING = re.compile(
    "(不是|不要|不想|不用|不需要|没有|没|并非|别|不)"
    "(要|想|说|问|查|查询|办|办理|报|交|去|因为|关于)?$"
)
_DENYING_FAR = re.compile("(不是|不要|不想|不用|不需要|并非).{1,4}$")
_DANGER_DENIED = re.compile("(不是|没有|没|并未|没有发生)$")
_CORRECTED = ("哦不对", "不对不对", "说错了", "我说错了", "应该是", "no wait", "i mean")
"""What stands before it is taken back."""
_NO_DANGER_FROM = 0.74
_NEAR_TIE = 0.12
"""How near two choices must be to each other, that nobody knows which is meant."""
_CHANCE = 0.1
"""How much a match that is not exact loses among many other words."""
_KEY_ZH = re.compile(
    "^(?:我?要?选择?|请?按|第)?([0-9零一二两三四五六七八九幺])(?:号键?|键|个|项)?$"
)
_KEY_EN = re.compile(r"^(?:(?:press|number|option|key|choose|choice) )?([a-z]+|[0-9])$")
_ZH_KEYS = {**dict(zip("零一二三四五六七八九", "0123456789", strict=True))} | {
    "两": "2",
    "幺": "1",
}
_EN_KEYS = {word: str(key) for key, word in enumerate(ONES[:10])}


def understood(said: Sequence[Said], grammar: Grammar) -> Outcome:
    """Return what is made of words.

    Args:
        said: What was recognised, the likeliest first; more than one where whoever
            recognised it is not sure.
        grammar: What may be said.

    Returns:
        Danger goes before all else. What fits nothing is refused, never guessed.
    """
    outcomes = [_one(each, grammar) for each in said[:5]]
    if not outcomes:
        return NotTaken(why="nothing was said")
    return max(outcomes, key=_rank)


def _rank(outcome: Outcome) -> tuple[int, float]:
    match outcome:
        case Taken(choice=choice):
            return (4 if choice == DANGER else 3, outcome.certainty)
        case DigitsSaid():
            return (2, outcome.certainty)
        case Uncertain():
            return (1, outcome.certainty)
        case NotTaken():
            return (0, outcome.certainty)


def _one(said: Said, grammar: Grammar) -> Outcome:
    units = units_of(said.text)
    if not units:
        return NotTaken(why="nothing was said")
    danger = _danger(units, grammar)
    if danger is not None:
        return danger
    if not any(unit.is_han or unit.text.isascii() for unit in units):
        return NotTaken(why="in letters that nothing here is written in")
    # How sure the recogniser is counts half: it is sure of wrong things, too.
    heard = max(0.0, min(1.0, said.confidence)) ** 0.5
    if grammar.digits and (digits := digits_of(units)):
        return _digits(digits.digits, digits.guessed, heard)
    if (key := _key(units)) and grammar.has(key):
        why = f"{written(units)!r} names key {key}"
        return _weighed(key, written(units), heard, why, grammar)
    return _chosen(_after_correction(units), heard, grammar)


def _digits(digits: str, guessed: int, heard: float) -> DigitsSaid:
    certainty = heard * (1 - 0.5 * guessed / len(digits))
    why = f"{len(digits)} digits" + (f", {guessed} by sound" if guessed else "")
    return DigitsSaid(digits=digits, certainty=certainty, why=why)


def _key(units: tuple[Unit, ...]) -> str:
    """Return the key that words are the name of; empty for none."""
    told = written(units)
    if found := _KEY_ZH.match(told.replace(" ", "")):
        sign = found.group(1)
        return _ZH_KEYS.get(sign, sign)
    if found := _KEY_EN.match(told):
        sign = found.group(1)
        return sign if sign.isdigit() else _EN_KEYS.get(sign, "")
    return ""


def _danger(units: tuple[Unit, ...], grammar: Grammar) -> Taken | None:
    """Find danger, whatever else is said and however unsure the recogniser is."""
    told = without_small(units)
    for found in _matches(told, grammar, only_danger=True):
        before = written(told[max(0, found.first - 4) : found.first])
        if _is_denied(told, found, before, _DANGER_DENIED):
            continue
        floor = _NO_DANGER_FROM if found.length > 2 else 0.88
        if found.likeness >= floor:
            return Taken(
                choice=DANGER,
                phrase=found.phrase,
                certainty=found.likeness,
                why=_why(found),
            )
    return None


def _matches(
    told: tuple[Unit, ...], grammar: Grammar, *, only_danger: bool
) -> Iterator[Found]:
    for one in grammar.choices:
        if (one.choice == DANGER) is not only_danger:
            continue
        for phrase in one.each():
            if found := find(phrase, told):
                yield found


def _chosen(units: tuple[Unit, ...], heard: float, grammar: Grammar) -> Outcome:
    told = without_small(units)
    candidates = [
        (choice.choice, found)
        for choice in grammar.choices
        if choice.choice != DANGER
        for phrase in choice.each()
        if (found := find(phrase, told))
    ]
    kept, denied = _without_denied(told, candidates)
    if not kept:
        if denied:
            return NotTaken(why=f"{denied[0].heard!r} is denied")
        return NotTaken(why=f"nothing that is asked is in {_short(units)!r}")
    best: dict[str, Found] = {}
    for choice, found in kept:
        if choice not in best or found.weight > best[choice].weight:
            best[choice] = found
    ranked = sorted(best.items(), key=lambda it: (-it[1].weight, it[1].first))
    choice, found = ranked[0]
    certainty = _certainty(found, told, heard)
    why = _why(found)
    rivals = [(key, one) for key, one in ranked[1:] if _is_rival(found, one)]
    if rivals:
        key, rival = rivals[0]
        certainty = min(certainty, grammar.sure - 0.01)
        why += f"; {rival.heard!r} is {key} as well"
    return _weighed(choice, found.phrase, certainty, why, grammar)


def _weighed(
    choice: str, phrase: str, certainty: float, why: str, grammar: Grammar
) -> Outcome:
    kind = Taken if certainty >= grammar.sure else Uncertain
    if certainty < grammar.maybe:
        return NotTaken(why=f"too unsure: {why}", certainty=certainty)
    return kind(choice=choice, phrase=phrase, certainty=certainty, why=why)


def _certainty(found: Found, told: tuple[Unit, ...], heard: float) -> float:
    certainty = found.likeness * heard
    if found.cost > 0.1:
        others = len(told) - (found.end - found.first)
        certainty -= _CHANCE * min(1.0, others / 8)
    return certainty


def _is_rival(best: Found, other: Found) -> bool:
    """Tell whether another choice was said as well, and not as a part of the best."""
    overlaps = other.first < best.end and best.first < other.end
    if overlaps and other.length < best.length:
        return False
    return best.likeness - other.likeness < _NEAR_TIE and (
        not overlaps or best.weight - other.weight < _NEAR_TIE
    )


def _without_denied(
    told: tuple[Unit, ...], candidates: list[tuple[str, Found]]
) -> tuple[list[tuple[str, Found]], list[Found]]:
    """Part what is meant from what is said not to be."""
    denied: list[Found] = []
    for _, found in candidates:
        # What another phrase before it was denied by does not deny this one too.
        begin = max(
            (one.end for _, one in candidates if one.end <= found.first), default=0
        )
        # Nor does what stands before a comma.
        commas = [nth for nth in range(begin, found.first + 1) if told[nth].begins]
        begin = max([begin, found.first - 7, *commas])
        before = written(told[begin : found.first])
        if _is_denied(told, found, before, _DENYING):
            denied.append(found)
    kept = [
        (choice, found)
        for choice, found in candidates
        if not _asks(told, found)
        and not any(one.first <= found.first and found.end <= one.end for one in denied)
    ]
    return kept, denied


def _is_denied(
    told: tuple[Unit, ...], found: Found, before: str, denying: re.Pattern[str]
) -> bool:
    if not before or told[found.first].begins:
        return False
    if not told[found.first].is_han:
        return told[found.first - 1].text in NOT
    before = before.replace("不识", "不是").replace("布是", "不是")
    far = _DENYING_FAR if denying is _DENYING else denying
    match = denying.search(before) or far.search(before)
    if match is None:
        return False
    # 是不是, 有没有, 要不要 ask, they do not deny.
    return not before[: match.start()].endswith(match.group(1)[-1])


def _asks(told: tuple[Unit, ...], found: Found) -> bool:
    """Tell whether a phrase as 不是 is the end of a question as 是不是."""
    first = found.first
    if not first or found.length < 2 or first + 1 >= len(told):
        return False
    is_denial = told[first].text in {"不", "没"}
    return is_denial and told[first - 1].text == told[first + 1].text


def _after_correction(units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    texts = [unit.text for unit in units]
    last = 0
    for sign in _CORRECTED:
        wanted = [unit.text for unit in units_of(sign)]
        for place in range(1, len(texts) - len(wanted)):
            if texts[place : place + len(wanted)] == wanted:
                last = max(last, place + len(wanted))
    if not last:
        return units
    first, *rest = units[last:]
    return (replace(first, begins=True), *rest)


def _why(found: Found) -> str:
    if found.cost == 0:
        return f"{found.heard!r} is in it"
    return f"{found.heard!r} is like {found.phrase!r}, {found.likeness:.2f}"


def _short(units: tuple[Unit, ...]) -> str:
    told = written(units)
    return told if len(told) <= 40 else f"{told[:39]}…"
