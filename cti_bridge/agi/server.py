"""The FastAGI server: lends each call that Asterisk sends to whoever serves it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from cti_bridge.agi.errors import (
    AgiError,
    BlockTooLong,
    HeadersRefused,
    ReplyTimedOut,
    SessionEnded,
)
from cti_bridge.agi.protocol import HangupNotice, Replies, Reply, Request, read_request
from cti_bridge.agi.wire import Wire
from ivr.ports import CallerGone

log = structlog.get_logger(__name__)

_MAX_LINES_A_REPLY = 400

_NUDGE_S = 0.3
"""Without an answer for so long a command is taken to lie in Asterisk's read-ahead
(a forged answer made us send two at once); one more line brings both out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiLimits:
    """What one client may cost us."""

    header_bytes: int = 8192
    """Of the header block, and of each line after it."""
    header_s: float = 2.0
    """From the connection to the end of the header block."""
    connections: int = 500
    """Sessions at once; more are closed unread, and the dialplan goes on without us."""
    close_s: float = 5.0
    """What sessions get to end in when the server closes."""


class Session:
    """One call's exchange of commands and answers."""

    def __init__(self, request: Request, wire: Wire) -> None:
        self.request = request
        self.hung_up = False
        """Whether Asterisk said that the leg left the dialplan."""
        self._wire = wire
        self._time_s = asyncio.get_running_loop().time
        self._replies = Replies()

    async def ask(self, command: bytes, limit_s: float) -> Reply:
        """Send one command and return its answer.

        Never two at once: Asterisk reads ahead and then sleeps on what it has read.

        Raises:
            SessionEnded: Asterisk closed, or wrote without end.
            ReplyTimedOut: No answer came in time.
        """
        deadline_s = self._time_s() + limit_s
        try:
            self._wire.write(command)
            return await self._answer(deadline_s)
        except TimeoutError:
            raise ReplyTimedOut(_name(command), limit_s) from None
        except SessionEnded as ended:
            reason = f"{ended.reason} during {_name(command)!r}"
            raise SessionEnded(reason) from None

    async def fence(self, command: bytes, secret: str, limit_s: float) -> None:
        """Ask for what only we know, and pass by everything that stands before it.

        Afterwards each answer belongs to its command again, whatever lines a caller's
        text has put into the stream, and no ``HANGUP`` among them is believed.

        Raises:
            SessionEnded, ReplyTimedOut: As ``ask``; also when it never comes.
        """
        owed = 0
        deadline_s = self._time_s() + limit_s
        while (now_s := self._time_s()) < deadline_s:
            self._wire.write(command)
            owed += 1
            with contextlib.suppress(TimeoutError):
                nudge_s = min(deadline_s, now_s + _NUDGE_S)
                while owed:
                    reply = await self._answer(nudge_s)
                    owed -= reply.value == secret
                self.hung_up = False
                return
        raise ReplyTimedOut(_name(command), limit_s)

    async def _answer(self, deadline_s: float) -> Reply:
        for _ in range(_MAX_LINES_A_REPLY):
            line = await self._wire.until(b"\n", deadline_s=deadline_s)
            match self._replies.take(line):
                case Reply() as reply:
                    return reply
                case HangupNotice():
                    self.hung_up = True
                case None:
                    pass
        raise SessionEnded(f"{_MAX_LINES_A_REPLY} lines without an answer")

    def close(self) -> None:
        """Let go of the leg: Asterisk goes on with the dialplan. Again is harmless."""
        self._wire.close()


def _name(command: bytes) -> str:
    return command.decode("utf-8", "replace").strip()[:60]


class AgiServer:
    """Takes connections from Asterisk and has each served in a task of its own."""

    def __init__(
        self,
        serve: Callable[[Session], Awaitable[None]],
        *,
        limits: AgiLimits | None = None,
    ) -> None:
        """Begin without a socket.

        Args:
            serve: Called with each session; may raise CallerGone or AgiError, which
                end it and nothing else.
            limits: What one client may cost.
        """
        self._serve = serve
        self._limits = limits or AgiLimits()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_full = False

    @property
    def sessions(self) -> int:
        """How many connections are open."""
        return len(self._tasks)

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port (of use when 0 was asked for).

        Raises:
            OSError: The address is taken or not ours.
        """
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Wire(self._accept, limit_bytes=self._limits.header_bytes),
            host,
            port,
            backlog=512,
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """Listen no more, and end what is running; its calls go on in the dialplan."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._limits.close_s)

    def _accept(self, wire: Wire) -> None:
        if len(self._tasks) >= self._limits.connections:
            if not self._is_full:
                log.warning("agi_full", connections=self._limits.connections)
            self._is_full = True
            wire.abort()
            return
        self._is_full = False
        task = asyncio.create_task(self._run(wire), name="agi-session")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, wire: Wire) -> None:
        try:
            session = Session(await self._request(wire), wire)
        except HeadersRefused as error:
            log.warning("agi_request_refused", problem=str(error))
            wire.abort()
            return
        except asyncio.CancelledError:
            wire.abort()
            raise
        if session.request.repeated:
            log.warning("agi_headers_forged", names=sorted(session.request.repeated))
        try:
            await self._serve(session)
        except CallerGone as gone:
            log.info("caller_gone", call_id=gone.call_id, during=gone.during)
        except AgiError as error:
            log.warning("agi_session_failed", problem=str(error))
        except Exception:  # the top of this call's task: others must go on
            log.exception("agi_session_crashed")
        finally:
            session.close()

    async def _request(self, wire: Wire) -> Request:
        limits = self._limits
        deadline_s = asyncio.get_running_loop().time() + limits.header_s
        try:
            block = await wire.until(b"\n\n", deadline_s=deadline_s)
        except TimeoutError:
            problem = f"must end within {limits.header_s:g} s"
            raise HeadersRefused(problem) from None
        except BlockTooLong:
            problem = f"must be at most {limits.header_bytes} bytes"
            raise HeadersRefused(problem) from None
        except SessionEnded as ended:
            problem = f"must end in an empty line ({ended.reason})"
            raise HeadersRefused(problem) from None
        return read_request(block)
