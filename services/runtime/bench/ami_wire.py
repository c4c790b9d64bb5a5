"""Measure how many events a CPU-second of ours and of panoramisk's wire can read.

No sockets and no load on the machine: one generated stream, cut as a busy network cuts
it, given to both in turn in this process (performance.md, C1).
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from panoramisk import Manager

from cti_bridge.ami.protocol import Frames

_GREETING: Final = b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\n\r\n"
_READ_BYTES: Final = 65_536

_SHARES: Final = {
    "VarSet": 52,
    "Newexten": 22,
    "Newstate": 5,
    "BridgeEnter": 4,
    "BridgeLeave": 3,
    "Newchannel": 4,
    "DialBegin": 2,
    "DialEnd": 2,
    "Hangup": 3,
    "UserEvent": 3,
}
"""Events of each name in a hundred, with nothing switched off at the source."""

_EXTRA: Final = {
    "VarSet": ["Variable: CC_STEP", "Value: {n}-3f2a9c10-7d41-4e0b-9f57-2a6b8c1d0e4f"],
    "Newexten": [
        "Extension: s",
        "Application: GotoIf",
        'AppData: $["${{CC_IVR_DONE}}" = "{n}"]?cc-next,s,1',
    ],
    "BridgeEnter": [
        "BridgeUniqueid: 93b59042-a9de-4447-9fd6-{n:012d}",
        "BridgeType: basic",
        "BridgeTechnology: simple_bridge",
        "BridgeCreator: <unknown>",
        "BridgeName: <unknown>",
        "BridgeNumChannels: 2",
        "BridgeVideoSourceMode: none",
    ],
    "DialBegin": ["DialString: dev-1001"],
    "DialEnd": ["DialStatus: ANSWER"],
    "Hangup": ["Cause: 16", "Cause-txt: Normal Clearing"],
    "UserEvent": ["UserEvent: CCWaiting", "CallId: {n}", "Queue: main"],
}
_EXTRA["BridgeLeave"] = _EXTRA["BridgeEnter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WireFigures:
    """Events in a CPU-second of this process: the median of each reader's rounds."""

    events: int
    """In the stream, each round."""
    mean_bytes: float
    """Of one event."""
    mean_headers: float
    rounds: int
    full_per_cpu_s: float
    """Ours, each event parsed and one header of it looked up."""
    lazy_per_cpu_s: float
    """Ours, each event's name looked at and no more."""
    panoramisk_per_cpu_s: float
    """panoramisk's reader and dispatch to one callback for all events."""

    @property
    def full_ratio(self) -> float:
        """How many times panoramisk's rate ours is, parsed."""
        return self.full_per_cpu_s / self.panoramisk_per_cpu_s

    @property
    def lazy_ratio(self) -> float:
        """How many times panoramisk's rate ours is, by name only."""
        return self.lazy_per_cpu_s / self.panoramisk_per_cpu_s


def measure(*, seed: int, events: int = 10_000, rounds: int = 5) -> WireFigures:
    """Read one generated stream with each reader in turn, round by round.

    Args:
        seed: Makes the stream; the same seed is the same stream.
        events: How many it holds.
        rounds: How often each reads it; an odd number has a true median.

    Raises:
        ValueError: A reader did not see every event; the figures would be void.
    """
    blocks = list(_events(seed, events))
    stream = _GREETING + b"".join(blocks)
    chunks = [
        stream[start : start + _READ_BYTES]
        for start in range(0, len(stream), _READ_BYTES)
    ]
    readers = (_read_fully, _read_lazily, _read_by_panoramisk)
    rates: list[list[float]] = [[] for _ in readers]
    for _ in range(rounds):
        for reader, found in zip(readers, rates, strict=True):
            found.append(_rate(reader, chunks, events))
    full, lazy, peer = (statistics.median(found) for found in rates)
    return WireFigures(
        events=events,
        mean_bytes=sum(map(len, blocks)) / events,
        mean_headers=sum(block.count(b"\r\n") - 1 for block in blocks) / events,
        rounds=rounds,
        full_per_cpu_s=full,
        lazy_per_cpu_s=lazy,
        panoramisk_per_cpu_s=peer,
    )


def _rate(
    reader: Callable[[list[bytes]], int], chunks: list[bytes], events: int
) -> float:
    began_s = time.process_time()
    seen = reader(chunks)
    spent_s = time.process_time() - began_s
    if seen != events:
        problem = f"{reader.__name__}: must see {events} events, got {seen}"
        raise ValueError(problem)
    return events / spent_s


def _read_lazily(chunks: list[bytes]) -> int:
    frames = Frames()
    seen = 0
    for chunk in chunks:
        for message in frames.feed(chunk):
            if message.event:
                seen += 1
    return seen


def _read_fully(chunks: list[bytes]) -> int:
    frames = Frames()
    seen = 0
    for chunk in chunks:
        for message in frames.feed(chunk):
            if message.get("Event"):
                seen += 1
    return seen


def _read_by_panoramisk(chunks: list[bytes]) -> int:
    seen = 0

    def count(_manager: object, _event: object) -> None:
        nonlocal seen
        seen += 1

    manager = Manager()
    manager.register_event("*", count)
    protocol = manager.config["protocol_factory"]()
    protocol.connection_made(None)
    protocol.factory = manager
    protocol.encoding = manager.config["encoding"]
    for chunk in chunks:
        protocol.data_received(chunk)
    return seen


def _events(seed: int, count: int) -> Iterator[bytes]:
    """Make events as Asterisk 22 writes them, of forty calls at a time."""
    choices = random.Random(seed)  # noqa: S311  # a stream that can be made again
    names = choices.choices(list(_SHARES), list(_SHARES.values()), k=count)
    for n, name in enumerate(names):
        call = n // 56 // 40 * 40 + choices.randrange(40)
        lines = [f"Event: {name}", "Privilege: call,all", "SystemName: tl7f3a9c21"]
        lines += _channel(call, "Dest" if name.startswith("Dial") else "")
        lines += [line.format(n=n) for line in _EXTRA.get(name, [])]
        yield ("\r\n".join(lines) + "\r\n\r\n").encode()


def _channel(call: int, prefix: str) -> list[str]:
    told = {
        "Channel": f"PJSIP/trunk-{call:08x}",
        "ChannelState": "6",
        "ChannelStateDesc": "Up",
        "CallerIDNum": f"138{call:08d}",
        "CallerIDName": "张伟" if call % 5 == 0 else "Zhang Wei",
        "ConnectedLineNum": "<unknown>",
        "ConnectedLineName": "<unknown>",
        "Language": "en",
        "AccountCode": "",
        "Context": "cc-wait",
        "Exten": "s",
        "Priority": "3",
        "Uniqueid": f"tl7f3a9c21-1795301496.{call}",
        "Linkedid": f"tl7f3a9c21-1795301496.{call}",
    }
    return [f"{prefix}{key}: {value}" for key, value in told.items()]
