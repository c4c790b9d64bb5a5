"""A case as a caller plays it on a telephone: what is done when, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass

from acd.vocabulary.facts import FlowFact
from ivr.sounds import Heard
from ivr.turns import (
    CallerLeft,
    KeyCame,
    Listen,
    MessageTaken,
    Queue,
    Record,
    Say,
    Stay,
)
from services.flows.cases import Ran


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Press a key."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak:
    """Say something after the tone, for so long, then press the key that ends it."""

    length_s: float
    end_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Hang up."""


Move = Press | Speak | Leave


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a caller does on the way of a case."""

    facts: tuple[FlowFact, ...]
    """What the call must tell, in this order."""
    moves: Mapping[int, Move]
    """What is done when so many of the facts were told."""
    said: tuple[tuple[Heard, ...], ...]
    """What is heard, in the order of its saying."""
    end: str
    """Where it ends, as a case names it."""


SPEAK_S = 4.0
"""Long enough for a message, which may begin late."""


def script_of(ran: Ran) -> Script:
    """Return how a case that was walked is played."""
    walking = ran.walking
    moves: dict[int, Move] = {}
    for taken in walking.taken:
        match taken.act, taken.came:
            case ((Listen() | Queue() | Stay()), KeyCame(key=key)):
                moves[taken.after] = Press(key=key)
            case ((Listen() | Queue() | Stay()), CallerLeft()):
                moves[taken.after] = Leave()
            case Record(keys=keys), MessageTaken():
                moves[taken.after] = Speak(length_s=SPEAK_S, end_key=keys[0])
            case _:
                """The line does it, or nothing is done."""
    return Script(
        facts=tuple(walking.facts),
        moves=moves,
        said=tuple(
            taken.act.sounds
            for taken in walking.taken
            if isinstance(taken.act, Say) and taken.act.sounds
        ),
        end=walking.end,
    )
