"""What comes to a walk of a flow, and what its line shall do next."""

from dataclasses import dataclass, field

from acd.vocabulary.ids import QueueId, SkillId
from ivr.flow import Sound


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The caller's line is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The call was taken off the hook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """Everything was played to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCame:
    """The caller pressed a key, while something was played or after it."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoKeyCame:
    """The time for a key is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLeft:
    """The line is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broke:
    """The line or a prompt failed, and the caller is still there."""

    detail: str
    """What failed, in words."""


Input = Begun | Answered | Played | KeyCame | NoKeyCame | CallerLeft | Broke


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Take the call off the hook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Play sounds one after the other, until a key cuts them short."""

    sounds: tuple[Sound, ...]
    keys: str
    """Keys that cut it short; empty lets none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Wait for one key."""

    limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Give the call to a queue; the walk is over."""

    queue_id: QueueId
    skills: frozenset[SkillId] = field(default_factory=frozenset)
    call_class: int | None = None
    """None leaves the number's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End the call; the walk is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """Do nothing more: there is nobody on the line."""


Act = Answer | Say | Listen | Queue | HangUp | LetGo
