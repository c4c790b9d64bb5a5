"""One caller's walk through flows without a telephone, a turn at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.flow_facts import StepEntered
from acd.vocabulary.ids import CallId
from ivr.flow_set import FlowSet
from ivr.machine import take
from ivr.sounds import Either, Heard, Spoken
from ivr.turns import (
    Act,
    Answer,
    Answered,
    Begun,
    HangUp,
    Input,
    LetGo,
    Listen,
    NoKeyCame,
    Played,
    Queue,
    Say,
    Stay,
)
from ivr.values import Values
from ivr.walk import Phase, Walk, fresh_walk

SAID_S = 0.25
"""How long a letter takes, about: Mandarin has four to the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One act, and what came of it."""

    after: int
    """How many facts had been told before it."""
    act: Act
    came: Input


@dataclass(slots=True, kw_only=True)
class Walking:
    """A caller on the way; whoever drives it says what comes of each act."""

    flow_set: FlowSet
    flow: str
    """The name of the one to begin with."""
    at: datetime
    """The clock, which goes on with what is said and waited for."""
    call_id: CallId
    values: Values = field(default_factory=dict)
    """What is known already, such as ``caller``."""
    around: Values = field(default_factory=dict)
    """What is so in the world; the clock need not be told."""
    heard: list[str] = field(default_factory=list)
    """Every text that was said; of a recorded file, its name."""
    facts: list[FlowFact] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    """Every act so far, with what came of it."""
    act: Act = field(default_factory=Answer)
    """What the line shall do next."""
    _walk: Walk = field(init=False)
    _queue: Queue | None = None

    def __post_init__(self) -> None:
        """Take the call off the hook, up to the first thing that is said."""
        flow = self.flow_set.flows[self.flow]
        self._walk = fresh_walk(flow, self.call_id, self.values)
        self.come(Begun())
        self.come(Answered())

    @property
    def is_over(self) -> bool:
        """Return whether no line is needed any more."""
        return isinstance(self.act, Queue | Stay | HangUp | LetGo)

    @property
    def waits(self) -> bool:
        """Return whether the caller waits where keys mean something."""
        return self.is_over and self._walk.phase is Phase.WAITING

    @property
    def keys_in_line(self) -> str:
        """Return the keys that Asterisk takes of who waits; it tells of no others."""
        return self._queue.keys if self.waits and self._queue else ""

    @property
    def steps(self) -> list[str]:
        """Return the steps on the way, in order; of another flow with its name."""
        return [
            it.step if it.flow == self.flow else f"{it.flow}.{it.step}"
            for it in self.facts
            if isinstance(it, StepEntered)
        ]

    @property
    def end(self) -> str:
        """Return where it ended: a queue, ``hang up``, ``left``; empty before."""
        match self.act:
            case Queue(queue_id=queue_id):
                return f"queue {queue_id}"
            case Stay() if self._queue:
                return f"queue {self._queue.queue_id}"
            case HangUp():
                return "hang up"
            case LetGo():
                return "left"
            case _:
                return ""

    def come(self, came: Input) -> None:
        """Take in what came of the act, and hear what is said next."""
        self._pass(came)
        self.taken.append(Taken(after=len(self.facts), act=self.act, came=came))
        around = {**clock(self.at), **self.around}
        turn = take(self.flow_set, self._walk, came, self.at, around)
        self._walk, self.act = turn.walk, turn.act
        self.facts += turn.facts
        if isinstance(self.act, Queue):
            self._queue = self.act
        if isinstance(self.act, Say):
            self.heard += words_of(self.act.sounds)

    def _pass(self, came: Input) -> None:
        """Let the time pass that the act took."""
        match self.act, came:
            case Say(sounds=sounds), Played():
                letters = sum(map(len, words_of(sounds)))
                self.at += timedelta(seconds=SAID_S * letters)
            case Listen(limit_s=limit_s), NoKeyCame():
                self.at += timedelta(seconds=limit_s)
            case _:
                pass


def clock(at: datetime) -> Values:
    """Return what flows know of an instant, as they do on a real call."""
    return {
        "now": at,
        "now.hour": at.hour,
        "now.minute": at.minute,
        "now.weekday": at.isoweekday(),
    }


def words_of(sounds: Sequence[Heard]) -> list[str]:
    """Return what is heard of sounds, one text for those said in one breath."""
    return ["".join(_words(sounds))] if sounds else []


def _words(sounds: Sequence[Heard]) -> Iterator[str]:
    for sound in sounds:
        match sound:
            case Spoken(text=text):
                yield text
            case Either(otherwise=otherwise) if otherwise:
                yield from _words(otherwise)
            case Either(recorded=recorded):
                yield recorded.name
            case _:
                yield sound.name
