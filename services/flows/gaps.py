"""What a record of an old call does not tell, and other flows would need."""

from dataclasses import dataclass
from enum import StrEnum


class Missing(StrEnum):
    """What is not on record."""

    KEY = "key"
    """A step asks for keys that the caller was never asked for, or not so often."""
    ANSWER = "answer"
    """Another system is asked what it was not asked."""
    VALUE = "value"
    """A branch asks for what no record tells."""
    MESSAGE = "message"
    """A message is recorded where there was none."""
    END = "end"
    """The record does not say where the call came to."""
    NUMBER = "number"
    """The number dialled has no flow any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Where a walk comes to what is not on record."""

    missing: Missing
    step: str
    """``flow.step``."""
    what: str
    """The condition, the look-up, or why in words."""
