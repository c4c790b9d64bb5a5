"""Why a conversation has no recording, in words for its record."""

from pathlib import Path


class RecordingError(Exception):
    """The ground of all that keeps a recording from its place."""


class UnsafeName(RecordingError):
    """An id cannot be part of a file's name."""

    def __init__(self, found: str) -> None:
        """Say what was found."""
        super().__init__(f"recording: {found!r} is no id; it should be a UUID")
        self.found = found


class NothingRecorded(RecordingError):
    """There is no file where Asterisk should have written one, or it is empty."""

    def __init__(self, call_id: str, path: Path, *, is_there: bool) -> None:
        """Say what was found."""
        found = "file is 0 bytes after stop" if is_there else "there is no file"
        super().__init__(
            f"recording of call {call_id}: {found}; "
            f"is {path.parent} writable by asterisk, and its disk not full?"
        )
        self.call_id = call_id
        self.path = path


class NeverStill(RecordingError):
    """A file goes on growing after the conversation ended."""

    def __init__(self, call_id: str, path: Path, *, waited_s: float) -> None:
        """Say how long it was waited for."""
        super().__init__(
            f"recording of call {call_id}: {path} still grows {waited_s:.0f} s after "
            "the end; it is left where it is"
        )
        self.call_id = call_id
        self.path = path
        self.waited_s = waited_s


class StoreRefused(RecordingError):
    """The store's disk refused."""

    def __init__(self, call_id: str, path: Path, folder: Path, why: str) -> None:
        """Say why, and where the sound is meanwhile."""
        super().__init__(
            f"recording of call {call_id}: cannot be stored in {folder}: {why}; "
            f"it is left at {path}"
        )
        self.call_id = call_id
        self.path = path
        self.folder = folder
        self.why = why
