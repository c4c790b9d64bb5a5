"""What is told when a backup cannot be made, or must not be believed."""

from pathlib import Path

from services.runtime.errors import RuntimeProblem


class BackupProblem(RuntimeProblem):
    """A backup was not made, or not brought back; what was there before is there."""


class PlaceRefused(BackupProblem):
    """A folder that was named cannot be the place of a backup or of its return."""

    exit_code = 2

    def __init__(self, path: Path, *, found: str, would_do: str) -> None:
        """Keep the folder and what was found there."""
        self.path = path
        self.found = found
        super().__init__(f"{path}: cannot be used, {found}; {would_do}")


class BackupDamaged(BackupProblem):
    """A file of a backup is not what was written."""

    def __init__(self, path: Path, *, found: str) -> None:
        """Keep the file and what was found in its place."""
        self.path = path
        self.found = found
        super().__init__(
            f"{path}: is not what was backed up, {found}; nothing was restored, another"
            " backup would do"
        )


class DumpFailed(BackupProblem):
    """A program of PostgreSQL did not do what was asked; its last words are told."""

    def __init__(self, program: str, said: str) -> None:
        """Keep the program and what it said."""
        self.program = program
        super().__init__(
            f"{program}: could not do it, it said: {said or 'nothing'}; is the database"
            " running, and is it of the same major version or an older one?"
        )


class DatabaseNotEmpty(BackupProblem):
    """A database that a backup should fill has calls of its own."""

    exit_code = 2

    def __init__(self, where: str) -> None:
        """Keep where it is."""
        super().__init__(
            f"TIELINE_DATABASE__URL: the database at {where} has calls already, and a"
            " backup is not mixed with them; an empty database would do"
        )
