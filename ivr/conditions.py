"""The text of an expression to what it means, with the place of what is wrong."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from pydantic import GetPydanticSchema
from pydantic_core import core_schema

from ivr.expressions import (
    All,
    Among,
    Any,
    Expression,
    Literal,
    Name,
    Node,
    Not,
    Sign,
    Two,
)
from ivr.problems import IvrError
from ivr.template import DOTTED
from ivr.wording import Wording
from ivr.wording import wrong as refusal

LONGEST: Final = 500
"""Letters of one expression."""
DEEPEST: Final = 20
"""Brackets in each other."""

_TOKEN: Final = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<number>[0-9]{1,15}(?:\.[0-9]{1,6})?(?![\w.]))"
    r"|(?P<name>[A-Za-z_][\w.]*)"
    r"|(?P<sign>==|!=|<=|>=|[<>+\-()\[\],])"
    r"|(?P<other>.)",
    re.DOTALL | re.ASCII,
)
_WORDS: Final = frozenset({"and", "or", "not", "in", "true", "false"})
_COMPARING: Final = ("==", "!=", "<", "<=", ">", ">=")
_END: Final = "the end"


class NotAnExpression(IvrError):
    """A text that is no expression."""

    def __init__(self, place: int, *, en: str, zh: str) -> None:
        """Say what is wrong and where, counted in characters from 1."""
        super().__init__(f"character {place}: {en}")
        self.place = place
        self.why = Wording(en=str(self), zh=f"第 {place} 个字符：{zh}")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int


def read_expression(text: str) -> Expression:
    """Return what a text means.

    Raises:
        NotAnExpression: It means nothing; with the place where that shows.
    """
    if len(text) > LONGEST:
        raise NotAnExpression(
            LONGEST,
            en=f"more than {LONGEST} letters; use two steps",
            zh=f"超过 {LONGEST} 个字符；请分成两个步骤",
        )
    return Expression(text.strip(), _Reading(_tokens(text)).whole())


def _expression(written: object) -> Expression:
    if isinstance(written, Expression):
        return written
    if not isinstance(written, str):
        raise refusal(
            "string_type",
            Wording(en="input should be an expression", zh="应为表达式"),
        )
    try:
        return read_expression(written)
    except NotAnExpression as wrong:
        raise refusal("expression", wrong.why) from None


Expr = Annotated[
    Expression,
    GetPydanticSchema(
        lambda _source, _handler: core_schema.no_info_plain_validator_function(
            _expression,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.to_string_ser_schema(),
        )
    ),
]
"""An expression, as a field of a written flow."""


def _tokens(text: str) -> list[_Token]:
    tokens = []
    for found in _TOKEN.finditer(text):
        kind, part, place = str(found.lastgroup), found.group(), found.start() + 1
        if kind == "other":
            strange = _strange(part)
            raise NotAnExpression(place, en=strange, zh=strange.zh)
        if kind == "name" and part in _WORDS:
            kind = "word"
        elif kind == "name" and DOTTED.fullmatch(part) is None:
            raise NotAnExpression(
                place,
                en=f"{part!r} is no name; names are of a to z, 0 to 9, _ and dots",
                zh=f"{part!r} 不是名称；名称由 a 到 z、0 到 9、_ 和点组成",
            )
        if kind != "space":
            tokens.append(_Token(kind, part, place))
    return [*tokens, _Token("end", _END, len(text) + 1)]


def _strange(part: str) -> Wording:
    if part == "=":
        return Wording(
            en="'=' compares nothing; write '=='", zh="'=' 不表示比较；请写 '=='"
        )
    if part in "'\"":
        return Wording(
            en=f"a text that does not end; close it with {part}",
            zh=f"文字没有结束；请在末尾补上 {part}",
        )
    if part in "&|!":
        return Wording(
            en=f"{part!r} means nothing here; write `and`, `or` or `not`",
            zh=f"{part!r} 在这里没有意义；请写 `and`、`or` 或 `not`",
        )
    return Wording(
        en=f"{part!r} means nothing here", zh=f"{part!r} 在这里没有意义；请删除"
    )


class _Reading:
    """Goes through tokens once: or, and, not, comparison, sum, value."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._either()
        if self._token.kind != "end":
            raise self._unexpected(
                "`and`, `or`, a comparison or the end",
                zh=" `and`、`or`、比较符号或结尾",
            )
        return node

    def _either(self) -> Node:
        return self._chain("or", self._both, Any)

    def _both(self) -> Node:
        return self._chain("and", self._negated, All)

    def _chain(
        self,
        word: str,
        inner: Callable[[], Node],
        joined: Callable[[tuple[Node, ...]], Node],
    ) -> Node:
        nodes = [inner()]
        while self._took(word):
            nodes.append(inner())
        return nodes[0] if len(nodes) == 1 else joined(tuple(nodes))

    def _negated(self) -> Node:
        if not self._took("not"):
            return self._compared()
        self._deeper()
        node = Not(self._negated())
        self._depth -= 1
        return node

    def _compared(self) -> Node:
        left = self._sum()
        if self._took("in"):
            return Among(left, self._options())
        if self._token.text == "not" and self._tokens[self._next + 1].text == "in":
            self._next += 2
            return Not(Among(left, self._options()))
        for sign in _COMPARING:
            if self._took(sign):
                return Two(left, Sign(sign), self._sum())
        return left

    def _options(self) -> tuple[Node, ...]:
        closing = {"(": ")", "[": "]"}.get(self._token.text)
        if closing is None:
            raise self._unexpected(
                "a list as in `('a', 'b')`", zh="列表，如 `('a', 'b')`"
            )
        self._next += 1
        options = [self._sum()]
        while self._took(","):
            options.append(self._sum())
        self._close(closing)
        return tuple(options)

    def _sum(self) -> Node:
        node = self._value()
        while self._token.text in ("+", "-"):
            sign = Sign(self._token.text)
            self._next += 1
            node = Two(node, sign, self._value())
        return node

    def _value(self) -> Node:
        token = self._token
        self._next += 1
        match token.kind, token.text:
            case "text", text:
                return Literal(text[1:-1])
            case "number", text:
                return Literal(Decimal(text) if "." in text else int(text))
            case "word", "true" | "false":
                return Literal(token.text == "true")
            case "name", name:
                return Name(name, token.place)
            case "sign", "-" if self._token.kind == "number":
                return Two(Literal(0), Sign.MINUS, self._value())
            case "sign", "(":
                self._deeper()
                node = self._either()
                self._close(")")
                self._depth -= 1
                return node
            case _:
                self._next -= 1
                raise self._unexpected(
                    "a name, a number or a text in quotes",
                    zh="名称、数字或带引号的文字",
                )

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotAnExpression(
                self._token.place,
                en=f"more than {DEEPEST} brackets in each other; use two steps",
                zh=f"括号嵌套超过 {DEEPEST} 层；请分成两个步骤",
            )

    def _close(self, closing: str) -> None:
        if not self._took(closing):
            raise self._unexpected(f"{closing!r}", zh=f" {closing!r}")

    def _took(self, text: str) -> bool:
        token = self._token
        if token.kind not in ("word", "sign") or token.text != text:
            return False
        self._next += 1
        return True

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _unexpected(self, wanted: str, *, zh: str) -> NotAnExpression:
        token = self._token
        is_end = token.kind == "end"
        found = _END if is_end else repr(token.text)
        found_zh = "到了结尾" if is_end else f"是 {found}"
        return NotAnExpression(
            token.place,
            en=f"expected {wanted}, found {found}",
            zh=f"这里应为{zh}，实际{found_zh}",
        )
