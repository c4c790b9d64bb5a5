"""A real SIP phone in this process: registers, dials, is rung, speaks and hears."""

import asyncio
import logging
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import baresip

from services.phone.errors import (
    NotDiallable,
    PhoneWouldNotStart,
    RegistrationRefused,
)
from services.phone.phone_call import PhoneCall
from services.phone.sound import Ear

LOOPBACK = "127.0.0.1"
_RTP_PORTS = 20
_RTP_PORTS_A_CALL = 4
_REGISTER_EVERY_S = 300
_REGISTER_WAIT_S = 5.0
_NUMBER = re.compile(r"[+0-9A-Za-z*#._-]{1,40}")

# Refusals reach us as exceptions with words of our own; without a handler the
# stack's warnings would go to the terminal a second time.
logging.getLogger("baresip").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Who the phone is, and where its switch is."""

    user: str
    """The user part of From and of the registration."""
    server: str
    """Host and UDP port of the switch, ``127.0.0.1:16000``."""
    display_name: str = ""
    password: str = field(default="", repr=False)
    """Empty for a phone that does not register."""


class Softphone:
    """One phone; made by :func:`open_softphone`, and only one in a process."""

    def __init__(
        self, line: Line, runtime: baresip.Runtime, *, keeps_sound: bool
    ) -> None:
        self._line = line
        self._runtime = runtime
        self._keeps_sound = keeps_sound
        self._ringing: asyncio.Queue[PhoneCall] = asyncio.Queue()
        self._calls: dict[int, PhoneCall] = {}
        # A refusal can be dispatched in the very turn of the loop in which dial()
        # is about to return, so events of unknown calls are kept for their owner.
        self._early: dict[int, list[baresip.StackEvent]] = {}
        self._agent: baresip.UserAgent | None = None
        self._others: dict[Line, baresip.UserAgent] = {}

    async def connect(self) -> None:
        """Give the phone its identity; nothing is sent yet."""
        self._runtime.subscribe(self._on_event)
        self._agent = await baresip.UserAgent.create(self._runtime, _aor(self._line))
        self._agent.on_incoming(self._on_ring)

    async def register(self) -> None:
        """Register with the switch, and stay registered until closed.

        Raises:
            RegistrationRefused: Wrong password, or nothing answers.
        """
        try:
            await self._user_agent.register(timeout=_REGISTER_WAIT_S)
        except baresip.RegistrationError as error:
            raise RegistrationRefused(
                self._line.user, self._line.server, error.status, error.reason
            ) from error

    async def register_too(self, line: Line) -> None:
        """Register another line's telephone; what rings there rings here.

        Raises:
            RegistrationRefused: Wrong password, or nothing answers.
        """
        agent = await self._agent_of(line)
        agent.on_incoming(self._on_ring)
        try:
            await agent.register(timeout=_REGISTER_WAIT_S)
        except baresip.RegistrationError as error:
            raise RegistrationRefused(
                line.user, line.server, error.status, error.reason
            ) from error

    async def unregister(self) -> None:
        """Take the registration back; nothing happens if there is none."""
        with suppress(baresip.BaresipError):
            await self._user_agent.unregister(timeout=2.0)

    async def dial(
        self, number: str, *, server: str = "", line: Line | None = None
    ) -> PhoneCall:
        """Send an INVITE and return at once; the call is not answered yet.

        Args:
            number: What is dialled.
            server: Host and port to dial at; the line's own when empty.
            line: Who calls, where it is not the phone's own line; several may, at a
                time.

        Raises:
            NotDiallable: The number, or who calls, holds what no telephone has.
        """
        target = _number("number", number).replace("#", "%23")
        agent = self._user_agent if line is None else await self._agent_of(line)
        server = server or (line or self._line).server
        call = await agent.dial(f"sip:{target}@{server}")
        return self._adopt(call, other_side=number, is_dialled=True)

    async def next_ring(self) -> PhoneCall:
        """Wait until somebody rings this phone; the call is not answered yet."""
        return await self._ringing.get()

    async def close(self) -> None:
        """Hang up, unregister and free every port."""
        for call in list(self._calls.values()):
            await call.hang_up()
        if self._line.password:
            await self.unregister()
        with suppress(baresip.BaresipError):
            await self._runtime.close()

    @property
    def _user_agent(self) -> baresip.UserAgent:
        if self._agent is None:
            raise PhoneWouldNotStart("it was used before it was opened")
        return self._agent

    async def _agent_of(self, line: Line) -> baresip.UserAgent:
        found = self._others.get(line)
        if found is None:
            found = await baresip.UserAgent.create(self._runtime, _aor(line))
            self._others[line] = found
        return found

    def _on_ring(self, call: baresip.Call) -> None:
        other_side = _user_of(call.peer)
        self._ringing.put_nowait(
            self._adopt(call, other_side=other_side, is_dialled=False)
        )

    def _adopt(
        self, call: baresip.Call, *, other_side: str, is_dialled: bool
    ) -> PhoneCall:
        adopted = PhoneCall(
            call,
            other_side=other_side,
            ear=Ear(keeps_sound=self._keeps_sound),
            is_dialled=is_dialled,
        )
        self._calls[call.handle] = adopted
        for event in self._early.pop(call.handle, []):
            adopted.on_event(event)
        return adopted

    def _on_event(self, event: baresip.StackEvent) -> None:
        if not event.call:
            return
        if event.call in self._calls:
            self._calls[event.call].on_event(event)
        else:
            self._early.setdefault(event.call, []).append(event)
        if event.event is baresip.Event.CALL_CLOSED:
            self._calls.pop(event.call, None)


@asynccontextmanager
async def open_softphone(
    line: Line,
    *,
    listen_port: int = 0,
    expose_headers: tuple[str, ...] = (),
    keeps_sound: bool = False,
    calls: int = 1,
    trace: Callable[[str], None] | None = None,
) -> AsyncIterator[Softphone]:
    """Open a phone on loopback, and hang up, unregister and close it at the end.

    Args:
        line: Who the phone is. It registers only when asked to.
        listen_port: UDP port for SIP; 0 lets the machine choose a free one.
        expose_headers: Headers of an INVITE to show in ``PhoneCall.headers``.
        keeps_sound: Keep all that is heard in memory, for tests that listen.
        calls: How many it has at a time.
        trace: Told every SIP message sent or received.

    Raises:
        PhoneWouldNotStart: The stack did not come up.
        NotDiallable: The line's number or name cannot travel in a header.
    """
    _aor(line)
    runtime = baresip.Runtime(native_log_level="warning")
    tracing = _trace_to(trace)
    rtp_ports = max(_RTP_PORTS, _RTP_PORTS_A_CALL * calls)
    config = _config(
        listen_port,
        expose_headers,
        rtp_ports=rtp_ports,
        trace=trace is not None,
        # What is kept is all that came, and not what was there in time.
        more="audio_jitter_buffer_type off\n" if keeps_sound else "",
    )
    try:
        await runtime.start(config)
    except baresip.BaresipError as error:
        raise PhoneWouldNotStart(str(error)) from error
    phone = Softphone(line, runtime, keeps_sound=keeps_sound)
    try:
        await phone.connect()
        yield phone
    finally:
        await phone.close()
        tracing()


def _config(
    listen_port: int,
    expose_headers: tuple[str, ...],
    *,
    rtp_ports: int,
    trace: bool,
    more: str,
) -> baresip.Config:
    first = _free_rtp_port(rtp_ports)
    return baresip.Config(
        # The stack's own search for interfaces leaves loopback out.
        net_interface=LOOPBACK,
        expose_headers=expose_headers,
        max_concurrent_calls=None,
        sip_trace=trace,
        extra_config_text=(
            f"sip_listen {LOOPBACK}:{listen_port}\n"
            f"rtp_ports {first}-{first + rtp_ports - 1}\n{more}"
        ),
    )


def _free_rtp_port(wanted: int) -> int:
    """Return an even UDP port that is free now, with room for a range above it.

    The stack tries the ports of its range until one can be bound, so a neighbour
    who takes some of them meanwhile does no harm.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return min(port, 65535 - wanted) // 2 * 2


def _aor(line: Line) -> str:
    name = line.display_name
    if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in name):
        raise NotDiallable("name", name, "no control characters in a caller's name")
    if len(name) > 80:
        raise NotDiallable("name", name, "at most 80 characters in a caller's name")
    account = baresip.Account(
        user=_number("caller", line.user).replace("#", "%23"),
        domain=line.server,
        password=line.password,
        reg_interval=_REGISTER_EVERY_S if line.password else 0,
    )
    # RFC 3261 section 25.1, quoted-string: only these two need the backslash.
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" {account.aor()}' if name else account.aor()


def _number(what: str, number: str) -> str:
    if not _NUMBER.fullmatch(number):
        raise NotDiallable(
            what, number, "1 to 40 of the letters, digits and + * # . _ - of a number"
        )
    return number


def _user_of(peer: str | None) -> str:
    found = re.match(r"sips?:([^@;]*)@", peer or "")
    return found.group(1) if found else ""


def _trace_to(trace: Callable[[str], None] | None) -> Callable[[], None]:
    """Send the stack's SIP trace to a function; return what undoes it."""
    if trace is None:
        return lambda: None
    log = logging.getLogger("baresip.native.sip")
    tell = trace

    class _Teller(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            tell(record.getMessage())

    teller = _Teller()
    level = log.level
    log.setLevel(logging.DEBUG)
    log.addHandler(teller)

    def undo() -> None:
        log.removeHandler(teller)
        log.setLevel(level)

    return undo
