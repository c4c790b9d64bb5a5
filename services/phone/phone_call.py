"""One call as one phone has it: who, how it goes, what is said and heard, its end."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import baresip

from services.phone.errors import CallIsOver, CallNotAnswered
from services.phone.sound import FRAME_BYTES, FRAME_S, Ear, Mouth

HungUpBy = Literal["us", "them", "network"]

# What the stack says of a call that the other side ended by BYE or CANCEL.
_ENDED_BY_THEM = "Connection reset by peer"
# As much as is written ahead of the clock: enough for a busy machine, little enough
# that a new sentence is heard at once.
_AHEAD_BYTES = 5 * FRAME_BYTES
_READ_BYTES = 16 * FRAME_BYTES
_HANG_UP_WAIT_S = 3.0
# RFC 3261 section 9.1: who has not been answered at all can't be sent a CANCEL.
_FIRST_ANSWER_WAIT_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a call ended."""

    by: HungUpBy
    """``network`` when neither side asked for it."""
    status: int | None
    """The SIP status that refused the call; None for a call that was answered."""
    reason: str
    """The refusal's words, or what broke; empty when somebody hung up."""
    at: datetime


class PhoneCall:
    """One call, either way; made by the phone, never by hand."""

    def __init__(
        self, call: baresip.Call, *, other_side: str, ear: Ear, is_dialled: bool
    ) -> None:
        self._call = call
        self._mouth = Mouth()
        self._hung_up_here = False
        self._reached = asyncio.Event()
        if not is_dialled:
            self._reached.set()
        self._answered = asyncio.Event()
        self._ended = asyncio.Event()
        self._sound: asyncio.Task[None] | None = None
        self.other_side = other_side
        """The number dialled, or the number that rings."""
        self.sip_call_id: str = call.call_id or ""
        """The Call-ID of this dialog, as every SIP message of it carries."""
        self.headers: dict[str, str] = dict(call.headers)
        self.ear = ear
        self.lost_bytes = 0
        """PCM that came and was not taken in, since this machine was too busy."""
        self.digits = ""
        """Keys that the other side pressed so far."""
        self.started_at = datetime.now(UTC)
        self.answered_at: datetime | None = None
        self.ending: Ending | None = None

    async def wait_answered(self, timeout_s: float) -> None:
        """Wait until the call is answered.

        Raises:
            CallNotAnswered: It was refused, or rang for ``timeout_s``, whereupon
                it has been given up.
        """
        await self._first_of(self._answered, timeout_s)
        if self.answered_at is not None:
            return
        ending = self.ending
        if ending is None:
            await self.hang_up()
            reason = f"no answer within {timeout_s:g} s"
            raise CallNotAnswered(self.other_side, None, reason)
        raise CallNotAnswered(self.other_side, ending.status, ending.reason)

    async def wait_ended(self, timeout_s: float | None = None) -> Ending | None:
        """Wait until the call is over, and return None if it is not by then."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), timeout_s)
        return self.ending

    async def wait_heard(self, seconds: float, *, timeout_s: float) -> bool:
        """Wait for this much sound from now on; return whether it was heard."""
        wanted_s = self.ear.heard_s + seconds
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                # Sound arrives by a clock of 20 ms; no event tells of it.
                while self.ending is None and self.ear.heard_s < wanted_s:  # noqa: ASYNC110
                    await asyncio.sleep(FRAME_S)
        return self.ear.heard_s >= wanted_s

    async def answer(self) -> None:
        """Pick up.

        Raises:
            CallIsOver: The caller gave up before, or just now.
        """
        try:
            await self._call.answer()
        except baresip.BaresipError as error:
            raise CallIsOver("answer", self.sip_call_id) from error
        await self._first_of(self._answered, _HANG_UP_WAIT_S)
        if self.answered_at is None:
            raise CallIsOver("answer", self.sip_call_id)

    async def decline(self) -> Ending | None:
        """Refuse a ringing call with SIP 486."""
        self._hung_up_here = True
        with suppress(baresip.BaresipError):
            await self._call.reject()
        return await self.wait_ended(_HANG_UP_WAIT_S)

    async def hang_up(self) -> Ending | None:
        """End the call, whatever its state; return how it ended."""
        if self.ending is None:
            await self._first_of(self._reached, _FIRST_ANSWER_WAIT_S)
            self._hung_up_here = True
            with suppress(baresip.BaresipError):
                await self._call.hangup()
            await self.wait_ended(_HANG_UP_WAIT_S)
        return self.ending

    async def press(self, keys: str) -> None:
        """Send keys as RFC 4733 events, 100 ms each.

        Raises:
            CallIsOver: The call has ended.
        """
        try:
            await self._call.send_dtmf(keys)
        except baresip.BaresipError as error:
            raise CallIsOver(f"press {keys!r}", self.sip_call_id) from error

    def say(self, pcm: bytes, *, repeat: bool = False) -> None:
        """Say this from now on: 16-bit mono PCM at 8000 Hz; ``b""`` is silence."""
        self._mouth.say(pcm, repeat=repeat)

    def on_event(self, event: baresip.StackEvent) -> None:
        """Take in what the stack reports of this call."""
        self.sip_call_id = self.sip_call_id or event.call_id or ""
        match event.event:
            case baresip.Event.CALL_RINGING | baresip.Event.CALL_PROGRESS:
                self._reached.set()
            case baresip.Event.CALL_ESTABLISHED if self.answered_at is None:
                self.answered_at = datetime.now(UTC)
                self._reached.set()
                self._answered.set()
                self._sound = asyncio.create_task(self._carry_sound())
            case baresip.Event.CALL_DTMF_START:
                self.digits += event.text or ""
            case baresip.Event.CALL_CLOSED:
                self._on_closed(event.text or "")
            case _:
                pass

    def _on_closed(self, text: str) -> None:
        if self.ending is not None:
            return
        status, reason = _refusal(text)
        by: HungUpBy = "network"
        if self._hung_up_here:
            by, reason = "us", ""
        elif text.startswith(_ENDED_BY_THEM):
            by, reason = "them", ""
        elif status is not None:
            by = "them"
        self.ending = Ending(by=by, status=status, reason=reason, at=datetime.now(UTC))
        self._ended.set()

    async def _first_of(self, event: asyncio.Event, timeout_s: float) -> None:
        """Wait for the event or for the call's end."""
        waits = {
            asyncio.create_task(event.wait()),
            asyncio.create_task(self._ended.wait()),
        }
        try:
            await asyncio.wait(
                waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for wait in waits:
                wait.cancel()

    async def _carry_sound(self) -> None:
        """Move sound both ways each 20 ms until the call is over."""
        audio = self._call.audio
        while self.ending is None:
            # A re-INVITE replaces the streams, and both ends of a call have none:
            # the next round binds to what there is then.
            with suppress(baresip.AudioNotActive, baresip.AudioRestarted):
                free_bytes = _AHEAD_BYTES - audio.info().tx_buffered
                if free_bytes > 0 and not self._mouth.is_silent:
                    audio.write(self._mouth.next_piece(free_bytes))
                self.ear.take(audio.read(_READ_BYTES))
                stats = audio.stats()
                self.lost_bytes = stats.rx_dropped_bytes + stats.rx_discarded_bytes
            await asyncio.sleep(FRAME_S)


def _refusal(text: str) -> tuple[int | None, str]:
    """Split ``486 Busy Here,Q.850;cause=17`` into the status and its words."""
    head, _, tail = text.partition(" ")
    if len(head) == 3 and head.isdigit():
        return int(head), tail.partition(",")[0]
    return None, text
