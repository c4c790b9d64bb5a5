"""What became of the sound of a conversation."""

from dataclasses import dataclass

from acd.vocabulary.fact import FactOf
from acd.vocabulary.ids import CallId, OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStored(FactOf):
    """The recording of one conversation is complete and in its place."""

    call_id: CallId
    offer_id: OfferId
    path: str
    """Below the recordings folder."""
    sha256: str
    size_bytes: int
    length_s: float
    channels: int
    """2: caller left, agent right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingMissing(FactOf):
    """There should be a recording and there is none, or nothing in it."""

    call_id: CallId
    offer_id: OfferId
    reason: str
    """A sentence: what was found, and what would do."""
