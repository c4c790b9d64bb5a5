"""Number words read back, by rules that the speaking of them does not use."""

import re

HAN = dict(zip("零一二三四五六七八九", range(10), strict=True)) | {"两": 2}
HAN_TENS = {"十": 10, "百": 100, "千": 1000}
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen",
    "fourteen fifteen sixteen seventeen eighteen nineteen",
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
LATIN = {
    **{word: value for value, word in enumerate(" ".join(_ONES).split())},
    **{word: 10 * value for value, word in enumerate(_TENS.split(), start=2)},
}
LATIN_SIZES = {
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}


def read_chinese(said: str) -> int:
    """Return the number that the words mean."""
    if said.startswith("负"):
        return -read_chinese(said.removeprefix("负"))
    for size, sign in ((10**8, "亿"), (10**4, "万")):
        lead, found, rest = said.rpartition(sign)
        if found:
            return read_chinese(lead) * size + (read_chinese(rest) if rest else 0)
    total, held = 0, None
    for sign in said:
        if sign in HAN:
            held = HAN[sign]
        else:
            total += (1 if held is None else held) * HAN_TENS[sign]
            held = 0
    return total + (held or 0)


def read_english(said: str) -> int:
    """Return the number that the words mean."""
    if said.startswith("minus "):
        return -read_english(said.removeprefix("minus "))
    total = group = 0
    for word in re.split("[ -]", said):
        if word in LATIN_SIZES:
            total, group = total + group * LATIN_SIZES[word], 0
        elif word == "hundred":
            group *= 100
        else:
            group += LATIN[word]
    return total + group
