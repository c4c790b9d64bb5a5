"""What recordings are called, before and after they are stored."""

import re
from datetime import datetime
from pathlib import PurePosixPath

from acd.vocabulary.decisions import StoreRecording
from acd.vocabulary.ids import CallId, OfferId
from recordings.errors import UnsafeName

SUFFIX = ".wav.sealed"
PLAIN_SUFFIX = ".wav"
"""Of recordings that a release before sealing kept."""
_SUFFIXES = (SUFFIX[1:], PLAIN_SUFFIX[1:])
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def spool_name(call_id: CallId, offer_id: OfferId) -> str:
    """Return the file that dialplans/extensions.conf [cc-offer] has written.

    Raises:
        UnsafeName: One of the ids is no UUID, so it may not be in a path.
    """
    return f"{safe_id(call_id)}_{safe_id(offer_id)}.raw"


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
    name = f"{safe_id(call_id)}.{safe_id(offer_id)}{SUFFIX}"
    return PurePosixPath(at.strftime("%Y/%m/%d")) / name


def kept_path(path: str, call_id: str, offer_id: str) -> PurePosixPath:
    """Return where a recording is below the folder, by what its record says.

    Raises:
        UnsafeName: It is no path that ``final_path`` gives, or gave, for these ids.
    """
    name = re.escape(f"{safe_id(call_id)}.{safe_id(offer_id)}")
    if not re.fullmatch(rf"\d{{4}}/\d\d/\d\d/{name}\.wav(\.sealed)?", path, re.ASCII):
        raise UnsafeName(path)
    return PurePosixPath(path).with_name(f"{call_id}.{offer_id}{SUFFIX}")


def ids_in(name: str) -> tuple[str, str] | None:
    """Return call and offer by a recording's name, or None for another file."""
    call_id, _, rest = name.partition(".")
    offer_id, _, suffix = rest.partition(".")
    ids = (call_id, offer_id)
    return ids if suffix in _SUFFIXES and all(map(_UUID.fullmatch, ids)) else None


def safe_id(name: str) -> str:
    """Return an id that may stand in a path.

    Raises:
        UnsafeName: It is no UUID.
    """
    if not _UUID.fullmatch(name):
        raise UnsafeName(name)
    return name
