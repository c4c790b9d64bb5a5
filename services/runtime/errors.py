"""What the operator is told when something cannot be started or found."""

from pathlib import Path


class RuntimeProblem(Exception):
    """The start, or a command, cannot go on; its text says what would do.

    The command line prints the text to stderr and ends with ``exit_code``.
    """

    exit_code = 1


class NoInstance(RuntimeProblem):
    """No Tieline runs on the data folder that was asked for."""

    exit_code = 3

    def __init__(self, data: Path, *, found: str) -> None:
        """Keep the folder and what was found there instead."""
        self.data = data
        self.found = found
        super().__init__(
            f"{data}: no instance runs here, {found}; "
            "start one by ./tieline up, or name its folder by --data or TIELINE_DATA"
        )


class EngineRefused(RuntimeProblem):
    """The engine cannot start with what it was given."""

    exit_code = 2
