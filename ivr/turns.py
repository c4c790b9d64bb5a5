"""What comes to a walk of a flow, and what its line shall do next."""

from dataclasses import dataclass, field
from enum import StrEnum

from acd.vocabulary.ids import QueueId, SkillId
from ivr.sounds import Heard
from ivr.understanding.outcome import Said
from ivr.values import Values


class QuestionKind(StrEnum):
    """What another system is asked for."""

    LOOK_UP = "look_up"
    ORDER = "order"
    SMS = "sms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What another system is asked."""

    kind: QuestionKind
    name: str
    """The look-up or the kind of order; ``sms`` for a message."""
    arguments: Values
    """Of a message: ``to`` and ``text``."""


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
    after_ms: int | None = None
    """How much was played then, where the line tells; None leaves it to the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsCame:
    """The caller said something, while something was played or after it.

    Words that nothing is made of (a cough, our own prompt's echo) must not be told
    while something is played: they would cut it short.
    """

    said: tuple[Said, ...] = field(repr=False)
    """What was recognised, the likeliest first; it may be secret."""
    after_ms: int | None = None
    """How much was played when they began to count, where the line tells."""
    recogniser: str = ""
    """Whose words these are; empty for words that were typed."""
    took_ms: int = 0
    """How long they took to be recognised once the caller was quiet."""

    @classmethod
    def of(cls, text: str, confidence: float = 1.0) -> "WordsCame":
        """Return words that are sure, as those that are typed."""
        return cls(said=(Said(text, confidence),))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoKeyCame:
    """The time for a key is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Another system answered; for an order or a message: it is made."""

    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """Another system answered that there is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskFailed:
    """Another system did not answer, or what was asked of the line was not done."""

    detail: str
    """What failed, in words; nothing of the arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTaken:
    """The caller's message was taken down."""

    length_s: float
    key: str | None = None
    """The key that ended it; None for silence or the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsDue:
    """Who waits has waited for so long that something is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLeft:
    """The call is out of the line of its queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineKept:
    """The call stays in its line: an agent has answered already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLeft:
    """The line is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broke:
    """The line or a prompt failed, and the caller is still there."""

    detail: str
    """What failed, in words."""


Input = (
    Begun
    | Answered
    | Played
    | KeyCame
    | WordsCame
    | NoKeyCame
    | Found
    | NotFound
    | AskFailed
    | MessageTaken
    | WordsDue
    | LineLeft
    | LineKept
    | CallerLeft
    | Broke
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Take the call off the hook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Play sounds one after the other, until a key cuts them short."""

    sounds: tuple[Heard, ...]
    keys: str
    """Keys that cut it short; empty lets none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Wait for one key."""

    limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask another system, and let the caller hear that it takes its time."""

    question: Question
    due_s: float
    """By when the other system has answered, or has failed by its own limit."""
    limit_s: float
    """After it nobody waits any more, whatever the other system does."""
    waiting: tuple[Heard, ...]
    """Said when the answer takes its time, and again."""
    keys: str = ""
    """Keys that end the wait; empty lets none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Take down what the caller says."""

    name: str
    """Of the message, without folder and suffix; each only once."""
    limit_s: float
    keys: str
    """Keys that end it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Give the call to a queue; the walk is over."""

    queue_id: QueueId
    skills: frozenset[SkillId] = field(default_factory=frozenset)
    call_class: int | None = None
    """None leaves the number's."""
    keys: str = ""
    """Keys that mean something to who waits."""
    tells_each_s: int = 0
    """How often something is said to who waits; 0 never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveLine:
    """Take the waiting call out of its line, if no agent has answered it."""

    step: str
    """The queue's."""
    key: str
    """That leads out of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Let the caller wait on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End the call; the walk is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """Do nothing more: there is nobody on the line."""


Act = Answer | Say | Listen | Ask | Record | Queue | LeaveLine | Stay | HangUp | LetGo
