"""The live sound of a leg that an AGI session has: lent, listened to, given back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from cti_bridge.agi import protocol
from cti_bridge.agi.errors import ReplyTimedOut
from cti_bridge.agi.protocol import Reply
from cti_bridge.audiosocket.ear import Ear
from cti_bridge.audiosocket.errors import NobodyCame, SoundUnstreamable
from cti_bridge.audiosocket.player import read_sound
from cti_bridge.audiosocket.server import AudioServer, Leg
from ivr.ports import Ears, Heard, HearingBroke

COME_S: Final = 2.5
"""Asterisk gives up a connection after 2 s."""
BACK_S: Final = 3.0
"""In which Asterisk goes on with the session behind a leg that was given back."""
_LONGEST_S: Final = 3600.0
_MOST_KEYS: Final = 40

_READERS: Final = ThreadPoolExecutor(4, thread_name_prefix="prompts")
"""Whoever hears a prompt waits for its file: not behind others' work in the threads
that all of asyncio shares."""

log = structlog.get_logger()

Run = Callable[[bytes, float], Awaitable[Reply]]
"""Has the session carry out one command, within a time."""


class LiveSound:
    """Takes the sound of one leg when it is first listened to, and keeps it.

    ``EXEC AudioSocket`` holds the session meanwhile. Asterisk 22.10.1 ends it with 0
    when we send the frame that hangs up, and with -1 when the connection breaks, never
    came, or the caller left; the session takes the next command in every case, and that
    tells whether the caller is there. Keys come as frames, each when it is let go.
    """

    def __init__(self, server: AudioServer | None, run: Run) -> None:
        """Begin without it.

        Args:
            server: Where Asterisk connects legs to; None or closed hears nothing.
            run: Carries out commands; never two at once.
        """
        self._server = server
        self._run = run
        self._ear: Ear | None = None
        self._lent: asyncio.Task[Reply] | None = None
        self._keys: deque[str] = deque(maxlen=_MOST_KEYS)
        self.was_lent = False
        """Whether it ever was: then a break may be the caller's leaving."""

    @property
    def is_lent(self) -> bool:
        """Whether the session waits for us, and takes no other command."""
        return self._lent is not None

    async def hear(
        self, sounds: Sequence[str], keys: str, limit_s: float, ears: Ears
    ) -> Heard:
        """Play, wait and listen; see ``ivr.ports.Line.hear``.

        Raises:
            CallerGone, AgiError: The session ended meanwhile.
        """
        try:
            loop = asyncio.get_running_loop()
            read = [loop.run_in_executor(_READERS, read_sound, it) for it in sounds]
            streams = await asyncio.gather(*read)
            ear = self._ear or await self._taken()
        except (SoundUnstreamable, NobodyCame) as problem:
            return await self._broken(str(problem), limit_s)
        except BaseException:
            self.drop()
            raise
        try:
            heard = await ear.hear(streams, keys, limit_s, ears)
        except Exception as error:  # the session's next command must get its own answer
            log.exception("hearing_crashed")
            return await self._broken(type(error).__name__, limit_s)
        except BaseException:
            self.drop()
            raise
        if isinstance(heard, HearingBroke):
            await self.give_back()
        return heard

    async def give_back(self) -> Reply | None:
        """Have the session go on; return how it was ended, None where it was not lent.

        Raises:
            CallerGone: The caller left.
            ReplyTimedOut: Asterisk does not go on with the session.
        """
        lent, self._lent = self._lent, None
        ear, self._ear = self._ear, None
        if ear is not None:
            self._keys.extend(ear.keys_left())
            ear.close()
        if lent is None:
            return None
        try:
            async with asyncio.timeout(BACK_S):
                return await asyncio.shield(lent)
        except TimeoutError:
            lent.cancel()
            raise ReplyTimedOut("EXEC AudioSocket", BACK_S) from None

    def key_of(self, keys: str | None) -> str | None:
        """Return the next key that came while the leg was lent; None for no more.

        Args:
            keys: Those that count; others are passed over. None takes any.
        """
        while self._keys:
            key = self._keys.popleft()
            if keys is None or key in keys:
                return key
        return None

    async def _broken(self, detail: str, limit_s: float) -> HearingBroke:
        await self.give_back()
        return HearingBroke(detail=detail, played=0, left_s=limit_s)

    async def _taken(self) -> Ear:
        server = self._server
        if server is None or server.address is None:
            raise NobodyCame(0)
        awaited = server.await_leg(self._take)
        arguments = f"{awaited.id},{server.address}"
        command = protocol.run("AudioSocket", arguments)
        self.was_lent = True
        lent = self._lent = asyncio.ensure_future(self._run(command, _LONGEST_S))
        lent.add_done_callback(self._is_back)
        try:
            await awaited.wait(COME_S, unless=lent)
        finally:
            awaited.forget()
        if self._ear is None:
            raise NobodyCame(COME_S)
        return self._ear

    def _take(self, leg: Leg) -> Ear:
        server = self._server
        self._ear = Ear(leg, finish_s=server.finish_s) if server else Ear(leg)
        return self._ear

    def _is_back(self, lent: asyncio.Future[Reply]) -> None:
        """Take that the session goes on, whoever ended it."""
        if not lent.cancelled():
            lent.exception()  # whoever gives it back is told; nobody else waits
        if self._ear is not None:
            self._ear.close()
            self._ear.lost("asterisk gave it back")

    def drop(self) -> None:
        """Let go without waiting: the session ends too; again is harmless."""
        if self._ear is not None:
            self._ear.close()
        if self._lent is not None:
            self._lent.cancel()
        self._ear = self._lent = None
