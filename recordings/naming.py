"""What recordings are called, before and after they are stored."""

import re
from datetime import datetime
from pathlib import PurePosixPath

from acd.vocabulary.decisions import StoreRecording
from acd.vocabulary.ids import CallId, OfferId
from recordings.errors import UnsafeName

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def spool_name(call_id: CallId, offer_id: OfferId) -> str:
    """Return the file that dialplans/extensions.conf [cc-offer] has written.

    Raises:
        UnsafeName: One of the ids is no UUID, so it may not be in a path.
    """
    return f"{_safe(call_id)}_{_safe(offer_id)}.raw"


def parse_spool_name(name: str) -> StoreRecording | None:
    """Return whose recording a file in the spool is, or None for another file."""
    call_id, _, rest = name.partition("_")
    offer_id, _, suffix = rest.partition(".")
    if suffix != "raw" or not _UUID.fullmatch(call_id) or not _UUID.fullmatch(offer_id):
        return None
    return StoreRecording(call_id=CallId(call_id), offer_id=OfferId(offer_id))


def final_path(call_id: CallId, offer_id: OfferId, at: datetime) -> PurePosixPath:
    """Return where a recording is kept, below the recordings folder.

    Args:
        call_id: The call.
        offer_id: The offer by which the agent got it.
        at: When the conversation was over, in the zone that days are counted in.

    Raises:
        UnsafeName: One of the ids is no UUID, so it may not be in a path.
    """
    name = f"{_safe(call_id)}.{_safe(offer_id)}.wav"
    return PurePosixPath(at.strftime("%Y/%m/%d")) / name


def _safe(name: str) -> str:
    if not _UUID.fullmatch(name):
        raise UnsafeName(name)
    return name
