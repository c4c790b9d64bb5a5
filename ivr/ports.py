"""What the walk of a flow needs: a caller's line, and systems that it may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ivr.turns import AskFailed, Found, NotFound, Question
from ivr.understanding.grammar import Grammar
from ivr.understanding.outcome import Said


class CallerGone(Exception):
    """The line left this walk: nothing more can be played to it or heard from it.

    It is how a walk ends early, not a fault. It is no proof of a hang-up either: a
    call that was moved elsewhere leaves the walk in the same way, so only Asterisk's
    own word about the leg (AMI ``Hangup``) ends a call.
    """

    def __init__(self, call_id: str, during: str) -> None:
        self.call_id = call_id
        """The call's uuid, or "" when the line left before it was known."""
        self.during = during
        """What was being done, such as ``play 'welcome'``."""
        super().__init__(f"call {call_id!r}: the line is gone during {during}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a caller said, as it was taken down."""

    length_s: float
    key: str | None
    """The key that ended it; None for silence or the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What a caller who waits can do, and is told; written on the leg."""

    keys: str
    """Keys that mean something."""
    each_s: int
    """How often something is said; 0 never."""
    walk: str
    """Where the walk stands: by that a later process goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """By what a caller's speech is listened to."""

    recogniser: Recogniser
    grammar: Grammar
    fits: Callable[[tuple[Said, ...]], bool]
    """Whether words are something that is asked: only such cut a prompt short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHeard:
    """The caller pressed a key."""

    key: str
    after_ms: int | None = None
    """How much of the sounds was heard; None to their end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsSpoken:
    """The caller said something and has finished."""

    said: tuple[Said, ...] = field(repr=False)
    """The likeliest first; it may be secret."""
    after_ms: int | None = None
    """How much of the sounds was heard; None to their end."""
    took_ms: int = 0
    """From the last loud moment to the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingHeard:
    """The sounds were played and the time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingBroke:
    """Nobody listens to words any more; the line is whole, and goes on by keys."""

    detail: str
    """What broke, in words."""
    played: int
    """How many of the sounds were heard to their end."""
    left_s: float
    """What is left of the time to wait."""
    was_spoken: bool = False
    """Whether the caller had said something by then, behind the prompt."""


Heard = KeyHeard | WordsSpoken | NothingHeard | HearingBroke


class Line(Protocol):
    """One caller's line while a flow has it.

    Every method raises CallerGone once the line is gone. One thing at a time: the
    methods must not overlap.
    """

    async def answer(self) -> None:
        """Take the call, so that the caller pays and hears; again is harmless."""

    async def play(self, sound: str, keys: str) -> str | None:
        """Play one sound to its end, or until one of ``keys`` is pressed.

        Args:
            sound: The sound's name or absolute path, without its suffix.
            keys: Keys of ``0123456789*#`` that interrupt; "" lets none interrupt.

        Returns:
            The key that interrupted, or None when the sound ended by itself or is
            missing (which is logged, never told to the caller).
        """

    async def listen(self, limit_s: float) -> str | None:
        """Wait for one key.

        Args:
            limit_s: How long to wait, in seconds.

        Returns:
            The key, one of ``0123456789*#``, or None when none came in time.
        """

    async def hear(
        self, sounds: Sequence[str], keys: str, limit_s: float, *, ears: Ears
    ) -> Heard:
        """Play sounds one after the other, then wait, and hear words and keys.

        What is begun goes on from one call of this to the next: a key pressed, or a
        phrase begun, in between is not lost.

        Args:
            sounds: As ``play`` takes them; may be none.
            keys: Keys that cut the sounds short; after them every key counts.
            limit_s: How long to wait after the sounds; 0 not at all. Who is still
                speaking then is heard to the end.
            ears: Who listens. Words that fit cut the sounds short; others do not.

        Returns:
            What came first. Nothing that a recogniser does makes it raise.
        """

    async def record(self, name: str, limit_s: float, keys: str) -> Message:
        """Take down what the caller says, after a tone.

        Args:
            name: Of the message, as ``<call id>-<number>``; each only once.
            limit_s: How long it may be, in seconds; silence ends it earlier.
            keys: Keys of ``0123456789*#`` that end it.

        Raises:
            Exception: It could not be taken down; the line may be used on.
        """

    async def wait_in_queue(
        self,
        queue_id: str,
        skills: frozenset[str],
        call_class: int | None = None,
        *,
        asks: Asks | None = None,
    ) -> None:
        """Give the call to the waiting context and let go of the line.

        The line must not be used afterwards. What was given is written on the leg
        (``CC_QUEUE``, ``CC_SKILLS``, ``CC_CLASS``), so that it outlives this process.

        Args:
            queue_id: The queue to wait in.
            skills: What the agent must be able to do; may be empty.
            call_class: From 0 to 20, who goes first; None leaves the number's.
            asks: What happens to the caller meanwhile; None: nothing.
        """

    async def leave_line(self) -> None:
        """Note on the leg that the caller waits no more, and is in a flow again."""

    async def hang_up(self) -> None:
        """Give the call to the ending context and let go of the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What a recogniser makes of a caller's speech so far."""

    said: tuple[Said, ...]
    """The likeliest first, each with its confidence; empty where there was none."""
    is_final: bool
    """Whether the caller has finished; what comes before may still change."""


class Recogniser(Protocol):
    """Turns the speech of one caller into words; a further one is one file.

    What is heard is given to the walk as ``WordsCame``. While a prompt is played only
    what fits the grammar of ``ivr.grammars.grammar_of`` may cut it short.
    """

    def hear(
        self, sound: AsyncIterator[bytes], grammar: Grammar, deadline_s: float
    ) -> AsyncIterator[Recognised]:
        """Yield what is heard, partial results first, the final one last.

        Args:
            sound: Of the caller alone: 8 kHz, 16 bits, signed, one channel.
            grammar: What may be said; ``phrases()`` are those to listen for.
            deadline_s: After it whatever was heard is final; nothing heard is empty.

        Raises:
            Exception: It broke; the caller goes on by keys.
        """


class BackOffice(Protocol):
    """Other systems that know of customers, make orders and send messages."""

    async def ask(
        self, call_id: str, question: Question
    ) -> Found | NotFound | AskFailed:
        """Ask one question.

        It may take its time: who asks stops waiting at a limit and cancels it. What
        it raises is taken for a failure.

        Args:
            call_id: The call it is asked for, for what others write down of it.
            question: What is asked. Secrets in it must not be written anywhere.
        """


class NoBackOffice:
    """Stands for other systems where there are none: every question fails."""

    async def ask(self, call_id: str, question: Question) -> AskFailed:
        """Fail; see ``BackOffice``."""
        return AskFailed(detail=f"nothing is there to ask for {question.name!r}")
