"""What a walk knows: values by name, secrets that nobody reads, and their forms."""

from collections.abc import Iterator, Mapping
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


class Both(Mapping[str, Value]):
    """What a walk found out and what is so in the world; the first goes first."""

    def __init__(self, known: Values, around: Values) -> None:
        """Look into both, when asked and not before."""
        self._known = known
        self._around = around

    def __getitem__(self, name: str) -> Value:
        """Return a value.

        Raises:
            KeyError: Neither has it.
        """
        return self._known[name] if name in self._known else self._around[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter({**self._around, **self._known})

    def __len__(self) -> int:
        """Return how many there are."""
        return len({*self._around, *self._known})
