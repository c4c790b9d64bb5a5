"""Why a value cannot be said."""

from ivr.problems import IvrError
from ivr.values import Form, Value


class CannotBeSpoken(IvrError):
    """A value that has no words in the form asked for.

    Its message never holds the value, which may be the caller's own.
    """

    def __init__(self, form: Form, why: str) -> None:
        """Say which form, what was found and what would do."""
        super().__init__(f"value as {form.value}: {why}")
        self.form = form
        self.why = why


def kind_of(value: Value) -> str:
    """Return what a value is, without telling it."""
    match value:
        case None:
            return "nothing"
        case str():
            return f"a text of {len(value)} characters"
        case _:
            return f"a {type(value).__name__.lower()}"
