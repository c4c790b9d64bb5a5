"""How far English words are from each other, in letters and in sound."""

from functools import lru_cache

SMALL_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "is",
        "are",
        "was",
        "were",
        "am",
        "be",
        "been",
        "my",
        "our",
        "your",
        "his",
        "her",
        "to",
        "of",
        "for",
        "at",
        "on",
        "in",
        "with",
        "please",
        "i",
        "im",
        "we",
        "id",
        "ill",
        "ive",
        "want",
        "wants",
        "need",
        "needs",
        "like",
        "would",
        "could",
        "can",
        "you",
        "me",
        "have",
        "has",
        "had",
        "got",
        "get",
        "its",
        "it",
        "do",
        "does",
        "just",
        "uh",
        "um",
        "er",
        "well",
        "so",
        "okay",
        "hello",
        "hi",
        "hey",
        "there",
        "theres",
        "this",
        "that",
        "thats",
        "some",
        "about",
    ]
)
"""Words that carry nothing here; they may stand anywhere, or be left out."""
NOT = frozenset(
    [
        "not",
        "no",
        "dont",
        "doesnt",
        "didnt",
        "isnt",
        "wasnt",
        "arent",
        "aint",
        "never",
        "without",
        "nothing",
        "neither",
    ]
)


@lru_cache(maxsize=20_000)
def code_of(word: str) -> str:
    """Return how a word sounds, by the letters of Metaphone."""
    from jellyfish import metaphone

    return metaphone(word)


@lru_cache(maxsize=50_000)
def words_apart(one: str, other: str) -> float:
    """Return how far two words are apart, from 0, the same, to 1."""
    if one == other:
        return 0.0
    if one.isdigit() or other.isdigit():
        return 1.0
    from jellyfish import levenshtein_distance

    letters = levenshtein_distance(one, other) / max(len(one), len(other))
    if _stem(one) == _stem(other):
        return 0.03
    code, code_2 = code_of(one), code_of(other)
    longest = max(len(code), len(code_2))
    sounds = levenshtein_distance(code, code_2) / longest if longest else letters
    # In short words every letter counts: bill, ball and bell are three things.
    if min(len(one), len(other)) <= 4:
        return min(1.0, 0.4 * sounds + 0.9 * letters)
    return min(1.0, 0.5 * sounds + 0.6 * letters)


def _stem(word: str) -> str:
    for ending in ("ing", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word
