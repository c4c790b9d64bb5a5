"""The one reading of the tables of states."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from acd.vocabulary.errors import IllegalTransition
from acd.vocabulary.facts import Fact

S = TypeVar("S", bound=StrEnum)


def moved(
    table: Mapping[S, Mapping[type[Fact], S]],
    state: S,
    fact: type[Fact],
    what: str,
    subject: str,
) -> S:
    """Return the state that a fact leads to.

    Args:
        table: The states' rows.
        state: The state now.
        fact: What happened.
        what: What it is that has the state, for the words of a refusal.
        subject: Its id, for these as well.

    Raises:
        IllegalTransition: The state has no place for the fact.
    """
    row = table[state]
    to = row.get(fact)
    if to is None:
        raise IllegalTransition(
            who=f"{what} {subject!r}",
            state=state.value,
            fact=fact.__name__,
            takes=[kind.__name__ for kind in row],
        )
    return to
