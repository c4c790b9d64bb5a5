"""What a caller says while it is heard: kept, so that another can hear it again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

BYTES_A_SECOND = 16000
_AT_ONCE_BYTES = 960
"""60 ms: few messages a second, and nobody waits for them."""
_MOST_AT_ONCE = 32_000


class Tape:
    """The sound of one phrase, from its beginning, up to a limit."""

    def __init__(self, longest_s: float) -> None:
        """Take no more than so many seconds."""
        self._most = int(longest_s * BYTES_A_SECOND)
        self._kept = bytearray()
        self._has_ended = False
        self._more = asyncio.Event()
        self.error: BaseException | None = None
        """By what the sound ended, where it did not end by itself."""

    async def run(self, sound: AsyncIterator[bytes]) -> None:
        """Take the sound down."""
        try:
            async for piece in sound:
                self._kept += piece[: self._most - len(self._kept)]
                self._more.set()
                if len(self._kept) >= self._most:
                    break
        except Exception as error:  # noqa: BLE001 - whoever listens is told it
            self.error = error
        finally:
            self._has_ended = True
            self._more.set()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the sound from its beginning, as it comes, until its end."""
        at = 0
        while True:
            self._more.clear()
            there = len(self._kept) - at
            if there >= _AT_ONCE_BYTES or (self._has_ended and there):
                piece = bytes(self._kept[at : at + _MOST_AT_ONCE])
                at += len(piece)
                yield piece
            elif self._has_ended:
                return
            else:
                await self._more.wait()


@asynccontextmanager
async def taping(sound: AsyncIterator[bytes], longest_s: float) -> AsyncIterator[Tape]:
    """Take sound down for the block."""
    tape = Tape(longest_s)
    task = asyncio.create_task(tape.run(sound))
    try:
        yield tape
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
