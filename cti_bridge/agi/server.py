"""The FastAGI server: lends each call that Asterisk sends to whoever serves it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from cti_bridge.agi.errors import AgiError, HeadersRefused, ReplyTimedOut, SessionEnded
from cti_bridge.agi.protocol import HangupNotice, Replies, Reply, Request, read_request
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

    def __init__(
        self,
        request: Request,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.request = request
        self.hung_up = False
        """Whether Asterisk said that the leg left the dialplan."""
        self._reader = reader
        self._writer = writer
        self._replies = Replies()

    async def ask(self, command: bytes, limit_s: float) -> Reply:
        """Send one command and return its answer.

        Never two at once: Asterisk reads ahead and then sleeps on what it has read.

        Raises:
            SessionEnded: Asterisk closed, or wrote without end.
            ReplyTimedOut: No answer came in time.
        """
        name = command.decode("utf-8", "replace").strip()[:60]
        try:
            async with asyncio.timeout(limit_s):
                self._writer.write(command)
                await self._writer.drain()
                return await self._answer(name)
        except TimeoutError:
            raise ReplyTimedOut(name, limit_s) from None
        except OSError as error:
            raise SessionEnded(f"lost during {name!r}: {error}") from error

    async def fence(self, command: bytes, secret: str, limit_s: float) -> None:
        """Ask for what only we know, and pass by everything that stands before it.

        Afterwards each answer belongs to its command again, whatever lines a caller's
        text has put into the stream, and no ``HANGUP`` among them is believed.

        Raises:
            SessionEnded, ReplyTimedOut: As ``ask``; also when it never comes.
        """
        owed = 0
        name = command.decode().strip()
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    self._writer.write(command)
                    owed += 1
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_NUDGE_S):
                            while owed:
                                reply = await self._answer(name)
                                owed -= reply.value == secret
                            self.hung_up = False
                            return
        except TimeoutError:
            raise ReplyTimedOut(name, limit_s) from None

    async def _answer(self, name: str) -> Reply:
        for _ in range(_MAX_LINES_A_REPLY):
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                raise SessionEnded(f"closed by asterisk during {name!r}") from None
            except asyncio.LimitOverrunError:
                raise SessionEnded(f"a line without end during {name!r}") from None
            except OSError as error:
                raise SessionEnded(f"lost during {name!r}: {error}") from error
            match self._replies.take(line):
                case Reply() as reply:
                    return reply
                case HangupNotice():
                    self.hung_up = True
                case None:
                    pass
        raise SessionEnded(f"{_MAX_LINES_A_REPLY} lines without an answer to {name!r}")

    async def close(self) -> None:
        """Let go of the leg: Asterisk goes on with the dialplan. Again is harmless."""
        if self._writer.is_closing():
            return
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()


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
        self._server = await asyncio.start_server(
            self._accept, host, port, limit=self._limits.header_bytes, backlog=512
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

    def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if len(self._tasks) >= self._limits.connections:
            if not self._is_full:
                log.warning("agi_full", connections=self._limits.connections)
            self._is_full = True
            writer.transport.abort()
            return
        self._is_full = False
        task = asyncio.create_task(self._run(reader, writer), name="agi-session")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            session = Session(await self._request(reader), reader, writer)
        except HeadersRefused as error:
            log.warning("agi_request_refused", problem=str(error))
            writer.transport.abort()
            return
        except asyncio.CancelledError:
            writer.transport.abort()
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
            await session.close()

    async def _request(self, reader: asyncio.StreamReader) -> Request:
        limits = self._limits
        try:
            async with asyncio.timeout(limits.header_s):
                block = await reader.readuntil(b"\n\n")
        except TimeoutError:
            problem = f"must end within {limits.header_s:g} s"
            raise HeadersRefused(problem) from None
        except asyncio.IncompleteReadError as error:
            raise HeadersRefused("must end in an empty line", error.partial) from None
        except asyncio.LimitOverrunError:
            problem = f"must be at most {limits.header_bytes} bytes"
            raise HeadersRefused(problem) from None
        except OSError as error:
            raise HeadersRefused(f"lost while reading: {error}") from error
        return read_request(block)
