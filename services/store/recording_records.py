"""What became of the sound of conversations, as rows."""

from acd.vocabulary.ids import OfferId
from acd.vocabulary.recording_facts import RecordingMissing, RecordingStored
from services.store.changes import RowChanges


def stored(changes: RowChanges, fact: RecordingStored, _seq: int) -> None:
    """A recording is in its place."""
    _recording(
        changes,
        fact,
        path=fact.path,
        sha256=fact.sha256,
        size_bytes=fact.size_bytes,
        length_s=fact.length_s,
        channels=fact.channels,
    )


def missing(changes: RowChanges, fact: RecordingMissing, _seq: int) -> None:
    """There is none, and why."""
    _recording(changes, fact, missing_reason=fact.reason)


def _recording(
    changes: RowChanges, fact: RecordingStored | RecordingMissing, **values: object
) -> None:
    key: tuple[OfferId] = (fact.offer_id,)
    changes.put("recordings", key, fact.place, call_id=fact.call_id, **values)
