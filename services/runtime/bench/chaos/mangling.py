"""What a bad link does to Asterisk's messages: loses, doubles and swaps some."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

TOLD: Final = frozenset(
    {"UserEvent", "Hangup", "BridgeEnter", "BridgeLeave", "Newstate"}
    | {"OriginateResponse", "Hold", "Unhold"}
)
"""The events that Asterisk tells by itself; replies and items of lists are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mangling:
    """How likely each message is lost, doubled or overtaken by the next one."""

    drop: float = 0.0
    double: float = 0.0
    swap: float = 0.0
    names: frozenset[str] | None = TOLD
    """Events that it may befall; None means each message, replies too."""

    def __post_init__(self) -> None:
        """Refuse chances that are none.

        Raises:
            ValueError: One is below 0, or together they are above 1.
        """
        chances = (self.drop, self.double, self.swap)
        if min(chances) < 0 or sum(chances) > 1:
            raise ValueError(f"chances must be 0 to 1 together, got {chances}")


UNHARMED: Final = Mangling()


class Mangler:
    """Does to one link's messages what a ``Mangling`` says; pure but for chance."""

    def __init__(self, pick: random.Random, counts: Counter[str]) -> None:
        """Begin with nothing held back.

        Args:
            pick: Where chance comes from; the same seed does the same again.
            counts: Counts ``passed``, ``dropped``, ``doubled`` and ``swapped``, each
                also with the event's name behind a colon.
        """
        self.mangling = UNHARMED
        self._pick = pick
        self._counts = counts
        self._held: bytes | None = None

    def take(self, frame: bytes) -> Iterator[bytes]:
        """Give what goes on instead of a message, at once."""
        fate = self._fate(frame)
        self._counts[fate] += 1
        self._counts[f"{fate}:{_name(frame)}"] += 1
        if fate == "swapped" and self._held is None:
            self._held = frame
            return
        if fate != "dropped":
            yield frame
        if fate == "doubled":
            yield frame
        yield from self.flush()

    def flush(self) -> Iterator[bytes]:
        """Give what was held back for the next message to overtake it."""
        if self._held is not None:
            yield self._held
            self._held = None

    @property
    def is_holding(self) -> bool:
        """Whether a message waits for the next one."""
        return self._held is not None

    def _fate(self, frame: bytes) -> str:
        how = self.mangling
        if how.names is not None and _name(frame) not in how.names:
            return "passed"
        x = self._pick.random()
        for chance, fate in (
            (how.drop, "dropped"),
            (how.double, "doubled"),
            (how.swap, "swapped"),
        ):
            if x < chance:
                return fate
            x -= chance
        return "passed"


def _name(frame: bytes) -> str:
    head = frame.partition(b"\r\n")[0]
    return head.removeprefix(b"Event: ").decode("ascii", "replace")
