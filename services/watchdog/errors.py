"""What the watchdog is told when it cannot look."""


class WatchdogProblem(Exception):
    """A look, a call or an alarm could not be carried out; its text says why."""


class LinkAway(WatchdogProblem):
    """There is no link to Asterisk's manager, or it broke before the answer."""

    def __init__(self, during: str, why: str) -> None:
        """Keep what was asked."""
        self.during = during
        super().__init__(f"no answer to {during}: {why}")


class EngineSilent(WatchdogProblem):
    """The engine gave no answer over HTTP."""

    def __init__(self, path: str, why: str) -> None:
        """Keep what was asked."""
        self.path = path
        super().__init__(f"no answer to {path}: {why}")


class FieldRefused(WatchdogProblem):
    """A field of an action would become more than a field."""

    def __init__(self, name: str, found: object) -> None:
        """Keep the field's name and what was found in it."""
        self.name = name
        self.found = found
        super().__init__(
            f"ami field {name!r}: should be one line of at most 512 bytes without"
            f" control characters, found {found!r}"
        )


class AnswerUnusable(WatchdogProblem):
    """Something answered, but not as it should."""


class AlarmUndelivered(WatchdogProblem):
    """An alarm did not reach whom it is for."""
