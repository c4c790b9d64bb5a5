"""One link to Asterisk's manager at a time: logged in, watched, and made anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from cti_bridge.ami.actions import Fields, encode
from cti_bridge.ami.errors import (
    AccountOverpowered,
    ActionFailed,
    ActionTimedOut,
    AmiError,
    ConnectionLost,
    FrameTooLong,
    LoginRefused,
    NotAsterisk,
    TooManyPending,
)
from cti_bridge.ami.privileges import forbidden_classes
from cti_bridge.ami.protocol import Frames, Message
from cti_bridge.ami.round_trip import RoundTrip
from cti_bridge.ami.tcp import Wire, dialled

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where Asterisk's manager listens, and who we are there."""

    host: str
    port: int
    username: str
    secret: str = field(repr=False)

    @property
    def peer(self) -> str:
        """The address as errors show it."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much a link waits for."""

    connect_s: float = 3.0
    action_s: float = 5.0
    """For an action that gives no limit of its own."""
    boot_s: float = 60.0
    """Asterisk lets in before it has loaded what it needs for calls."""
    ping_every_s: float = 0.5
    silence_s: float = 3.0
    """Without any byte for so long the link is dead: the pings ask for some."""
    pending: int = 1000
    """Actions that may wait for their answer at once."""
    held: int = 100_000
    """Events kept while ``up`` takes its snapshot."""
    receive_buffer_bytes: int = 4 << 20
    """What the kernel keeps for us while we are busy: three times what it would."""


Sink = Callable[[Message], None]
"""Takes each event as it is read; it must only put it into a queue."""


@dataclass(slots=True)
class _Pending:
    answer: asyncio.Future[list[Message]]
    gathers: bool
    items: list[Message] = field(default_factory=list)


class Connection:
    """One link, logged in. Events are held back until ``release``.

    An action whose link is lost, or whose time is over, has an unknown outcome; it is
    never sent again.
    """

    def __init__(
        self, account: Account, *, epoch: int, nonce: str, sink: Sink, limits: Limits
    ) -> None:
        self.account = account
        self.epoch = epoch
        """The link's number, counted from 1 in this process."""
        self.system_name = ""
        """Asterisk's ``systemname``, new at each of its starts; "" when it has none."""
        self.asterisk_version = ""
        self._sink = sink
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._frames = Frames()
        # A caller may forge a reply (asterisk.md, trap 1), but can't know this.
        self._nonce = nonce
        self._mark = f":{nonce}".encode()
        self._sequence = 0
        self._pending: dict[str, _Pending] = {}
        self._held: list[Message] | None = []
        self._heard_at_s = self._loop.time()
        self._booted: asyncio.Future[None] = self._loop.create_future()
        self.round_trip = RoundTrip(self._loop.time)
        self._lost: asyncio.Future[AmiError] = self._loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._watching: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        account: Account,
        *,
        epoch: int,
        nonce: str,
        sink: Sink,
        limits: Limits | None = None,
    ) -> Connection:
        """Connect, log in and make sure that the account may not do too much.

        Args:
            account: Where and as whom.
            epoch: The link's number.
            nonce: Letters and digits that nobody outside can guess, new each time.
            sink: Where events go.
            limits: How long and how much to wait for.

        Raises:
            ConnectionLost: Nobody listens there, it is no Asterisk, or it went away.
            LoginRefused: Asterisk does not accept the account.
            AccountOverpowered: It holds a class that the engine must not have.
            ActionTimedOut: Asterisk listens and says nothing.
        """
        link = cls(
            account, epoch=epoch, nonce=nonce, sink=sink, limits=limits or Limits()
        )
        try:
            await link._connect()
            await link._log_in()
        except BaseException:
            link.close()
            raise
        return link

    async def act(
        self, action: str, fields: Fields | None = None, *, limit_s: float | None = None
    ) -> Message:
        """Send one action and return Asterisk's reply, whether it did it or not.

        Raises:
            ActionRefused: It is not ours to send; nothing was sent.
            ActionTimedOut: No reply within ``limit_s``; the outcome is unknown.
            ConnectionLost: The link went first; the outcome is unknown.
            TooManyPending: Too many wait already; nothing was sent.
        """
        return (await self._run(action, fields, gathers=False, limit_s=limit_s))[0]

    def note(self, action: str, fields: Fields) -> None:
        """Send an action whose reply nobody would act on; raises as ``act``."""
        self._write(encode(action, {"ActionID": self._next_id(), **fields}))

    async def ask(
        self, action: str, fields: Fields | None = None, *, limit_s: float | None = None
    ) -> list[Message]:
        """Send an action that is answered by a list and return its items.

        An item into which a caller forged an empty line is left out, and that is
        logged.

        Returns:
            The items in Asterisk's order, without the event that closes the list.

        Raises:
            ActionFailed: Asterisk will not tell.
            ActionRefused, ActionTimedOut, ConnectionLost, TooManyPending: As ``act``.
        """
        reply, *items = await self._run(action, fields, gathers=True, limit_s=limit_s)
        if not reply.succeeded:
            raise ActionFailed(action, reply.get("Message") or reply.response)
        return items

    @property
    def silent_s(self) -> float:
        """How long nothing has been heard."""
        return self._loop.time() - self._heard_at_s

    def release(self) -> None:
        """Let the held events flow, in order, and from now on each as it comes.

        Again is harmless.
        """
        held, self._held = self._held or [], None
        for message in held:
            self._sink(message)

    async def lost(self) -> AmiError:
        """Wait until the link is lost and return why."""
        return await asyncio.shield(self._lost)

    def close(self) -> None:
        """Leave the link; again is harmless."""
        self._end(ConnectionLost(self.account.peer, "closed by us"))

    async def _connect(self) -> None:
        peer = self.account
        wire = Wire(self._take, self._disconnected)
        try:
            async with asyncio.timeout(self._limits.connect_s):
                sock = await dialled(
                    peer.host,
                    peer.port,
                    receive_buffer_bytes=self._limits.receive_buffer_bytes,
                )
                self._transport, _ = await self._loop.create_connection(
                    lambda: wire, sock=sock
                )
        except TimeoutError:
            reason = f"no connection within {self._limits.connect_s:g} s"
            raise ConnectionLost(peer.peer, reason) from None
        except OSError as error:
            reason = f"connecting: {error.strerror or error}"
            raise ConnectionLost(peer.peer, reason) from error
        self._heard_at_s = self._loop.time()
        self._watching = asyncio.create_task(self._watch(), name="ami-watch")

    async def _log_in(self) -> None:
        account = self.account
        reply = await self.act(
            "Login", {"Username": account.username, "Secret": account.secret}
        )
        if not reply.succeeded:
            reason = reply.get("Message") or reply.response
            raise LoginRefused(account.peer, account.username, reason)
        held = forbidden_classes(await self.act("ListCommands"))
        if held:
            raise AccountOverpowered(account.peer, account.username, held)
        await self._until_booted()
        settings = await self.act("CoreSettings")
        self.asterisk_version = settings.get("AsteriskVersion") or ""
        self.system_name = settings.get("SystemName") or ""
        if self.system_name:
            name = f"\r\nSystemName: {self.system_name}".encode()
            self._frames.signatures = (name, self._mark)

    async def _until_booted(self) -> None:
        # Told to whoever logs in, or as soon as it is so.
        lost = asyncio.ensure_future(self.lost())
        await asyncio.wait(
            (self._booted, lost),
            timeout=self._limits.boot_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        lost.cancel()
        if self._lost.done():
            raise ConnectionLost(self.account.peer, str(self._lost.result()))
        if not self._booted.done():
            limit_s = self._limits.boot_s
            reason = f"it did not say that it is booted within {limit_s:g} s"
            raise ConnectionLost(self.account.peer, reason)

    async def _run(
        self,
        action: str,
        fields: Fields | None,
        *,
        gathers: bool,
        limit_s: float | None,
    ) -> list[Message]:
        if len(self._pending) >= self._limits.pending:
            raise TooManyPending(action, len(self._pending))
        limit_s = self._limits.action_s if limit_s is None else limit_s
        action_id = self._next_id()
        self._write(encode(action, {"ActionID": action_id, **(fields or {})}))
        pending = _Pending(self._loop.create_future(), gathers)
        self._pending[action_id] = pending
        late = ActionTimedOut(action, action_id, limit_s)
        # asyncio.timeout would cancel who waits even when the answer was read just now.
        alarm = self._loop.call_later(limit_s, _give_up, pending, late)
        try:
            return await pending.answer
        finally:
            alarm.cancel()
            self._pending.pop(action_id, None)

    def _next_id(self) -> str:
        self._sequence += 1
        return f"{self.epoch}:{self._sequence}:{self._nonce}"

    def _write(self, frame: bytes) -> None:
        if self._lost.done():
            raise ConnectionLost(self.account.peer, str(self._lost.result()))
        if self._transport is not None:
            self._transport.write(frame)

    def _take(self, chunk: bytes) -> None:
        self._heard_at_s = self._loop.time()
        try:
            messages = self._frames.feed(chunk)
        except FrameTooLong as error:
            for message in error.before:
                self._route(message)
            self._end(error)
        except NotAsterisk as error:
            self._end(error)
        else:
            for message in messages:
                self._route(message)

    def _route(self, message: Message) -> None:
        if not message.event and not message.response:
            self._tell(message)
        elif self._mark in message.raw:
            self._answer(message)
        elif message.event:
            self._tell(message)
        # A reply that bears no id of ours is a caller's forgery: dropped.

    def _answer(self, message: Message) -> None:
        action_id = message.get("ActionID") or ""
        self.round_trip.answered(action_id)
        pending = self._pending.get(action_id)
        if pending is None or (message.event and not pending.gathers):
            # Unasked or so late only an Originate's outcome is of use, an event.
            if message.event == "OriginateResponse":
                self._tell(message)
            return
        if message.get("EventList") == "Complete":
            told, came = message.get("ListItems"), len(pending.items) - 1
            if told is not None and told != str(came):
                log.warning(
                    "ami_list_incomplete", list=message.event, told=told, came=came
                )
            _settle(pending)
            return
        pending.items.append(message)
        if message.response and not (
            pending.gathers and message.get("EventList") == "start"
        ):
            _settle(pending)

    def _tell(self, message: Message) -> None:
        if message.event == "FullyBooted":
            if not self._booted.done():
                self._booted.set_result(None)
            return
        if self._held is None:
            self._sink(message)
            return
        self._held.append(message)
        if len(self._held) > self._limits.held:
            reason = f"{self._limits.held} events came before the snapshot was taken"
            self._end(ConnectionLost(self.account.peer, reason))

    async def _watch(self) -> None:
        # Counted in turns of ours: while our own loop stood still, what Asterisk said
        # waits in the socket, and uvloop rings its timers before it reads.
        silent_s, looked_at_s = 0.0, self._loop.time()
        while not self._lost.done():
            await asyncio.sleep(self._limits.ping_every_s)
            if self._heard_at_s > looked_at_s:
                silent_s = 0.0
            silent_s += self._limits.ping_every_s
            looked_at_s = self._loop.time()
            if silent_s > self._limits.silence_s:
                reason = f"nothing heard for {self._limits.silence_s:g} s"
                self._end(ConnectionLost(self.account.peer, reason))
            elif not self._lost.done():
                # Its reply is not waited for: any byte will do.
                ping = self.round_trip.sent(self._next_id())
                self._write(encode("Ping", {"ActionID": ping}))

    def _disconnected(self, error: Exception | None) -> None:
        reason = str(error) if error else "closed by asterisk"
        self._end(ConnectionLost(self.account.peer, reason))

    def _end(self, error: AmiError) -> None:
        if self._lost.done():
            return
        self._lost.set_result(error)
        for pending in self._pending.values():
            if not pending.answer.done():
                lost = ConnectionLost(self.account.peer, str(error))
                pending.answer.set_exception(
                    error if isinstance(error, ConnectionLost) else lost
                )
        if self._watching is not None:
            self._watching.cancel()
        if self._transport is not None:
            self._transport.abort()


def _give_up(pending: _Pending, late: ActionTimedOut) -> None:
    if not pending.answer.done():
        pending.answer.set_exception(late)


def _settle(pending: _Pending) -> None:
    if not pending.answer.done():
        pending.answer.set_result(pending.items)
