"""FastAGI clients that misbehave in every way at once, and what comes of it.

Run as a program it misbehaves for a while and then says how far it came: in a process
of its own, so that it does not slow down whom it measures.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from services.runtime.bench.figures import Figure
from services.runtime.instance import Instance
from services.runtime.settings import CHECKOUT

_HEADER: Final = (
    b"agi_network: yes\nagi_network_script: flow\nagi_request: agi://127.0.0.1/flow\n"
    b"agi_channel: PJSIP/trunk-00000001\nagi_language: en\nagi_type: PJSIP\n"
    b"agi_uniqueid: abuse-1.1\nagi_version: 22\nagi_callerid: 13800138000\n"
)
_CONNECT_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.02
_SETTLE_S: Final = 3.0
_MEGABYTE: Final = 1 << 20

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Way = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Abuse:
    """How many clients of each sort there are, all at once."""

    each: int = 50
    idle: int = 1000
    """Connections that say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbuseSeen:
    """What the engine was like meanwhile."""

    lag_ms: float
    """The longest that its loop let a request wait."""
    calm_lag_ms: float
    """The same before, on the same machine."""
    memory_mb: float
    """By how much it grew at its largest."""
    connected: int
    """Clients that were let in, or were cut off by it."""

    def figures(self) -> list[Figure]:
        """Return what was promised, and what came of it."""
        calm = {"calm_ms": round(self.calm_lag_ms, 1)}
        return [
            Figure(
                name="loop lag",
                value=self.lag_ms,
                unit="ms",
                n=self.connected,
                floor=100,
                goal=20,
                more=calm,
            ),
            Figure(
                name="memory grown",
                value=self.memory_mb,
                unit="MB",
                n=self.connected,
                floor=50,
                goal=10,
            ),
        ]


async def run(instance: Instance, abuse: Abuse | None = None) -> AbuseSeen:
    """Misbehave at a running engine, and look at it from outside meanwhile."""
    abuse = abuse or Abuse()
    pid = instance.pids["engine"]
    watch = _Watch(instance.http, pid)
    watching = asyncio.create_task(watch.run())
    try:
        await asyncio.sleep(_SETTLE_S)
        calm_ms, before_mb = watch.begin_anew(), _resident_mb(pid)
        connected = await misbehave(instance.agi, abuse)
        await asyncio.sleep(_SETTLE_S)
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    return AbuseSeen(
        lag_ms=watch.longest_ms,
        calm_lag_ms=calm_ms,
        memory_mb=max(0.0, watch.largest_mb - before_mb),
        connected=connected,
    )


async def misbehave(agi: str, abuse: Abuse) -> int:
    """Run the clients in a process of their own; return how many had a connection."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", __spec__.name, agi),
        *("--each", str(abuse.each), "--idle", str(abuse.idle)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    told, _ = await process.communicate()
    return int(sum(json.loads(told).values()))


class _Watch:
    """Asks the engine's loop for the least there is, again and again."""

    def __init__(self, http: str, pid: int) -> None:
        self._http, self._pid = http, pid
        self.longest_ms = 0.0
        self.largest_mb = 0.0

    def begin_anew(self) -> float:
        """Forget what was seen, and return the longest wait of it."""
        longest, self.longest_ms, self.largest_mb = self.longest_ms, 0.0, 0.0
        return longest

    async def run(self) -> None:
        async with httpx.AsyncClient(base_url=self._http, trust_env=False) as client:
            await client.get("/health")
            while True:
                began_s = time.monotonic()
                await client.get("/health", timeout=60)
                took_ms = (time.monotonic() - began_s) * 1000
                self.longest_ms = max(self.longest_ms, took_ms)
                self.largest_mb = max(self.largest_mb, _resident_mb(self._pid))
                await asyncio.sleep(_LOOK_EVERY_S)


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MEGABYTE


async def _early_close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _half_a_header(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_HEADER[:100])
    await writer.drain()


async def _slow_header(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    for at in range(len(_HEADER)):
        if reader.at_eof():
            return
        writer.write(_HEADER[at : at + 1])
        await writer.drain()
        await asyncio.sleep(0.1)


async def _endless_line(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for _turn in range(16):
        writer.write(b"a" * (_MEGABYTE // 16))
        await writer.drain()


async def _garbage(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(os.urandom(20_000) + b"\n\n")
    await writer.drain()


async def _answers_garbage(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.write(_HEADER + b"\n")
    for _turn in range(200):
        writer.write(b"no answer to anything\n" * 50)
        await writer.drain()
    await reader.read(1 << 16)


async def _answers_nothing(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.write(_HEADER + b"\n")
    await writer.drain()
    await reader.read()


async def _idle(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


_WAYS: Final[tuple[Way, ...]] = (
    _early_close,
    _half_a_header,
    _slow_header,
    _endless_line,
    _garbage,
    _answers_garbage,
    _answers_nothing,
)


async def clients(agi: str, abuse: Abuse) -> dict[str, int]:
    """Be all the clients at once; return how many of each way had a connection."""
    host, _, port = agi.rpartition(":")
    had = Counter[str]()

    async def one(way: Way) -> None:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CONNECT_S):
                reader, writer = await asyncio.open_connection(host, int(port))
            had[way.__name__.strip("_")] += 1
            try:
                async with asyncio.timeout(10):
                    await way(reader, writer)
            finally:
                writer.close()

    ways = [_idle] * abuse.idle + [way for way in _WAYS for _ in range(abuse.each)]
    # As a crowd comes, not sort by sort; nothing secret in it.
    random.Random(1).shuffle(ways)  # noqa: S311
    await asyncio.gather(*map(one, ways))
    return dict(had)


def main() -> None:
    """Misbehave as asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("agi", help="host:port")
    parser.add_argument("--each", type=int, default=Abuse().each)
    parser.add_argument("--idle", type=int, default=Abuse().idle)
    asked = parser.parse_args()
    had = asyncio.run(clients(asked.agi, Abuse(each=asked.each, idle=asked.idle)))
    sys.stdout.write(json.dumps(had))


if __name__ == "__main__":
    main()
