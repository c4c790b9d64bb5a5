"""What is asked of another system, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that stands in no fact, no log and no message, such as a PIN."""

    text: str = field(repr=False)

    def __str__(self) -> str:
        """Return what may be seen of it, which is nothing."""
        return "Secret()"


Value = str | int | Decimal | bool | date | time | datetime | Secret | None
"""None stands for what is missing."""

Values = Mapping[str, Value]


class QuestionKind(StrEnum):
    """What another system is asked for."""

    LOOK_UP = "look_up"
    ORDER = "order"
    SMS = "sms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What another system is asked."""

    kind: QuestionKind
    name: str
    """The look-up or the kind of order; ``sms`` for a message."""
    arguments: Values
    """Of a message: ``to`` and ``text``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Another system answered; for an order or a message: it is made."""

    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """Another system answered that there is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskFailed:
    """Another system did not answer."""

    detail: str
    """What failed, in words; nothing of the arguments."""
