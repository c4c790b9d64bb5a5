"""What is told of something wrong: in English, and beside it in Chinese."""

from collections.abc import Iterable
from difflib import get_close_matches

from pydantic_core import PydanticCustomError

from ivr.sounds import Language

MOST_NAMES = 12
"""A longer list of what there is would hide the message it ends."""


class Wording(str):
    """A text in English that has its Chinese with it.

    It is the English one wherever a text is wanted: in logs, answers and exceptions.
    Both are written at the place that finds what is wrong.
    """

    __slots__ = ("zh",)
    zh: str

    def __new__(cls, *, en: str, zh: str) -> "Wording":
        """Return both as one."""
        made = super().__new__(cls, en)
        made.zh = zh
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, str]]:
        """Return what a copy, or what is read from elsewhere, is made of."""
        return (), {"en": str(self), "zh": self.zh}


def told(text: str, language: Language) -> str:
    """Return a text in a language; in English where it has no Chinese with it."""
    if language is Language.ZH and isinstance(text, Wording):
        return text.zh
    return str(text)


def wrong(kind: str, why: Wording) -> PydanticCustomError:
    """Return what a model's own test raises, with its words in both languages."""
    return PydanticCustomError(kind, "{why}", {"why": why})


def unknown(name: str, what: str, known: Iterable[str]) -> Wording:
    """Return the words for a name that stands for nothing.

    Args:
        name: What was written.
        what: The kind of thing that should have the name.
        known: What would have been right.
    """
    hint = nearest(name, known)
    kind = told(what, Language.ZH)
    return Wording(
        en=f"no {what} is called {name!r}{hint}",
        zh=f"没有名为 {name!r} 的{kind}{hint.zh}",
    )


def nearest(name: str, known: Iterable[str]) -> Wording:
    """Return the hint that ends a message about an unknown name.

    Args:
        name: What was written.
        known: What would have been right.

    Returns:
        ``; did you mean 'billing'?`` for the nearest name, else the list of what
        there is, else an empty text where that is nothing or too much to show.
    """
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return Wording(
            en=f"; did you mean {close[0]!r}?", zh=f"；是不是想写 {close[0]!r}？"
        )
    if 0 < len(names) <= MOST_NAMES:
        shown = [repr(one) for one in names]
        return Wording(
            en=f"; there is {', '.join(shown)}", zh=f"；可用的有 {'、'.join(shown)}"
        )
    return Wording(en="", zh="")
