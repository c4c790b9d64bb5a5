"""What is told when an embedded server does not start."""

from pathlib import Path

from services.runtime.errors import RuntimeProblem


class NotStarted(RuntimeProblem):
    """A part did not come up; the last lines of its log say why."""

    def __init__(
        self, part: str, *, why: str, log: Path, ended_with: int | None = None
    ) -> None:
        """Keep the part, why it counts as not started, its log and its exit code."""
        self.part = part
        self.log = log
        self.ended_with = ended_with
        try:
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        last = "".join(f"\n  {line}" for line in lines[-8:])
        super().__init__(f"{part}: did not start, {why}; its log is {log}{last}")


class PartRefuses(RuntimeProblem):
    """A part will not run with what it was given; to start it again is no use."""

    exit_code = 2

    def __init__(self, part: str, sentence: str, *, log: Path) -> None:
        """Keep the part and its own sentence, which says what would do."""
        self.part = part
        self.sentence = sentence
        super().__init__(f"{part}: will not run: {sentence}; its log is {log}")


class ForeignCluster(RuntimeProblem):
    """The data folder was made by another version of PostgreSQL."""

    def __init__(self, folder: Path, *, made_by: str, running: int) -> None:
        """Keep the folder, the version that made it and the one at hand."""
        super().__init__(
            f"{folder}: was made by postgresql {made_by}, found postgresql {running};"
            f" install postgresql {made_by}, or move its data by pg_upgrade"
        )
