"""Remember which headers, in which order, messages of one name have."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from cti_bridge.ami.headers import REPEATABLE, REQUIRED

MAX_SHAPES: Final = 256
"""A caller can write headers and so make shapes; Asterisk alone makes some forty."""


class Shape:
    """The headers of messages that look alike, found by one pass of C code.

    Asterisk writes each type of event with the same headers in the same order, so all
    but the first of a shape are taken apart without looking for the keys again.
    """

    __slots__ = ("is_whole", "match", "places")

    def __init__(self, name: str, keys: Sequence[str]) -> None:
        self.places = first_places(keys)
        """Where the first value of a key stands among the match's groups."""
        folded = {key.lower() for key in keys}
        self.is_whole = (
            len(folded) == len(keys)
            and not folded & REPEATABLE
            and REQUIRED.get(name, frozenset()) <= folded
        )
        """Whether nothing in the headers of such a message is missing or repeated."""
        # A value ends at a carriage return, and possessively: no text makes it slow.
        lines = (f"{re.escape(key)}: ([^\r]*+)" for key in keys)
        self.match: Callable[[str], re.Match[str] | None] = re.compile(
            "\r\n".join(lines)
        ).fullmatch


def first_places(keys: Sequence[str]) -> dict[str, int]:
    """Return the place, counted from 1, of the first of each key."""
    return {key: place for place, key in reversed(list(enumerate(keys, start=1)))}


class Shapes:
    """The shapes seen on one link."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], list[Shape]] = {}
        self._count = 0

    def match(self, name: str, text: str) -> tuple[Shape, re.Match[str]] | None:
        """Take a message apart, or return None when none like it was seen."""
        for shape in self._known.get((name, text.count("\r\n")), ()):
            found = shape.match(text)
            if found is not None:
                return shape, found
        return None

    def learn(self, name: str, keys: Sequence[str]) -> None:
        """Remember a shape, unless more were seen than Asterisk makes."""
        if self._count < MAX_SHAPES:
            self._count += 1
            alike = self._known.setdefault((name, len(keys) - 1), [])
            alike.append(Shape(name, keys))
