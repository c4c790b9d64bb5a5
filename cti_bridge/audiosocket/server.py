"""The AudioSocket server: lends each leg's sound to whoever waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast
from uuid import UUID, uuid4

import structlog

from cti_bridge.audiosocket import protocol
from cti_bridge.audiosocket.attention import FINISH_S
from cti_bridge.audiosocket.errors import FrameRefused, NobodyCame
from cti_bridge.audiosocket.protocol import FRAME_S, Ended, Failed, Frames, Named

log = structlog.get_logger(__name__)

LOOPBACK: Final = "127.0.0.1"
"""Sound is not sealed on its way: it stays on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioLimits:
    """What one client may cost us."""

    connections: int = 500
    """Legs at once; more are closed unread, and their callers go on by keys."""
    nameless: int = 100
    """Connections at once that did not say yet which leg they are."""
    name_s: float = 2.0
    """From the connection to the id of a leg that is waited for."""
    frame_bytes: int = protocol.MOST_BYTES
    burst_s: float = 10.0
    """So much sound may come ahead of the clock: behind a loop that stood still."""
    unsent_bytes: int = 64_000
    """What Asterisk may leave unread; 4 s of sound."""


class Taker(Protocol):
    """Whoever has a leg's sound; called by the loop, and must not wait."""

    def heard(self, message: protocol.Pressed | protocol.Sound) -> None:
        """Take a key or a piece of sound."""

    def lost(self, reason: str) -> None:
        """Take that the connection is over; nothing comes behind it."""

    def tick(self, now_s: float) -> None:
        """Do what is due each 20 ms, at an instant of the loop's."""


class Leg(asyncio.Protocol):
    """One connection: nameless at first, then of whoever waits for its id."""

    def __init__(self, server: AudioServer, limits: AudioLimits) -> None:
        self._server = server
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._frames = Frames(most_bytes=limits.frame_bytes)
        self._transport: asyncio.Transport | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._taker: Taker | None = None
        self._reason = ""
        self._began_at = self._came_at = 0.0
        self._came_s = 0.0
        self.is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the id, for a while."""
        # Of TCP, so it both reads and writes; uvloop's own is of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._came_at = self._loop.time()
        if not self._server.lets_in(self):
            self.is_over = True
            self._transport.abort()
            return
        limit_s = self._limits.name_s
        self._alarm = self._loop.call_later(limit_s, self.refuse, "said no id in time")

    def data_received(self, data: bytes) -> None:
        """Hand on each message."""
        self._came_at = self._loop.time()
        try:
            for message in self._frames.take(data):
                self._take(message)
                if self.is_over:
                    return
        except FrameRefused as refused:
            self.refuse(str(refused))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever has it."""
        self._end(self._reason or (f"lost: {exc}" if exc else "closed by asterisk"))

    def write(self, frame: bytes) -> None:
        """Send a frame; where there is nobody any more it is dropped."""
        if self.is_over or self._transport is None:
            return
        if self._transport.get_write_buffer_size() > self._limits.unsent_bytes:
            self.refuse("reads no more what is played")
            return
        self._transport.write(frame)

    def hang_up(self) -> None:
        """Give the leg back, so that ``EXEC AudioSocket`` ends; again is harmless."""
        if self.is_over:
            return
        self.write(protocol.hang_up())
        self._taker = None
        self._end("given back")
        if self._transport is not None:
            self._transport.close()
            # Who never reads what is left would keep it open.
            self._loop.call_later(self._limits.name_s, self._transport.abort)

    def refuse(self, reason: str) -> None:
        """Break the connection off, and count that."""
        if not self.is_over:
            self._server.refused(reason)
            self.abort(reason)

    def abort(self, reason: str) -> None:
        """Break the connection off."""
        if self.is_over:
            return
        self._reason = reason
        if self._transport is not None:
            self._transport.abort()
        self._end(reason)

    def tick(self, now_s: float) -> None:
        """Have what is due done."""
        if self._taker is None:
            return
        try:
            self._taker.tick(now_s)
        except Exception:  # the others' sound goes on
            log.exception("audiosocket_leg_crashed")
            self.abort("what listened to it broke")

    def _take(self, message: protocol.Message) -> None:
        if self._taker is None:
            self._name(message)
            return
        match message:
            case Ended():
                self.abort("ended by asterisk")
            case Failed(code=code):
                self.abort(f"asterisk failed with {code}")
            case Named():
                self.refuse("told its id twice")
            case protocol.Pressed():
                self._taker.heard(message)
            case protocol.Sound(pcm=pcm):
                self._came_s += len(pcm) / 2 / protocol.RATE_HZ
                if self._came_s - (self._came_at - self._began_at) > self._burst_s:
                    self.refuse("sends more sound than time passes")
                    return
                self._taker.heard(message)

    @property
    def _burst_s(self) -> float:
        return self._limits.burst_s

    def _name(self, message: protocol.Message) -> None:
        take = self._server.waiting(message.id) if isinstance(message, Named) else None
        if take is None:
            self.refuse("is no leg that is waited for")
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._began_at = self._came_at
        self._server.named(self)
        self._taker = take(self)

    def _end(self, reason: str) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        was_over, self.is_over = self.is_over, True
        self._server.gone(self)
        taker, self._taker = self._taker, None
        if taker is not None and not was_over:
            taker.lost(reason)


Take = Callable[[Leg], Taker]
"""Takes a leg that has come, and returns who hears it."""


class Awaited:
    """A leg that was asked for and has not come yet."""

    def __init__(self, server: AudioServer, take: Take) -> None:
        self.id = uuid4()
        """Nobody can guess it."""
        self._server = server
        self._take = take
        self._came: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def come(self, leg: Leg) -> Taker:
        """Take the leg."""
        if not self._came.done():
            self._came.set_result(None)
        return self._take(leg)

    async def wait(self, limit_s: float, *, unless: asyncio.Future[Any]) -> None:
        """Return when it is there.

        Args:
            limit_s: For how long.
            unless: What being over says that it comes no more.

        Raises:
            NobodyCame: It was not in time.
        """
        both = {self._came, unless}
        first = asyncio.FIRST_COMPLETED
        await asyncio.wait(both, timeout=limit_s, return_when=first)
        if not self._came.done():
            raise NobodyCame(limit_s)

    def forget(self) -> None:
        """Wait no more; again is harmless."""
        self._came.cancel()
        self._server.forget(self.id)


class AudioServer:
    """Takes connections from Asterisk, each for a leg that somebody waits for.

    Everything that is played is paced by one clock for all legs, so that a leg costs
    no timer of its own; where nobody listens, nothing wakes.
    """

    def __init__(
        self, *, limits: AudioLimits | None = None, finish_s: float = FINISH_S
    ) -> None:
        """Begin without a socket.

        Args:
            limits: What connections may take.
            finish_s: In which a recogniser that is asked for its result gives it.
        """
        self.finish_s = finish_s
        self._limits = limits or AudioLimits()
        self._server: asyncio.Server | None = None
        self._legs: dict[Leg, bool] = {}
        self._awaited: dict[UUID, Awaited] = {}
        self._clock: asyncio.TimerHandle | None = None
        self._due_at = 0.0
        self._told = 0
        self.refusals = 0
        """Connections that were no leg of ours, or broke the rules."""
        self.address: str | None = None
        """Host and port, once it listens; None before and after."""

    @property
    def legs(self) -> int:
        """How many connections are open, nameless ones too."""
        return len(self._legs)

    @property
    def awaits(self) -> int:
        """How many legs are waited for."""
        return len(self._awaited)

    async def start(self, port: int) -> int:
        """Listen on this machine alone, and return the port.

        Raises:
            OSError: The port is taken.
        """
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Leg(self, self._limits), LOOPBACK, port, backlog=256
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        self.address = f"{LOOPBACK}:{bound}"
        return bound

    async def close(self) -> None:
        """Listen no more, and give back every leg: its caller goes on by keys."""
        self.address = None
        if self._server is not None:
            self._server.close()
        for leg in list(self._legs):
            leg.abort("the server closes")
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def await_leg(self, take: Take) -> Awaited:
        """Wait for a leg; its id is to be given to ``EXEC AudioSocket``.

        Args:
            take: Called with the leg once, when it comes.
        """
        awaited = Awaited(self, take)
        self._awaited[awaited.id] = awaited
        return awaited

    # ---- what legs ask

    def lets_in(self, leg: Leg) -> bool:
        """Tell whether one more can be kept."""
        nameless = sum(1 for is_named in self._legs.values() if not is_named)
        limits = self._limits
        if len(self._legs) >= limits.connections or nameless >= limits.nameless:
            self.refused("there are too many connections")
            return False
        self._legs[leg] = False
        return True

    def waiting(self, leg_id: UUID) -> Take | None:
        """Return who waits for a leg, once; None for nobody."""
        awaited = self._awaited.pop(leg_id, None)
        return awaited.come if awaited else None

    def named(self, leg: Leg) -> None:
        """Pace a leg from here on."""
        self._legs[leg] = True
        if self._clock is None:
            loop = asyncio.get_running_loop()
            self._due_at = loop.time()
            self._clock = loop.call_at(self._due_at, self._tick)

    def gone(self, leg: Leg) -> None:
        """Forget a leg."""
        self._legs.pop(leg, None)

    def forget(self, leg_id: UUID) -> None:
        """Wait for a leg no more."""
        self._awaited.pop(leg_id, None)

    def refused(self, reason: str) -> None:
        """Count a refusal; of many that come together the first is told."""
        self.refusals += 1
        if self.refusals > self._told:
            log.warning("audiosocket_refused", reason=reason, refusals=self.refusals)
            # Then at double the number, so that a storm does not fill the disk.
            self._told = 2 * self.refusals - 1

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        named = [leg for leg, is_named in self._legs.items() if is_named]
        for leg in named:
            leg.tick(now_s)
        if not named:
            self._clock = None
            return
        # By deadlines, so that no delay adds up; what is late by much is not made up
        # for here: each leg knows how much it owes.
        self._due_at = max(self._due_at + FRAME_S, now_s)
        self._clock = loop.call_at(self._due_at, self._tick)
