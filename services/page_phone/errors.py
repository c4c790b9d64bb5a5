"""What can be wrong with a telephone in a page."""


class PagePhoneError(Exception):
    """Base of what goes wrong with a telephone in a page."""


class NotItsOwn(PagePhoneError):
    """A page says something over SIP that is not its own agent's to say."""

    def __init__(self, what: str) -> None:
        """Say what; never the text, which has a password's proof in it."""
        super().__init__(f"telephone in a page: {what}; it may speak for itself alone")
        self.what = what
