"""What can go wrong with what is kept, in words."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.exc import DBAPIError


class StoreError(Exception):
    """The ground of all that goes wrong with what is kept."""


class JournalDamaged(StoreError):
    """A line in the middle of the journal is not what was written."""

    def __init__(self, path: Path, offset: int, why: str) -> None:
        """Say where and why."""
        super().__init__(
            f"{path}: byte {offset}: {why}; entries after it are read, this one is lost"
        )
        self.path = path
        self.offset = offset
        self.why = why


class JournalInUse(StoreError):
    """Another process writes this journal."""

    def __init__(self, folder: Path) -> None:
        """Say which."""
        super().__init__(
            f"{folder}: another process writes this journal; is Tieline running there?"
        )
        self.folder = folder


class JournalClosed(StoreError):
    """An entry was awaited that will never be on disk."""

    def __init__(self, seq: int) -> None:
        """Say which."""
        super().__init__(f"journal: closed before entry {seq} was on disk")
        self.seq = seq


class SchemaUnknown(StoreError):
    """The database was made by another release than this one."""

    def __init__(self, found: str) -> None:
        """Say which schema was found."""
        super().__init__(
            f"database: its schema is {found!r}, which this release does not know; "
            "was it made by a newer release?"
        )
        self.found = found


class ServerUnfit(StoreError):
    """The database's server lacks what the schema needs."""

    def __init__(self, why: str, *, would_do: str) -> None:
        """Say what, and what would do."""
        super().__init__(f"database: {why}; {would_do}")
        self.why = why


class ShippedElsewhere(StoreError):
    """The position in the database is not where this shipper left it."""

    def __init__(self, journal_id: str, *, expected: int, found: int | None) -> None:
        """Say both positions."""
        super().__init__(
            f"journal {journal_id}: shipped up to {found} by somebody else, "
            f"expected {expected}; is a second engine running on this journal?"
        )
        self.journal_id = journal_id
        self.expected = expected
        self.found = found


class DatabaseAway(StoreError):
    """A question could not be put to the database."""

    def __init__(self, why: str) -> None:
        """Say why."""
        super().__init__(
            f"database: cannot be asked: {why}; calls go on, records wait in the "
            "journal"
        )
        self.why = why


class AuditBroken(StoreError):
    """The audit is not what was written."""

    def __init__(self, seq: int, why: str) -> None:
        """Say from which row on it is not to be believed, and why."""
        super().__init__(
            f"audit: row {seq}: {why}; what stands from there on is not to be "
            "believed, compare it with the copy of a backup"
        )
        self.seq = seq
        self.why = why


class RoleOverpowered(StoreError):
    """A role may do more to the server than Tieline ever needs."""

    def __init__(self, name: str, powers: Sequence[str]) -> None:
        """Say which role, and what it may do."""
        super().__init__(
            f"role {name!r} {', '.join(powers)}; give one that owns its database and "
            "nothing else (CREATE ROLE tieline LOGIN; CREATE DATABASE … OWNER tieline)"
        )
        self.name = name
        self.powers = tuple(powers)


def in_its_words(error: BaseException) -> str:
    """Return what the database said, or why nothing was heard of it, in one line."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        # Below SQLAlchemy's words are the database's own.
        error = error.orig.__cause__ or error.orig
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    return str(error).partition("\n")[0] or type(error).__name__
