"""Which calls try a version of the flows first: a share, the same at each look."""

import hashlib

PARTS = 10_000


def tries(call_id: str, percent: int) -> bool:
    """Return whether a call is one of the share that tries a version.

    It follows from the call's id alone, so that it can be worked out again; a share
    that grows keeps those who were in it.

    Args:
        call_id: The call.
        percent: The share, from 0 to 100.
    """
    found = hashlib.sha256(call_id.encode()).digest()
    return int.from_bytes(found[:8], "big") % PARTS < percent * PARTS // 100
