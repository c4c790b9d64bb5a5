"""What can go wrong between us and a call that Asterisk lends us (FastAGI)."""

from __future__ import annotations


class AgiError(Exception):
    """Base of everything this package raises."""


class SessionEnded(AgiError):
    """Asterisk closed the session, or wrote what no Asterisk writes."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"agi session: {reason}")


class BlockTooLong(SessionEnded):
    """Asterisk wrote more without an end than it ever does."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(f"more than {limit_bytes} bytes without an end")


class HeadersRefused(AgiError):
    """What began the session is no request of Asterisk's."""

    def __init__(self, problem: str, found: bytes = b"") -> None:
        self.problem = problem
        self.found = found
        got = f", got {found[:80]!r}" if found else ""
        super().__init__(f"agi request: {problem}{got}; is another client connecting?")


class ReplyTimedOut(AgiError):
    """Asterisk did not answer a command in its time."""

    def __init__(self, command: str, limit_s: float) -> None:
        self.command = command
        self.limit_s = limit_s
        super().__init__(f"agi command {command}: no answer within {limit_s:g} s")


class CommandFailed(AgiError):
    """Asterisk does not know a command, or not in this form."""

    def __init__(self, command: str, code: int, text: str) -> None:
        self.command = command
        self.code = code
        self.text = text
        super().__init__(f"agi command {command}: asterisk refused it: {code} {text!r}")


class TextRefused(AgiError):
    """We will not write a command; nothing was sent."""

    def __init__(self, command: str, value: str, problem: str) -> None:
        self.command = command
        self.value = value
        self.problem = problem
        super().__init__(f"agi command {command}: {problem}, got {value[:80]!r}")


class ArrivalUnusable(AgiError):
    """A call came to the engine without what the dialplan gives every call."""

    def __init__(self, variable: str, value: str) -> None:
        self.variable = variable
        self.value = value
        super().__init__(
            f"agi session: variable {variable} must be set by the dialplan before "
            f"AGI(), got {value[:80]!r}; see dialplans/extensions.conf [cc-in]"
        )
