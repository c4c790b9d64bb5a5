"""One stream: the facts that one reach covers, numbered, the last of them kept."""

import secrets
from collections import deque
from collections.abc import Callable

from services.live.picture import Picture
from services.live.reach import Reach
from services.live.wording import numbered, snapshot_texts

WINDOW_FACTS = 5000
"""What can be resumed: several minutes of a busy floor. The texts are shared by all
streams that show them, so a window of its own costs a stream some 40 KB."""
MESSAGE_FACTS = 100
_SNAPSHOT_FACTS = 500
"""A snapshot is made anew when so many facts have come since the last: whoever joins
meanwhile gets that one and the facts since, so a rush of viewers costs one."""


class Stream:
    """Facts as texts, without gap from ``oldest_seq`` to ``seq``."""

    def __init__(
        self,
        reach: Reach,
        *,
        picture: Callable[[], Picture],
        window: int = WINDOW_FACTS,
    ) -> None:
        """Begin empty.

        Args:
            reach: Whose rights it shows.
            picture: What the reach covers of the floor, as of the last fact added.
            window: How many facts are kept.
        """
        self.reach = reach
        self.name = secrets.token_hex(8)
        """Not the same after a restart of the engine, whose numbers begin anew."""
        self.seq = 0
        """The number of the newest fact."""
        self.snapshots = 0
        """How many were made."""
        self._picture = picture
        self._window: deque[str] = deque(maxlen=window)
        self._snapshot: tuple[int, tuple[str, ...]] | None = None
        self._last_batch: tuple[int, int, str] = (-1, -1, "")

    @property
    def oldest_seq(self) -> int:
        """The number of the oldest fact that is kept; ``seq`` + 1 for none."""
        return self.seq - len(self._window) + 1

    def add(self, text: str) -> None:
        """Take in the next fact."""
        self.seq += 1
        self._window.append(text)

    def begin_anew(self) -> None:
        """Let nobody go on from here without a new snapshot."""
        self.seq += 1
        self._window.clear()
        self._snapshot = None

    def holds(self, after: int) -> bool:
        """Tell whether all that follows a number is kept, be it nothing."""
        return self.oldest_seq - 1 <= after <= self.seq

    def snapshot(self) -> tuple[int, tuple[str, ...]]:
        """Return a snapshot: the number of its last fact, and its messages."""
        made = self._snapshot
        if (
            made is None
            or not self.holds(made[0])
            or self.seq - made[0] > _SNAPSHOT_FACTS
        ):
            # First the picture: facts that waited are added before it is taken.
            picture = self._picture()
            texts = snapshot_texts(picture, self.reach, stream=self.name, seq=self.seq)
            made = self._snapshot = (self.seq, texts)
            self.snapshots += 1
        return made

    def batch(self, after: int) -> tuple[int, str]:
        """Return facts that follow a number, as one message.

        Args:
            after: A number that the stream holds, less than ``seq``.

        Returns:
            The number of the last of them, and the message.
        """
        upto = min(self.seq, after + MESSAGE_FACTS)
        # Most readers are at the same place, and get the same text.
        if self._last_batch[:2] != (after, upto):
            # From the right: a deque finds what is near its end at once.
            texts = [self._window[n - self.seq - 1] for n in range(after + 1, upto + 1)]
            self._last_batch = (after, upto, numbered(texts, after + 1))
        return upto, self._last_batch[2]
