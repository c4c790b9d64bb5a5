"""Why a part cannot be had."""

from pathlib import Path

from services.runtime.errors import RuntimeProblem


class PartUnavailable(RuntimeProblem):
    """A part is neither on the machine nor can it be fetched."""

    def __init__(self, part: str, *, why: str, would_do: str) -> None:
        """Keep which part, why it cannot be had, and what would do."""
        self.part = part
        self.why = why
        super().__init__(f"{part}: {why}; {would_do}")


class PartRefused(RuntimeProblem):
    """The settings name a program that will not do."""

    exit_code = 2

    def __init__(self, variable: str, *, binary: Path, why: str) -> None:
        """Keep the variable, the program it names and why it will not do."""
        self.variable = variable
        self.binary = binary
        super().__init__(
            f"{variable}: {why}, got {str(binary)!r};"
            " name another, or unset it to have one found or fetched"
        )
