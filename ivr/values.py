"""What a walk knows: values by name, secrets that nobody reads, and their forms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType


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
"""By name; the fields of a thing have its name and a dot before theirs."""

NOTHING: Values = MappingProxyType({})


class Form(StrEnum):
    """How a value is said."""

    TEXT = "text"
    NUMBER = "number"
    DIGITS = "digits"
    MONEY = "money"
    DATE = "date"
    TIME = "time"
    MOMENT = "moment"
    COUNT = "count"
    """A number with its measure word, as in ``{n:count 个}``."""


def lookup(name: str, known: Values, around: Values = NOTHING) -> Value:
    """Return a value by its name; None where there is none.

    Args:
        name: With dots, as in ``account.balance``.
        known: What the walk found out; it goes first.
        around: What is so in the world.
    """
    return known[name] if name in known else around.get(name)
