"""One reader of a stream: where it stands, and what it gets next."""

import asyncio
from collections import deque

from services.live.stream import Stream


class Subscriber:
    """A place in a stream; it holds no facts of its own.

    Who reads too slowly falls out of the stream's window, and goes on from a new
    snapshot: what it missed is folded into that.
    """

    def __init__(self, stream: Stream, *, after: int | None = None) -> None:
        """Begin behind a number that the stream holds, or with a snapshot."""
        self.stream = stream
        self.grown = asyncio.Event()
        """Set when there may be more; whoever reads clears it."""
        self.times_behind = 0
        """How often it fell out of the window."""
        self._seq = after
        self._parts: deque[str] = deque()

    def move(self, stream: Stream) -> None:
        """Go over to another stream, beginning with its snapshot."""
        self.stream = stream
        self._seq = None
        self._parts.clear()
        self.grown.set()

    def next_text(self) -> str | None:
        """Return the next message, or None while there is none."""
        if not self._parts and (self._seq is None or not self.stream.holds(self._seq)):
            self.times_behind += self._seq is not None
            self._seq, texts = self.stream.snapshot()
            self._parts.extend(texts)
        if self._parts:
            return self._parts.popleft()
        if self._seq is None or self._seq >= self.stream.seq:
            return None
        self._seq, text = self.stream.batch(self._seq)
        return text
