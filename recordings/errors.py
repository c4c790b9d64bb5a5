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


class SealError(RecordingError):
    """The ground of all that keeps a sealed recording from being heard."""


class CaseUnknown(SealError):
    """There is no key for the case of a call."""

    def __init__(self, call_id: str, path: Path) -> None:
        """Say where it should be."""
        super().__init__(
            f"key of call {call_id}: there is none at {path}; a backup of the "
            "recordings brings it back, if it holds one"
        )
        self.call_id = call_id
        self.path = path


class CaseShredded(SealError):
    """The key of a case was destroyed on purpose; its sound is gone for good."""

    def __init__(self, call_id: str, *, at: str, by: str, reason: str) -> None:
        """Say when, by whom and why."""
        super().__init__(
            f"recording of call {call_id}: was shredded at {at} by {by!r}, {reason!r};"
            " it cannot be heard any more"
        )
        self.call_id = call_id
        self.at = at
        self.by = by
        self.reason = reason


class CaseHeld(SealError):
    """A case is kept by a hold, and was to be shredded."""

    def __init__(self, call_id: str, *, by: str, reason: str) -> None:
        """Say who holds it and why."""
        super().__init__(
            f"case of call {call_id}: is held by {by!r}, {reason!r}; "
            f"./tieline recordings release {call_id} ends that"
        )
        self.call_id = call_id
        self.by = by
        self.reason = reason


class CaseDamaged(SealError):
    """The key file of a case is not what was written."""

    def __init__(self, call_id: str, path: Path, found: str) -> None:
        """Say what was found."""
        super().__init__(
            f"key of call {call_id}: {path} is not what was written, {found}; "
            "put back the one of a backup"
        )
        self.call_id = call_id
        self.path = path
        self.found = found


class MasterKeyMissing(SealError):
    """A master key that wraps keys of cases is not there."""

    def __init__(self, path: Path, why: str) -> None:
        """Say where it should be, and what needs it."""
        super().__init__(
            f"{path}: there is no such master key, {why}; put it back from where its "
            "copy is kept"
        )
        self.path = path


class MasterKeyWrong(SealError):
    """A master key is there, but another one than that which was used."""

    def __init__(self, path: Path, found: str) -> None:
        """Say which file, and what is wrong with it."""
        super().__init__(
            f"{path}: is not the master key that was there, {found}; put back the "
            "right one"
        )
        self.path = path
        self.found = found


class MasterKeyOpen(SealError):
    """A master key may be read by others than its owner."""

    def __init__(self, path: Path, mode: int) -> None:
        """Say how it was found."""
        super().__init__(
            f"{path}: is open to others, mode {mode:04o}; chmod 600 {path} would do, "
            "and ./tieline recordings rotate-keys if others read it"
        )
        self.path = path
        self.mode = mode


class NotSealed(SealError):
    """A file is no sealed recording."""

    def __init__(self, path: Path, found: bytes) -> None:
        """Say how it begins."""
        super().__init__(
            f"{path}: is no sealed recording, it begins with {found!r}; put back the "
            "one of a backup"
        )
        self.path = path


class KeyOfAnother(SealError):
    """A recording was sealed by another key than its case has."""

    def __init__(self, path: Path) -> None:
        """Say which."""
        super().__init__(
            f"{path}: was sealed by another key than its case has; are recordings and "
            "their keys of the same backup?"
        )
        self.path = path


class SoundCut(SealError):
    """The end of a sealed recording is missing."""

    def __init__(self, path: Path, *, found_bytes: int) -> None:
        """Say how long it is."""
        super().__init__(
            f"{path}: is cut, its end is not there, found {found_bytes} bytes; put "
            "back the one of a backup"
        )
        self.path = path
        self.found_bytes = found_bytes


class SoundChanged(SealError):
    """A sealed recording is not what was written."""

    def __init__(self, path: Path, *, chunk: int, is_last: bool) -> None:
        """Say where."""
        found = "or cut " if is_last else ""
        super().__init__(
            f"{path}: was changed {found}in chunk {chunk}, it is not what was sealed; "
            "put back the one of a backup"
        )
        self.path = path
        self.chunk = chunk


class NoRecording(SealError):
    """There is no file where a recording should be."""

    def __init__(self, call_id: str, offer_id: str) -> None:
        """Say of which conversation."""
        super().__init__(
            f"recording of call {call_id}, offer {offer_id}: there is no file; a "
            "backup of the recordings brings it back, if it holds one"
        )
        self.call_id = call_id
        self.offer_id = offer_id
