"""The one reading of the tables of states."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from acd.vocabulary.errors import IllegalTransition
from acd.vocabulary.facts import Fact

S = TypeVar("S", bound=StrEnum)


def moved(
    table: Mapping[S, Mapping[type[Fact], S]], state: S, fact: type[Fact], *, who: str
) -> S:
    """Return the state that a fact leads to.

    Args:
        table: The states' rows.
        state: The state now.
        fact: What happened.
        who: Whose state it is, for the words of a refusal.

    Raises:
        IllegalTransition: The state has no place for the fact.
    """
    row = table[state]
    if fact not in row:
        raise IllegalTransition(
            who=who,
            state=state.value,
            fact=fact.__name__,
            takes=[kind.__name__ for kind in row],
        )
    return row[fact]
