"""Why somebody is turned away, in words that tell a stranger nothing."""


class PeopleError(Exception):
    """The ground of all that ``services.people`` refuses."""


class NotLoggedIn(PeopleError):
    """Nobody is known by what was sent along."""

    def __init__(self) -> None:
        """Say what would do."""
        super().__init__(
            "log-in: needed, or a token; POST /session logs in, programs send"
            " Authorization: Bearer and a token, as that of the file which"
            " up --json names as token_file"
        )


class WrongLogIn(PeopleError):
    """Name and password do not belong together; which of them is wrong is not told."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("log-in: name or password is wrong")


class TooManyTries(PeopleError):
    """Somebody tries passwords, or mistypes often."""

    def __init__(self, wait_s: float) -> None:
        """Say for how long no try is looked at."""
        self.wait_s = max(1, round(wait_s))
        super().__init__(
            f"log-in: too many tries; the next is looked at in {self.wait_s} s"
        )


class TooManyAtOnce(PeopleError):
    """More log in at this moment than can be looked at."""

    def __init__(self) -> None:
        """Say what would do."""
        super().__init__("log-in: many log in at this moment; try again in seconds")


class PasswordUnfit(PeopleError):
    """A password would be too easily found."""

    def __init__(self, why: str) -> None:
        """Say what is wrong with it, never what it is."""
        self.why = why
        super().__init__(f"password: {why}")


class NoRight(PeopleError):
    """Somebody is known and may not."""

    def __init__(self, right: str, why: str) -> None:
        """Say which right is missing."""
        self.right = right
        super().__init__(f"right: {why}")


class PeopleUnread(PeopleError):
    """Who there is was not read from the database yet."""

    def __init__(self) -> None:
        """Say what goes on meanwhile."""
        super().__init__(
            "people: not read yet, the database does not answer; calls go on, ask again"
            " shortly"
        )


class UnknownPerson(PeopleError):
    """Nobody is called so."""

    def __init__(self, name: str) -> None:
        """Say how."""
        self.name = name
        super().__init__(f"person {name!r}: nobody is called so; GET /people lists all")


class PersonKnown(PeopleError):
    """Somebody is called so already."""

    def __init__(self, name: str) -> None:
        """Say how."""
        self.name = name
        super().__init__(f"person {name!r}: there is one of that name; choose another")


class NotForPrograms(PeopleError):
    """A program was given a password."""

    def __init__(self, name: str) -> None:
        """Say who."""
        self.name = name
        super().__init__(f"person {name!r}: is a program, which has a token alone")
