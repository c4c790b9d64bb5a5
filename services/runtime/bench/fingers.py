"""Callers who listen, press a key when it is still, and note when they hear more."""

import asyncio
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from services.runtime.bench.rtp import is_audible

STILL_S = 0.6
"""A caller who hears nothing for so long presses the next key."""
KEY_S = 0.1
"""How long a key is held down."""
_PACKET_BYTES = 2048
_PACKET_S = 0.02
_SAMPLES_A_PACKET = 160
_PAYLOAD = 101
"""Of events, as SIPp's callers offer them."""
_VOLUME = 10
_MARKER, _END = 0x80, 0x80
_ENDS = 3
"""The last packet of an event is sent so often (RFC 4733, 2.5.1.4)."""


@dataclass(slots=True, kw_only=True)
class Press:
    """One key, by seconds of one clock."""

    key: str
    down_s: float
    up_s: float | None = None
    """When the first packet was sent that says the key is up again."""
    heard_s: float | None = None
    """When the first audible packet came after that; None where none did."""


@dataclass(slots=True, eq=False)
class Finger:
    """One caller's sound: where it comes to, and who presses keys in answer."""

    at: socket.socket
    keys: str
    presses: list[Press] = field(default_factory=list)
    _heard_s: float = 0.0
    _stillness: asyncio.TimerHandle | None = None
    _pressing: "asyncio.Task[None] | None" = None
    _peer: tuple[str, int] | None = None

    @property
    def port(self) -> int:
        """Where its sound comes to."""
        port: int = self.at.getsockname()[1]
        return port

    def read(self) -> None:
        """Take one packet."""
        packet, peer = self.at.recvfrom(_PACKET_BYTES)
        if not is_audible(packet):
            return
        loop = asyncio.get_running_loop()
        self._peer, self._heard_s = peer, loop.time()
        last = self.presses[-1] if self.presses else None
        if last is not None and last.heard_s is None:
            if last.up_s is None:
                return
            last.heard_s = self._heard_s
            if len(self.presses) == len(self.keys):
                # What follows says nothing more, and would only cost.
                loop.remove_reader(self.at)
                return
        if self._stillness is None:
            self._stillness = loop.call_later(STILL_S, self._look)

    def _look(self) -> None:
        """Press the next key if it is still; else look again when it may be."""
        loop = asyncio.get_running_loop()
        left_s = self._heard_s + STILL_S - loop.time()
        if left_s > 0:
            self._stillness = loop.call_later(left_s, self._look)
            return
        self._stillness = None
        if len(self.presses) < len(self.keys):
            self._pressing = asyncio.create_task(self._press())

    async def _press(self) -> None:
        nth = len(self.presses)
        now_s = asyncio.get_running_loop().time
        press = Press(key=self.keys[nth], down_s=now_s())
        self.presses.append(press)
        event = "0123456789*#".index(press.key)
        held = round(KEY_S / _PACKET_S)
        for sent in range(1, held + 1):
            self._send(nth, event, sent, is_first=sent == 1)
            await asyncio.sleep(press.down_s + sent * _PACKET_S - now_s())
        press.up_s = now_s()
        for turn in range(_ENDS):
            self._send(nth, event, held, sequence=held + turn, is_end=True)

    def _send(
        self,
        nth: int,
        event: int,
        packets: int,
        *,
        sequence: int | None = None,
        is_first: bool = False,
        is_end: bool = False,
    ) -> None:
        """Send one packet of an event that lasts for so many by now."""
        header = struct.pack(
            "!BBHII",
            0x80,
            _PAYLOAD | (_MARKER if is_first else 0),
            nth * 100 + (packets if sequence is None else sequence + 1),
            (nth + 1) * 80_000,
            self.port,
        )
        flags = _VOLUME | (_END if is_end else 0)
        body = struct.pack("!BBH", event, flags, packets * _SAMPLES_A_PACKET)
        if self._peer is not None:
            self.at.sendto(header + body, self._peer)

    def leave(self) -> None:
        """Hear and press nothing any more."""
        asyncio.get_running_loop().remove_reader(self.at)
        if self._stillness is not None:
            self._stillness.cancel()
        if self._pressing is not None:
            self._pressing.cancel()
        self.at.close()


@contextmanager
def fingers(count: int, keys: str) -> Iterator[Sequence[Finger]]:
    """Have so many callers' sound come to ports of our own while the block runs.

    Args:
        count: How many.
        keys: Pressed one after the other, each when it is still after some sound.
    """
    loop = asyncio.get_running_loop()
    made: list[Finger] = []
    try:
        for _ in range(count):
            at = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            finger = Finger(at, keys)
            made.append(finger)
            at.bind(("127.0.0.1", 0))
            at.setblocking(False)
            loop.add_reader(at, finger.read)
        yield made
    finally:
        for finger in made:
            finger.leave()
