"""What each language can say: its module is one of these."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Protocol


class Tongue(Protocol):
    """The functions of one language's module, and its small words."""

    SMALL: Mapping[str, str]
    """``yes``, ``no``, ``plus``; ``break`` stands between groups of digits, ``singly``
    between digits."""

    def number(self, value: Decimal) -> str:
        """Return a number."""

    def percent(self, value: Decimal) -> str:
        """Return a share of a hundred."""

    def digit(self, sign: str) -> str:
        """Return one digit as it is said in a telephone number."""

    def money(self, value: Decimal) -> str:
        """Return yuan, exactly."""

    def count(self, value: Decimal, unit: str) -> str:
        """Return how many of what."""

    def day(self, value: date, today: date | None) -> str:
        """Return a date, without the year where it is today's."""

    def clock(self, value: time) -> str:
        """Return a time of the day."""

    def moment(self, value: datetime, today: date | None) -> str:
        """Return a day and a time, by its nearness to today where it is near."""
