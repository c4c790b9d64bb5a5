"""The one byte range that a request asks for (RFC 9110, section 14)."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteRange:
    """From ``first`` up to, and without, ``end``."""

    first: int
    end: int


class RangeUnsatisfiable(Exception):
    """It begins behind the end."""

    def __init__(self, asked: str, *, size_bytes: int) -> None:
        """Say what was asked, and how long it is."""
        super().__init__(f"range {asked!r}: begins behind the end, at {size_bytes}")
        self.asked = asked
        self.size_bytes = size_bytes


def parse_range(asked: str | None, *, size_bytes: int) -> ByteRange | None:
    """Return the part that is asked for, or None for the whole.

    What is not one range of bytes is passed over, as the RFC lets us.

    Raises:
        RangeUnsatisfiable: It begins behind the end.
    """
    found = _RANGE.fullmatch(asked.strip()) if asked else None
    if not asked or not found or found[1] == found[2] == "":
        return None
    if found[1] == "":
        length = int(found[2])
        first, end = max(0, size_bytes - length), size_bytes
    else:
        first = int(found[1])
        end = min(int(found[2]) + 1, size_bytes) if found[2] else size_bytes
        if found[2] and int(found[2]) < first:
            return None
    if first >= size_bytes or first >= end:
        raise RangeUnsatisfiable(asked, size_bytes=size_bytes)
    return ByteRange(first=first, end=end)
