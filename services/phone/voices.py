"""Voices for a crowd of SIPp's calls: speech both ways, and keys as RTP events."""

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import cast

from services.phone.mu_law import encoded
from services.phone.sound import FRAME_S, voice_like

LOOPBACK = "127.0.0.1"
_FRAME_SAMPLES = 160
_SOUND, _EVENT = 0, 101
"""RTP payload types: PCMU, and the telephone events that SIPp's SDP offers."""
_MARKER = 0x80
_KEYS = "0123456789*#ABCD"
_KEY_FRAMES = 5
"""A key is held 100 ms."""
_KEY_ENDS = 3
"""RFC 4733, 2.5.1.4: the end of an event is sent three times, in case one is lost."""
_SILENT_S = 1.0
"""A leg that says nothing for so long is gone."""


@dataclass(slots=True, kw_only=True)
class _Leg:
    """One leg of the switch's that speaks to a voice, and is answered."""

    first_heard_s: float
    heard_s: float
    number: int = 0
    is_pressed: bool = False


class Voice(asyncio.DatagramProtocol):
    """One port: speaks to whoever speaks to it, and may press a key."""

    def __init__(self, *, pitch_hz: float, key: str = "", press_after_s: float) -> None:
        """Be silent until spoken to.

        Args:
            pitch_hz: Of the voice.
            key: Pressed once to each leg; none when empty.
            press_after_s: From the first sound that is heard on.
        """
        self.pressed_at: datetime | None = None
        """When the key was let go; None while it was not."""
        self.port = 0
        self._frames = _frames(pitch_hz)
        self._key = key
        self._press_after_s = press_after_s
        self._legs: dict[tuple[str, int], _Leg] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        # asyncio's own transport of datagrams is none by its class.
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, _data: bytes, addr: tuple[str, int]) -> None:
        """Hear one packet."""
        now_s = self._loop.time()
        leg = self._legs.get(addr)
        if leg is None:
            leg = self._legs[addr] = _Leg(first_heard_s=now_s, heard_s=now_s)
        leg.heard_s = now_s

    def speak(self, now_s: float) -> None:
        """Send the next 20 ms to every leg that is there."""
        for addr, leg in list(self._legs.items()):
            if now_s - leg.heard_s > _SILENT_S:
                del self._legs[addr]
            elif self._is_time_to_press(leg, now_s):
                self._press(addr, leg)
            else:
                frame = self._frames[leg.number % len(self._frames)]
                self._send(addr, leg, _SOUND, leg.number + 1, frame)

    def close(self) -> None:
        """Let go of the port."""
        if self._transport is not None:
            self._transport.close()

    def _is_time_to_press(self, leg: _Leg, now_s: float) -> bool:
        is_due = now_s - leg.first_heard_s >= self._press_after_s
        return bool(self._key) and not leg.is_pressed and is_due

    def _press(self, addr: tuple[str, int], leg: _Leg) -> None:
        """Send a whole key in one go; its length is in the packets."""
        leg.is_pressed = True
        event, began = _KEYS.index(self._key), leg.number + 1
        held = [*range(1, _KEY_FRAMES + 1), *[_KEY_FRAMES] * (_KEY_ENDS - 1)]
        for nth, frames in enumerate(held):
            end = 0x80 if nth >= _KEY_FRAMES - 1 else 0
            told = struct.pack("!BBH", event, end | 10, frames * _FRAME_SAMPLES)
            marker = _MARKER if nth == 0 else 0
            self._send(addr, leg, _EVENT | marker, began, told)
        self.pressed_at = datetime.now(UTC)

    def _send(
        self, addr: tuple[str, int], leg: _Leg, kind: int, frame: int, payload: bytes
    ) -> None:
        leg.number += 1
        head = struct.pack(
            *("!BBHII", 0x80, kind, leg.number & 0xFFFF),
            frame * _FRAME_SAMPLES & 0xFFFFFFFF,
            self.port,
        )
        if self._transport is not None:
            self._transport.sendto(head + payload, addr)


@dataclass(slots=True, kw_only=True)
class Speaking:
    """How a crowd speaks."""

    late_s: float = 0.0
    """How late it was at its worst: what it says may come so much after its time."""


@asynccontextmanager
async def voices(wanted: Sequence[Voice]) -> AsyncIterator[Speaking]:
    """Have these voices speak until the block ends; each has its port then."""
    told = Speaking()
    loop = asyncio.get_running_loop()
    speaking: asyncio.Task[None] | None = None
    try:
        for voice in wanted:
            await loop.create_datagram_endpoint(
                partial(_itself, voice), local_addr=(LOOPBACK, 0)
            )
        speaking = asyncio.create_task(_speak_on(wanted, told), name="voices")
        yield told
    finally:
        if speaking is not None:
            speaking.cancel()
        for voice in wanted:
            voice.close()


async def _speak_on(wanted: Sequence[Voice], told: Speaking) -> None:
    loop = asyncio.get_running_loop()
    due_s = loop.time()
    while True:
        now_s = loop.time()
        told.late_s = max(told.late_s, now_s - due_s)
        for voice in wanted:
            voice.speak(now_s)
        # What could not be said in time is not made up for in a burst.
        due_s = max(due_s + FRAME_S, loop.time())
        await asyncio.sleep(due_s - loop.time())


def _itself(voice: Voice) -> Voice:
    return voice


def _frames(pitch_hz: float) -> list[bytes]:
    sound = encoded(voice_like(pitch_hz))
    return [
        sound[start : start + _FRAME_SAMPLES]
        for start in range(0, len(sound), _FRAME_SAMPLES)
    ]
