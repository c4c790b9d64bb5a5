"""What a caller does in a case as it is written: keys, words, waiting, hanging up."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from ivr.turns import CallerLeft, Input, KeyCame, NoKeyCame, WordsCame, WordsDue

WAIT, BYE = "wait", "bye"
SAY = r"say\([^()]{1,200}\)"
KEYS = rf"^((wait|bye|[0-9*#]+|{SAY})( +(wait|bye|[0-9*#]+|{SAY}))*)?$"
INSTEAD = r"[0-9*# ]*"
"""What stands behind ``|``."""
_UNSURE = re.compile(r"(.*?) *@ *([01](?:\.\d{1,3})?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """What a caller does when something is awaited."""

    came: Input
    instead: tuple[str, ...] = ()
    """Of words: the keys that a caller presses who is not understood, a text for each
    time that a key is awaited."""
    has_instead: bool = False
    """Whether such keys are written; they may be none."""
    is_first: bool = True
    """Whether it begins a word: further keys of one are typed right behind it."""


def doings_of(keys: str) -> Iterator[Doing]:
    """Yield what is done, one after the other."""
    for found in re.finditer(rf"{SAY}|[^ ]+", keys):
        word = found.group()
        if word.startswith("say("):
            said, bar, instead = word[4:-1].partition("|")
            yield Doing(
                came=said_words(said),
                instead=tuple(instead.split()),
                has_instead=bool(bar),
            )
        elif word == WAIT:
            yield Doing(came=NoKeyCame())
        elif word == BYE:
            yield Doing(came=CallerLeft())
        else:
            for nth, key in enumerate(word):
                yield Doing(came=KeyCame(key=key), is_first=nth == 0)


def said_words(text: str) -> WordsCame:
    """Return what a caller says, as it is written: ``停电``, or ``停电 @0.6``."""
    text = text.partition("|")[0].strip()
    if found := _UNSURE.fullmatch(text):
        return WordsCame.of(found.group(1), min(1.0, float(found.group(2))))
    return WordsCame.of(text)


class Pressed:
    """What a caller does, in order; then nothing more."""

    def __init__(self, keys: str) -> None:
        """Begin with the first."""
        self._left = deque(it.came for it in doings_of(keys))

    def asked(self) -> Input:
        """Return what comes where a key is awaited."""
        return self._left.popleft() if self._left else NoKeyCame()

    def in_line(self, keys: str) -> Input | None:
        """Return what comes of who waits in a queue; None where nothing more does.

        Args:
            keys: That are taken there. Nobody listens to others, nor to words.
        """
        while self._left:
            match self._left.popleft():
                case WordsCame():
                    continue
                case KeyCame(key=key) if key not in keys:
                    continue
                case NoKeyCame():
                    return WordsDue()
                case came:
                    return came
        return None
