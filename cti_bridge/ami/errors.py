"""What can go wrong between us and Asterisk's manager interface (AMI)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cti_bridge.ami.protocol import Message


class AmiError(Exception):
    """Base of everything this package raises."""


# The peer's: close, say so, go on.


class FrameTooLong(AmiError):
    """Asterisk sent one message larger than we keep."""

    def __init__(
        self, size_bytes: int, limit_bytes: int, before: tuple[Message, ...] = ()
    ) -> None:
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes
        self.before = before
        """The messages that came whole before it with the same bytes."""
        super().__init__(
            f"ami: a message must end within {limit_bytes} bytes, "
            f"got {size_bytes} without an end; the link must be made anew"
        )


class NotAsterisk(AmiError):
    """Whoever listens there does not greet as Asterisk's manager does."""

    def __init__(self, greeting: bytes) -> None:
        self.greeting = greeting
        super().__init__(
            "ami: the peer should greet with 'Asterisk Call Manager/…', "
            f"got {greeting[:80]!r}; is another service on this port?"
        )


class HeaderMissing(AmiError):
    """A message lacks a header that was asked for."""

    def __init__(self, message: str, key: str) -> None:
        self.message = message
        self.key = key
        super().__init__(f"ami message {message!r}: it has no header {key!r}")


class ConnectionLost(AmiError):
    """The link is gone; what its pending actions came to is not known."""

    def __init__(self, peer: str, reason: str) -> None:
        self.peer = peer
        self.reason = reason
        super().__init__(f"asterisk at {peer}: the manager link is lost: {reason}")


class ActionTimedOut(AmiError):
    """Asterisk did not answer an action in its time; its outcome is not known."""

    def __init__(self, action: str, action_id: str, limit_s: float) -> None:
        self.action = action
        self.action_id = action_id
        self.limit_s = limit_s
        super().__init__(
            f"ami action {action} ({action_id}): no answer within {limit_s:g} s"
        )


class ActionFailed(AmiError):
    """Asterisk answered that it will not do an action."""

    def __init__(self, action: str, reason: str) -> None:
        self.action = action
        self.reason = reason
        super().__init__(f"ami action {action}: asterisk refused it: {reason!r}")


class TurnsFull(AmiError):
    """So many actions wait for their turn that no more may; nothing was sent."""

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        super().__init__(f"asterisk is behind: {waiting} actions wait for their turn")


class TurnNotCome(AmiError):
    """An action was given up before its turn came; nothing was sent."""

    def __init__(self, within_s: float) -> None:
        self.within_s = within_s
        super().__init__(f"asterisk is behind: no turn within {within_s:g} s")


class TooManyPending(AmiError):
    """More actions wait for an answer than the link may hold."""

    def __init__(self, action: str, pending: int) -> None:
        self.action = action
        self.pending = pending
        super().__init__(
            f"ami action {action}: {pending} actions already wait for an answer; "
            "asterisk is too slow or too much is asked"
        )


# The operator's: say it at start, and stop.


class LoginRefused(AmiError):
    """Asterisk does not know our account or its secret."""

    def __init__(self, peer: str, username: str, reason: str) -> None:
        self.peer = peer
        self.username = username
        self.reason = reason
        super().__init__(
            f"asterisk at {peer} refused login for {username!r}: {reason}; "
            f"see manager.conf [{username}]"
        )


class AccountOverpowered(AmiError):
    """Our account may do what would let a caller's text run programs."""

    def __init__(self, peer: str, username: str, classes: frozenset[str]) -> None:
        self.peer = peer
        self.username = username
        self.classes = classes
        super().__init__(
            f"asterisk at {peer}: account {username!r} should hold none of the write "
            f"classes system, command and config, got {', '.join(sorted(classes))}; "
            f"take them from write= in manager.conf [{username}]"
        )


# Ours: a bug, or text from outside where it must not go.


class ActionRefused(AmiError):
    """We will not write an action; nothing was sent."""

    def __init__(self, action: str, field: str, value: str, problem: str) -> None:
        self.action = action
        self.field = field
        """The field at fault, or "" when it is the action itself."""
        self.value = value
        self.problem = problem
        where = f"ami action {action!r}" + (f" → {field!r}" if field else "")
        found = f", got {value[:80]!r}" if field else ""
        super().__init__(f"{where}: {problem}{found}")
