"""What other systems say in a case, each time that they are asked."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain, repeat
from typing import Annotated

from pydantic import Field

from ivr.turns import AskFailed, Found, NotFound, Question, QuestionKind
from ivr.values import Value, Values

NOT_FOUND, FAILED = "not_found", "failed"

Answer = Mapping[str, str] | str
Answers = Annotated[tuple[Answer, ...], Field(min_length=1)]

_DAY, _CLOCK = r"\d{4}-\d{2}-\d{2}", r"\d{2}:\d{2}(:\d{2})?"
_MOMENTS: Mapping[str, Callable[[str], Value]] = {
    _DAY: date.fromisoformat,
    _CLOCK: time.fromisoformat,
    f"{_DAY}T{_CLOCK}": datetime.fromisoformat,
}


class Others:
    """Other systems as one call finds them."""

    def __init__(self, written: Mapping[str, Answer | Sequence[Answer]]) -> None:
        """Begin with the first answer of each.

        Args:
            written: Answers as a case has them, by the name of the look-up or order.
        """
        self._said = {name: _said(one) for name, one in written.items()}

    def answer(self, question: Question) -> Found | NotFound | AskFailed:
        """Return what is said to a question; of several answers the next."""
        answers = self._said.get(question.name)
        if answers is None:
            # A look-up finds nothing, an order and a message are taken.
            is_look_up = question.kind is QuestionKind.LOOK_UP
            return NotFound() if is_look_up else Found()
        answer = next(answers)
        if isinstance(answer, str):
            return NotFound() if answer == NOT_FOUND else AskFailed(detail=answer)
        return Found(values=values_of(answer))


def values_of(texts: Mapping[str, str]) -> Values:
    """Return values as they are written in a case."""
    return {name: value_of(text) for name, text in texts.items()}


def value_of(text: str) -> Value:
    """Return what a text stands for; in single quotes it is itself."""
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1]
    if text in {"true", "false"}:
        return text == "true"
    if re.fullmatch(r"-?(0|[1-9]\d{0,8})", text):
        return int(text)
    if re.fullmatch(r"-?\d{1,12}\.\d{1,6}", text):
        return Decimal(text)
    for pattern, read in _MOMENTS.items():
        if re.fullmatch(pattern, text):
            with suppress(ValueError):
                return read(text)
    return text


def _said(written: Answer | Sequence[Answer]) -> Iterator[Answer]:
    """Yield what another system says each time that it is asked, for ever."""
    if isinstance(written, str | Mapping):
        return repeat(written)
    return chain(written, repeat(written[-1]))
