"""Real RTP both ways in a process of its own: sends on time, notes every gap.

``python -m services.runtime.bench.chaos.sound_probe --talking N --listening N --quiet
N --speaking N`` binds its ports, tells them as one line of JSON, and tells what it
heard as another when its standard input ends. It is apart so that nothing else of a
bench delays it, and takes the kernel's own instants of arrival.
"""

import argparse
import heapq
import json
import selectors
import socket
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from services.runtime.bench.rtp import is_audible, is_sound

LOOPBACK: Final = "127.0.0.1"
PACKET_S: Final = 0.02
"""Of G.711 in one packet."""
GAP_S: Final = 0.035
"""A pause between packets that is noted: one that came late, or did not come."""
_KEEPALIVE_S: Final = 1.0
"""Of those who only listen: a leg without any sound is hung up after 30 s."""
_TONE: Final = bytes([0x20, 0x20, 0x20, 0x20, 0xA0, 0xA0, 0xA0, 0xA0]) * 20
_READ_BYTES: Final = 2048
_TIMESTAMPS: Final = 35
"""SO_TIMESTAMPNS, which Python's socket module does not name; and what it answers."""
_TIMESPEC: Final = struct.Struct("qq")

HUSH_S: Final = 0.5
"""A time without anything audible that is noted."""
SPEAKS_EVERY_S: Final = 8.0
SPEAKS_FROM_S: Final = 2.0
SPEAKS_FOR_S: Final = 1.2
"""Who speaks says a word of so long, from then on in each of these times."""
_SILENCE: Final = b"\xff" * 160

Sort = Literal["talking", "listening", "quiet", "speaking", "devices"]


@dataclass(slots=True, kw_only=True)
class Flow:
    """What came to one port from one leg of the switch's; instants by the wall."""

    sort: Sort
    port: int
    packets: int = 0
    first_at_s: float = 0.0
    last_at_s: float = 0.0
    audible_at_s: float | None = None
    """When the first packet that is not silence came."""
    gaps: list[tuple[float, float]] = field(default_factory=list)
    """From the packet before each pause to the one after it."""
    hushes: list[tuple[float, float]] = field(default_factory=list)
    """The same of what is audible."""
    _audible_last_s: float = 0.0

    def came(self, at_s: float, packet: bytes) -> None:
        """Take in one packet."""
        if self.packets == 0:
            self.first_at_s = at_s
        elif at_s - self.last_at_s > GAP_S:
            self.gaps.append((self.last_at_s, at_s))
        self.packets += 1
        self.last_at_s = at_s
        if not is_audible(packet):
            return
        if self.audible_at_s is None:
            self.audible_at_s = at_s
        elif at_s - self._audible_last_s > HUSH_S:
            self.hushes.append((self._audible_last_s, at_s))
        self._audible_last_s = at_s


@dataclass(slots=True)
class _Voice:
    """What is sent to one leg: a tone with the numbers that RTP wants."""

    at: socket.socket
    to: tuple[str, int]
    ssrc: int
    every_s: float
    has_words: bool = False
    """Whether it comes as words with pauses, and is not steady."""
    number: int = 0

    def say(self) -> None:
        """Send the next packet."""
        self.number += 1
        head = struct.pack(
            "!BBHII", 0x80, 0, self.number & 0xFFFF, self.number * 160, self.ssrc
        )
        self.at.sendto(head + (_TONE if self._is_loud() else _SILENCE), self.to)

    def _is_loud(self) -> bool:
        if not self.has_words:
            return True
        since_s = self.number * PACKET_S % SPEAKS_EVERY_S
        return SPEAKS_FROM_S <= since_s < SPEAKS_FROM_S + SPEAKS_FOR_S


class Probe:
    """All ports of one scene, read and spoken to by one thread."""

    def __init__(
        self, *, talking: int, listening: int, quiet: int, speaking: int
    ) -> None:
        """Bind that many ports of each sort, and one that devices share."""
        self.flows: dict[tuple[int, tuple[str, int]], Flow] = {}
        self.late_s = 0.0
        """How late our own sending was at its worst: gaps below it are ours."""
        self._selector = selectors.DefaultSelector()
        self._due: list[tuple[float, int, _Voice]] = []
        self.ports: dict[Sort, list[int]] = {
            "talking": [self._bound("talking") for _ in range(talking)],
            "listening": [self._bound("listening") for _ in range(listening)],
            "quiet": [self._bound("quiet") for _ in range(quiet)],
            "speaking": [self._bound("speaking") for _ in range(speaking)],
            "devices": [self._bound("devices")],
        }
        self._selector.register(sys.stdin, selectors.EVENT_READ, None)

    def _bound(self, sort: Sort) -> int:
        at = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        at.bind((LOOPBACK, 0))
        at.setblocking(False)
        at.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        self._selector.register(at, selectors.EVENT_READ, sort)
        port: int = at.getsockname()[1]
        return port

    def run(self) -> None:
        """Listen and speak until standard input ends."""
        while True:
            wait_s = max(0.0, self._due[0][0] - time.monotonic()) if self._due else 1.0
            for key, _ in self._selector.select(wait_s):
                if not isinstance(key.fileobj, socket.socket):
                    return
                self._read(key.fileobj, key.data)
            self._speak()

    def _read(self, at: socket.socket, sort: Sort) -> None:
        for stamp_s, packet, source in _waiting(at):
            if not is_sound(packet):
                continue
            port: int = at.getsockname()[1]
            flow = self.flows.get((port, source))
            if flow is None:
                flow = self.flows[port, source] = Flow(sort=sort, port=port)
                self._begin(at, source, sort)
                if sort == "quiet":
                    # What follows says nothing more, and would only cost.
                    self._selector.unregister(at)
                    return
            flow.came(stamp_s, packet)

    def _begin(self, at: socket.socket, to: tuple[str, int], sort: Sort) -> None:
        nth = len(self.flows)
        is_voice = sort in ("talking", "speaking", "devices")
        every_s = PACKET_S if is_voice else _KEEPALIVE_S
        voice = _Voice(at, to, nth, every_s, has_words=sort == "speaking")
        heapq.heappush(self._due, (time.monotonic(), nth, voice))

    def _speak(self) -> None:
        now_s = time.monotonic()
        while self._due and self._due[0][0] <= now_s:
            due_s, nth, voice = self._due[0]
            if now_s - due_s > self.late_s and voice.number:
                self.late_s = now_s - due_s
            voice.say()
            # A packet that could not be sent in time is not made up for in a burst.
            next_s = max(due_s + voice.every_s, now_s - PACKET_S)
            heapq.heapreplace(self._due, (next_s, nth, voice))

    def told(self) -> dict[str, object]:
        """Return what was heard, as JSON writes it."""
        return {
            "late_s": self.late_s,
            "flows": [
                {
                    "sort": flow.sort,
                    "port": flow.port,
                    "packets": flow.packets,
                    "first_at_s": flow.first_at_s,
                    "last_at_s": flow.last_at_s,
                    "audible_at_s": flow.audible_at_s,
                    "gaps": flow.gaps,
                    "hushes": flow.hushes,
                }
                for flow in self.flows.values()
            ],
        }


def _waiting(at: socket.socket) -> Iterator[tuple[float, bytes, tuple[str, int]]]:
    """Yield what has come to a port: instant, packet and sender."""
    while True:
        try:
            packet, extra, _, source = at.recvmsg(_READ_BYTES, 64)
        except (BlockingIOError, ConnectionRefusedError):
            return
        seconds, nanoseconds = _TIMESPEC.unpack(extra[0][2][: _TIMESPEC.size])
        yield seconds + nanoseconds / 1e9, packet, source


def main() -> None:
    """Probe until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    for sort in ("talking", "listening", "quiet"):
        parser.add_argument(f"--{sort}", type=int, required=True)
    parser.add_argument("--speaking", type=int, default=0)
    probe = Probe(**vars(parser.parse_args()))
    _tell(probe.ports)
    probe.run()
    _tell(probe.told())


def _tell(told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
