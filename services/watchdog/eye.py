"""Looks into Asterisk by panoramisk, behind a subclass that tames its faults.

Another client than the engine's own, so that a fault of ours does not blind both. It
asks and never acts: its account may read only, and nothing is sent twice.
"""

import asyncio
import codecs
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from services.watchdog.errors import AnswerUnusable, FieldRefused, LinkAway

log = structlog.get_logger(__name__)

PING_EVERY_S = 1.0
PING_LIMIT_S = 2.0
"""A link without an answer for so long is half open, and is given up."""
_CONNECT_S = 2.0
_FIRST_RETRY_S = 0.2
_LAST_RETRY_S = 2.0
_MOST_VALUE_BYTES = 512
_NEVER_S = 86_400
"""panoramisk's own ping has no deadline; ours takes its place."""

Told = Mapping[str, str]
"""One message: the first value of each header, by its name in lower case."""


class SafeProtocol(AMIProtocol):  # type: ignore[misc] # panoramisk has no types
    """panoramisk's protocol, which loses no character and sends nothing again."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin a link with a decoder that remembers a character cut by a read."""
        super().connection_made(transport)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def data_received(self, received: bytes) -> None:
        """Take in bytes, whole characters only: panoramisk drops halves."""
        super().data_received(self._decoder.decode(received).encode())

    def handle_message(self, message: Any) -> None:  # noqa: ANN401 - panoramisk's
        """Take in one message; whatever is wrong with it, those after it count."""
        try:
            super().handle_message(message)
        except (KeyError, ValueError, AttributeError, IndexError, TypeError) as error:
            # asyncio would drop the link for it.
            log.warning("ami_message_passed_over", why=repr(error))

    def close(self) -> None:
        """End the link; what was not answered fails, and is not kept to be sent."""
        for action in {id(one): one for one in self.responses.values()}.values():
            if not action.future.done():
                why = "the link ended"
                action.future.set_exception(LinkAway(action["action"], why))
                action.future.exception()  # looked at; who asked may be gone
        self.responses.clear()
        super().close()


class SafeManager(Manager):  # type: ignore[misc] # panoramisk has no types
    """panoramisk's manager for one link; who owns it decides when there is a next."""

    def __init__(self, account: "ReadingAccount") -> None:
        """Prepare one link; needs a running loop."""
        super().__init__(
            host=account.host,
            port=account.port,
            username=account.username,
            secret=account.secret,
            events="off",
            loop=asyncio.get_running_loop(),
            protocol_factory=SafeProtocol,
            ping_delay=_NEVER_S,
            ping_interval=_NEVER_S,
        )
        # Its own callback, which sends again what was not answered.
        self.callbacks.clear()
        self.patterns.clear()
        self.ended = asyncio.Event()

    def connection_made(self, connecting: "asyncio.Task[Any]") -> None:
        """Go on when connected; without, whoever awaits the task is told."""
        if not connecting.cancelled() and connecting.exception() is None:
            super().connection_made(connecting)

    def connection_lost(self, _error: Exception | None) -> None:
        """Say that the link ended; panoramisk would connect again on its own."""
        self.ended.set()

    def login(self, answer: "asyncio.Future[Any]") -> bool:
        """Take in the answer to the log-in, also that there was none."""
        if answer.cancelled() or answer.exception() is not None:
            return False
        return bool(super().login(answer))

    async def send_awaiting_actions(self, *_: object) -> None:
        """Send nothing again: an act that was not answered may have been done."""
        self.awaiting_actions.clear()

    def dispatch(self, event: Any) -> list[str]:  # noqa: ANN401 - panoramisk's message
        """Tell whoever registered; one who raises harms nobody else."""
        told = []
        for pattern, form in self.patterns:
            if form.match(event.event) is None:
                continue
            told.append(pattern)
            for callback in self.callbacks[pattern]:
                self._call(callback, event)
        return told

    def _call(self, callback: Callable[..., Any], event: object) -> None:
        try:
            returned = callback(self, event)
        except Exception:  # the top of foreign code: the link must outlive it
            log.exception("ami_callback_failed")
            return
        if asyncio.iscoroutine(returned):
            returned.close()  # callbacks only take down; nothing is left to chance
            log.error("ami_callback_async", callback=repr(callback))

    def abort(self) -> None:
        """End the link at once, also one whose other end is silent."""
        self.close()
        if self.protocol is not None:
            self.protocol.transport.abort()
        self.ended.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingAccount:
    """An AMI account that may ask and no more."""

    host: str
    port: int
    username: str
    secret: str

    @property
    def peer(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


class Eye:
    """Keeps a link to Asterisk's manager, and asks."""

    def __init__(self, account: ReadingAccount) -> None:
        """Have no link yet."""
        self._account = account
        self._manager: SafeManager | None = None
        self.problem: str | None = f"ami at {account.peer}: not reached yet"
        """Why there is no link, with what would do; None while there is one."""
        self.round_trip_s: float = 0.0
        """Of the newest ping."""
        self.clock_ahead_s: float = 0.0
        """How far Asterisk's clock is ahead of ours."""

    async def run(self) -> None:
        """Keep the link, until cancelled: each that ends is followed by another."""
        retry_s = _FIRST_RETRY_S
        while True:
            try:
                await self._live()
            except (LinkAway, AnswerUnusable, OSError) as error:
                self.problem = self._in_words(error)
            finally:
                self._let_go()
            # So many instances must not knock in step.
            await asyncio.sleep(retry_s * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
            retry_s = min(retry_s * 2, _LAST_RETRY_S)

    async def ask(self, action: str, *, limit_s: float = 2.0, **fields: str) -> Told:
        """Ask for one answer.

        Raises:
            LinkAway: There is no link, or no answer in time.
            FieldRefused: A field is not one line.
        """
        answer = await self._send(action, fields, limit_s, as_list=False)
        return _told(answer)

    async def list(
        self, action: str, *, limit_s: float = 4.0, **fields: str
    ) -> list[Told]:
        """Ask for a list, and return its entries without what frames them.

        Raises:
            LinkAway: There is no link, or no whole list in time.
            FieldRefused: A field is not one line.
        """
        answers = await self._send(action, fields, limit_s, as_list=True)
        return [told for told in map(_told, answers) if "eventlist" not in told]

    async def _live(self) -> None:
        manager = SafeManager(self._account)
        self._manager = manager
        try:
            async with asyncio.timeout(_CONNECT_S):
                await manager.connect()
                answer = await manager.authenticated_future
        except TimeoutError:
            why = f"nothing in {_CONNECT_S:g} s"
            raise LinkAway("the log-in", why) from None
        if not answer.success:
            raise AnswerUnusable(
                f"log-in as {self._account.username!r} refused: {answer.message};"
                " see manager.conf"
            )
        while not manager.ended.is_set():
            began = time.monotonic()
            pong = await self.ask("Ping", limit_s=PING_LIMIT_S)
            self.round_trip_s = time.monotonic() - began
            self._set_clock(pong.get("timestamp", ""))
            self.problem = None
            try:
                async with asyncio.timeout(PING_EVERY_S):
                    await manager.ended.wait()
            except TimeoutError:
                continue
        raise LinkAway("nothing", "asterisk closed the link")

    async def _send(
        self, action: str, fields: Mapping[str, str], limit_s: float, *, as_list: bool
    ) -> Any:  # noqa: ANN401 - panoramisk's messages
        manager = self._manager
        for name, value in fields.items():
            _refuse_lines(name, value)
        if manager is None or manager.protocol is None or manager.protocol.closed:
            raise LinkAway(action, "there is no link")
        sent = {"Action": action, **fields}
        answer = manager.send_action(sent, as_list=as_list)
        try:
            async with asyncio.timeout(limit_s):
                return await answer
        except TimeoutError:
            raise LinkAway(action, f"nothing in {limit_s:g} s") from None
        finally:
            pending = manager.protocol.responses
            for key in [k for k, one in pending.items() if one.future is answer]:
                del pending[key]

    def _set_clock(self, told: str) -> None:
        if told.replace(".", "", 1).isdecimal():
            self.clock_ahead_s = float(told) - time.time()

    def _let_go(self) -> None:
        if self._manager is not None:
            self._manager.abort()
            self._manager = None

    def _in_words(self, error: Exception) -> str:
        why = str(error)
        if isinstance(error, OSError):
            why = error.strerror or why
        return f"asterisk's manager at {self._account.peer}: {why}; does asterisk run?"


def _told(message: Mapping[str, Any]) -> Told:
    """Return a message with the first value of each header: a caller may add more."""
    return {
        name.lower(): value[0] if isinstance(value, list) else value
        for name, value in message.items()
    }


def _refuse_lines(name: str, value: object) -> None:
    text = f"{name}{value}"
    is_line = text.isprintable() and len(str(value).encode()) <= _MOST_VALUE_BYTES
    if not is_line or not name.isascii() or ":" in name:
        raise FieldRefused(name, value)
