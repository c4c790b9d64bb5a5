"""How far Mandarin syllables are from each other, as lines and dialects blur them."""

from collections.abc import Mapping
from functools import lru_cache

SAME_SOUND = 0.02
"""Another character of the same sound: right, but not as right as itself."""
_NEAR_INITIALS: Mapping[frozenset[str], float] = {
    frozenset(pair): cost
    for cost, pairs in {
        0.2: (("z", "zh"), ("c", "ch"), ("s", "sh"), ("n", "l")),
        0.4: (("f", "h"), ("l", "r"), ("y", "")),
        0.5: (
            *(("b", "p"), ("d", "t"), ("g", "k"), ("j", "q"), ("zh", "ch")),
            *(("z", "c"), ("j", "zh"), ("q", "ch"), ("x", "sh"), ("x", "s")),
            *(("j", "z"), ("q", "c"), ("m", "n"), ("w", "h"), ("w", ""), ("g", "h")),
        ),
    }.items()
    for pair in pairs
}
_NEAR_FINALS: Mapping[frozenset[str], float] = {
    frozenset(pair): cost
    for cost, pairs in {
        0.2: (
            *(("in", "ing"), ("en", "eng"), ("an", "ang"), ("ian", "iang")),
            *(("uan", "uang"), ("un", "ong"), ("o", "uo"), ("uen", "ong")),
        ),
        0.4: (
            *(("u", "v"), ("i", "v"), ("ie", "ve"), ("ian", "van"), ("in", "vn")),
            *(("eng", "ong"), ("e", "o"), ("e", "uo"), ("a", "ia"), ("ai", "ei")),
            *(("ao", "ou"), ("iao", "iu"), ("ui", "ei"), ("uai", "ai"), ("an", "en")),
            *(("ing", "eng"), ("in", "en"), ("i", "ei"), ("i", "e"), ("u", "ou")),
        ),
    }.items()
    for pair in pairs
}
_INITIALS = (
    *("zh", "ch", "sh"),
    *("b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h"),
    *("j", "q", "x", "r", "z", "c", "s", "y", "w"),
)


@lru_cache(maxsize=20_000)
def sound_of(character: str) -> str:
    """Return how a character is read most often, without its tone: ``dian``."""
    # It takes a second to load: only who hears Mandarin pays for it.
    from pypinyin import Style, pinyin

    read = pinyin(character, style=Style.NORMAL, v_to_u=False)
    return read[0][0] if read else character


@lru_cache(maxsize=2_000)
def _parts(sound: str) -> tuple[str, str]:
    for initial in _INITIALS:
        if sound.startswith(initial):
            final = sound[len(initial) :]
            # After j, q, x and y a written u is the other one.
            if initial in {"j", "q", "x", "y"} and final.startswith("u"):
                final = f"v{final[1:]}"
            return initial, final
    return "", sound


@lru_cache(maxsize=50_000)
def apart(one: str, other: str) -> float:
    """Return how far two sounds are apart, from 0, the same, to 1."""
    if one == other:
        return 0.0
    (initial, final), (initial_2, final_2) = _parts(one), _parts(other)
    begins = (
        0.0
        if initial == initial_2
        else _NEAR_INITIALS.get(frozenset((initial, initial_2)), 1.0)
    )
    ends = (
        0.0 if final == final_2 else _NEAR_FINALS.get(frozenset((final, final_2)), 1.0)
    )
    return min(1.0, (begins + ends) / 2)


def character_apart(one: str, other: str) -> float:
    """Return how far two characters are apart by their sound."""
    if one == other:
        return 0.0
    return max(SAME_SOUND, apart(sound_of(one), sound_of(other)))
