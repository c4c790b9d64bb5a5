"""Why a question to the utility has no answer, each in words for the record."""


class UtilityProblem(Exception):
    """A question was not answered; its text says why, and nothing of the question."""

    is_the_utilitys = True
    """Whether the utility as a whole is to be left alone after some of these."""


class Unreachable(UtilityProblem):
    """There is no connection, or it broke."""


class TooSlow(UtilityProblem):
    """The whole answer was not there in time."""

    def __init__(self, limit_s: float) -> None:
        """Keep the time that was given."""
        self.limit_s = limit_s
        super().__init__(f"no whole answer within {limit_s:g} s")


class TooLarge(UtilityProblem):
    """An answer is longer than anything that a caller can be told."""

    def __init__(self, most_bytes: int) -> None:
        """Keep the bound."""
        self.most_bytes = most_bytes
        super().__init__(f"an answer of more than {most_bytes} bytes")


class AnswerUnusable(UtilityProblem):
    """Something answered, but not as it should."""


class Refusal(UtilityProblem):
    """The utility answered that this question is wrong; others may be right."""

    is_the_utilitys = False


class WrongFields(UtilityProblem):
    """An answer does not have what was declared of it; other answers may."""

    is_the_utilitys = False


class AddressRefused(UtilityProblem):
    """The utility's name stands for an address that nobody here may talk to."""


class NotAsked(UtilityProblem):
    """The utility is left alone for a while, since it failed again and again."""

    is_the_utilitys = False

    def __init__(self, rests_s: float) -> None:
        """Keep how long it is still left alone."""
        self.rests_s = rests_s
        super().__init__(
            "not asked, since it failed again and again; asked again in "
            f"{rests_s:.0f} s"
        )
