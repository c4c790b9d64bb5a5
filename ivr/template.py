"""Texts with values in them: ``您的余额是{account.balance:money}`` as its pieces."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ivr.problems import IvrError
from ivr.values import Form
from ivr.wording import Wording, unknown

_NAME = r"[a-z][a-z0-9_]{0,39}"
DOTTED = re.compile(rf"{_NAME}(?:\.{_NAME}){{0,3}}")
_UNIT = re.compile(r"\w{1,20}(?: \w{1,20})?")
_PIECE = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A place in a text where a value is said."""

    name: str
    form: Form = Form.TEXT
    unit: str = ""
    """The measure word of a count."""


Piece = str | Shown


class NotATemplate(IvrError):
    """A text whose braces stand for nothing."""

    def __init__(self, *, en: str, zh: str) -> None:
        """Say what is wrong and what would do."""
        super().__init__(en)
        self.why = Wording(en=en, zh=zh)


@lru_cache(maxsize=4096)
def pieces_of(text: str) -> tuple[Piece, ...]:
    """Return the pieces of a text, in order.

    Raises:
        NotATemplate: A brace has no other, or what stands between two is no value.
    """
    joined: list[Piece] = []
    for piece in _raw(text):
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(joined)


@lru_cache(maxsize=4096)
def heard_of(text: str) -> tuple[Piece, ...]:
    """Return the pieces that have a sound: a full stop behind a value has none.

    A text of nothing else is kept; it is refused where it is made.
    """
    pieces = pieces_of(text)
    return tuple(it for it in pieces if len(pieces) == 1 or _is_heard(it))


def _raw(text: str) -> Iterator[Piece]:
    for found in _PIECE.finditer(text):
        part = found.group()
        if part in ("{{", "}}"):
            yield part[0]
        elif part in ("{", "}"):
            raise NotATemplate(
                en=f"a {part!r} without its other half; write {part * 2!r} for a brace",
                zh=f"{part!r} 没有成对；要写大括号本身请写 {part * 2!r}",
            )
        elif part.startswith("{"):
            yield _shown(part[1:-1])
        else:
            yield part


def _shown(written: str) -> Shown:
    braces = "{" + written + "}"
    name, _, form = written.partition(":")
    name, form = name.strip(), form.strip()
    if DOTTED.fullmatch(name) is None:
        raise NotATemplate(
            en=f"{braces!r} names no value; write `{{name}}` or a form too",
            zh=f"{braces!r} 里没有变量名；请写 `{{name}}`，也可以加上读法",
        )
    kind, _, unit = form.partition(" ")
    if not form:
        return Shown(name=name)
    if kind not in {one.value for one in Form}:
        what = Wording(en="form of a value", zh="读法")
        no_form = unknown(kind, what, [one.value for one in Form])
        raise NotATemplate(en=no_form, zh=no_form.zh)
    unit = unit.strip()
    if (kind == Form.COUNT) is not bool(unit) or (unit and not _UNIT.fullmatch(unit)):
        raise NotATemplate(
            en=f"{braces!r}: a count has a unit, and nothing else has one; "
            "write `{name:count 个}`",
            zh=f"{braces!r}：只有 count 带量词，而且必须带；请写 `{{name:count 个}}`",
        )
    return Shown(name=name, form=Form(kind), unit=unit)


def _is_heard(piece: Piece) -> bool:
    return isinstance(piece, Shown) or any(letter.isalnum() for letter in piece)
