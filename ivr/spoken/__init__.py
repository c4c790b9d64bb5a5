"""Values in words: numbers, money, dates as Mandarin and English say them."""

from ivr.spoken.errors import CannotBeSpoken
from ivr.spoken.words import words

__all__ = ["CannotBeSpoken", "words"]
