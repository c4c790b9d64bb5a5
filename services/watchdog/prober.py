"""Asks the SIP port, and places the synthetic call: a caller of our own, over UDP.

A real INVITE and not an Originate: the account by which the watchdog looks into
Asterisk may make no calls then, and the way that callers come is what is tried.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.watchdog import sip_words
from services.watchdog.errors import AnswerUnusable
from services.watchdog.sip_words import Answer, Dialog

PROBER = "prober"
"""Name of the prober's endpoint, and the only number that it can dial."""
_AGAIN_S = 0.5
_FINAL = 200
"""Answers from here on end a transaction; those before tell how it goes."""
_SOUND_PACKETS = 10
"""Heard so many, sound flows: a fifth of a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How a synthetic call went."""

    answered_s: float
    """From the INVITE to the answer."""
    sound_s: float
    """From the INVITE to the sound."""


class _Inbox(asyncio.DatagramProtocol):
    """Puts what comes into a queue."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[bytes] = asyncio.Queue(maxsize=256)

    def datagram_received(self, received: bytes, _sender: object) -> None:
        if not self.came.full():
            self.came.put_nowait(received)


@asynccontextmanager
async def _socket(
    host: str, peer: tuple[str, int] | None = None
) -> AsyncIterator[tuple[asyncio.DatagramTransport, _Inbox, int]]:
    loop = asyncio.get_running_loop()
    transport, inbox = await loop.create_datagram_endpoint(
        _Inbox, local_addr=(host, 0), remote_addr=peer
    )
    try:
        yield transport, inbox, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


async def options(host: str, port: int) -> float:
    """Ask a SIP port whether it is there, and return how long it took, in seconds.

    Waits until it answers: the caller sets the limit. Whatever it says, it speaks.

    Raises:
        AnswerUnusable: What answers is no SIP.
        OSError: Nobody listens there.
    """
    async with _socket(host, (host, port)) as (transport, inbox, own_port):
        dialog = _dialog(host, port, own_port)
        began = time.monotonic()
        sent = dialog.request("OPTIONS", 1, branch=_branch())
        await _answered(transport, inbox, sent)
        return time.monotonic() - began


async def call(host: str, port: int, password: str) -> Heard:
    """Call the prober's number, hear a sound, hang up.

    Waits for what does not come: the caller sets the limit.

    Raises:
        AnswerUnusable: The call was refused, or what answers is no SIP.
        OSError: Nobody listens there.
    """
    async with (
        _socket(host, (host, port)) as (transport, inbox, own_port),
        _socket(host) as (_, sound, rtp_port),
    ):
        dialog = _dialog(host, port, own_port, target=PROBER, rtp_port=rtp_port)
        began = time.monotonic()
        answer, number = await _invite(transport, inbox, dialog, password)
        answered_s = time.monotonic() - began
        to_tag = sip_words.tag_of(answer)
        transport.sendto(dialog.request("ACK", number, branch=_branch(), to_tag=to_tag))
        try:
            for _ in range(_SOUND_PACKETS):
                await sound.came.get()
            sound_s = time.monotonic() - began
        finally:
            # Also of a call that stays silent nothing must be left in Asterisk.
            bye = dialog.request("BYE", number + 1, branch=_branch(), to_tag=to_tag)
            transport.sendto(bye)
        await _answered(transport, inbox, bye)
        return Heard(answered_s=answered_s, sound_s=sound_s)


async def _invite(
    transport: asyncio.DatagramTransport,
    inbox: _Inbox,
    dialog: Dialog,
    password: str,
) -> tuple[Answer, int]:
    """Send the INVITE, the second time with the password; return the answer 200."""
    answer = await _invite_once(transport, inbox, dialog, 1, {})
    challenge = answer.headers.get("www-authenticate")
    number = 1
    if answer.status == 401 and challenge is not None:
        number = 2
        proof = sip_words.digest(
            challenge,
            user=dialog.user,
            password=password,
            method="INVITE",
            uri=dialog.uri,
        )
        more = {"Authorization": proof}
        answer = await _invite_once(transport, inbox, dialog, number, more)
    if answer.status >= 300:
        raise AnswerUnusable(f"call: refused with {answer.status} {answer.reason}")
    return answer, number


async def _invite_once(
    transport: asyncio.DatagramTransport,
    inbox: _Inbox,
    dialog: Dialog,
    number: int,
    more: Mapping[str, str],
) -> Answer:
    branch = _branch()
    sent = dialog.request("INVITE", number, branch=branch, more=more)
    try:
        answer = await _answered(transport, inbox, sent)
    except asyncio.CancelledError:
        # Nobody waits for it any more: Asterisk must not ring on.
        transport.sendto(dialog.request("CANCEL", number, branch=branch))
        raise
    if answer.status >= 300:
        to_tag = sip_words.tag_of(answer)
        transport.sendto(dialog.request("ACK", number, branch=branch, to_tag=to_tag))
    return answer


async def _answered(
    transport: asyncio.DatagramTransport, inbox: _Inbox, sent: bytes
) -> Answer:
    """Send until it is answered, and return the answer that ends it."""
    wanted = sent.split(b" ", 1)[0].decode()
    transport.sendto(sent)
    is_heard = False
    while True:
        try:
            async with asyncio.timeout(_AGAIN_S):
                answer = sip_words.read(await inbox.came.get())
        except TimeoutError:
            if not is_heard:
                transport.sendto(sent)  # UDP may lose it
            continue
        if answer.status == 0:
            transport.sendto(sip_words.okay(answer))
            continue
        is_heard = is_heard or answer.method == wanted
        if answer.method == wanted and answer.status >= _FINAL:
            return answer


def _dialog(
    host: str, port: int, own_port: int, *, target: str = "", rtp_port: int = 0
) -> Dialog:
    return Dialog(
        peer=f"{host}:{port}",
        own=f"{host}:{own_port}",
        user=PROBER,
        target=target,
        call_id=secrets.token_hex(12),
        tag=secrets.token_hex(4),
        rtp_port=rtp_port,
    )


def _branch() -> str:
    return f"z9hG4bK{secrets.token_hex(8)}"
