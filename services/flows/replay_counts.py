"""Calls that were walked again, counted by what becomes of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.flows.gaps import Missing
from services.flows.replay import Change, Replayed

MOST_EXAMPLES = 5
MOST_KINDS = 200
"""Of changes that are told apart; flows have no more ways that anybody reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Calls whose way would change in one manner."""

    change: Change
    before: str
    """Where they ended."""
    after: str
    """Where they would."""
    parts_at: str
    """The last step that both ways have in common."""
    calls: int
    examples: tuple[str, ...]
    """Ids of some of them, the first ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """Calls of which the record does not tell enough, in one manner."""

    missing: Missing
    step: str
    """Where it was wanted; empty where it is about the whole call."""
    what: str
    calls: int
    parted: int
    """So many of them are on another way already when they come there."""
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What becomes of calls by other flows."""

    calls: int
    same: int
    changed: tuple[Changed, ...]
    """The most frequent first."""
    unsure: tuple[Unsure, ...]


def counted(replayed: Iterable[Replayed]) -> Counts:
    """Count what becomes of calls."""
    calls = same = 0
    changed: dict[tuple[str, ...], list[Replayed]] = {}
    unsure: dict[tuple[str, ...], list[Replayed]] = {}
    for one in replayed:
        calls += 1
        if one.unknown:
            it = one.unknown
            unsure.setdefault((it.missing, it.step, it.what), []).append(one)
        elif one.change is Change.SAME:
            same += 1
        else:
            key = (one.change.value, one.before, one.after, one.parts_at)
            changed.setdefault(key, []).append(one)
    return Counts(
        calls=calls,
        same=same,
        changed=tuple(sorted(map(_changed, changed.values()), key=_often))[:MOST_KINDS],
        unsure=tuple(sorted(map(_unsure, unsure.values()), key=_often))[:MOST_KINDS],
    )


def _often(one: Changed | Unsure) -> tuple[int, tuple[str, ...]]:
    return -one.calls, one.examples


def _changed(calls: list[Replayed]) -> Changed:
    first = calls[0]
    return Changed(
        change=first.change,
        before=first.before,
        after=first.after,
        parts_at=first.parts_at,
        calls=len(calls),
        examples=_examples(calls),
    )


def _unsure(calls: list[Replayed]) -> Unsure:
    unknown = calls[0].unknown
    if unknown is None:
        raise TypeError(f"call {calls[0].call_id!r}: is known")
    return Unsure(
        missing=unknown.missing,
        step=unknown.step,
        what=unknown.what,
        calls=len(calls),
        parted=sum(bool(one.parts_at) for one in calls),
        examples=_examples(calls),
    )


def _examples(calls: list[Replayed]) -> tuple[str, ...]:
    return tuple(one.call_id for one in calls[:MOST_EXAMPLES])
