"""What the walk of a flow needs of a caller's line, whoever carries the voice."""

from __future__ import annotations

from typing import Protocol


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

    async def wait_in_queue(
        self, queue_id: str, skills: frozenset[str], call_class: int | None = None
    ) -> None:
        """Give the call to the waiting context and let go of the line.

        The line must not be used afterwards. What was given is written on the leg
        (``CC_QUEUE``, ``CC_SKILLS``, ``CC_CLASS``), so that it outlives this process.

        Args:
            queue_id: The queue to wait in.
            skills: What the agent must be able to do; may be empty.
            call_class: From 0 to 20, who goes first; None leaves the number's.
        """

    async def hang_up(self) -> None:
        """Give the call to the ending context and let go of the line."""
