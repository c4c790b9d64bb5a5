"""What the probes heard, and the process that hears it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.runtime.bench.chaos import sound_probe
from services.runtime.bench.problems import BenchFailed
from services.runtime.settings import CHECKOUT

_LIMIT_S = 20.0
_LINE_BYTES = 1 << 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one port heard of one leg; instants by the wall."""

    sort: str
    """``talking``, ``devices``, ``listening``, ``quiet`` or ``speaking``."""
    port: int
    packets: int
    first_at: datetime
    last_at: datetime
    audible_at: datetime | None = None
    gaps: tuple[tuple[datetime, datetime], ...] = ()
    """Pauses longer than 35 ms."""
    hushes: tuple[tuple[datetime, datetime], ...] = ()
    """Times without anything audible, longer than 0.5 s."""

    def silences(
        self, since: datetime, until: datetime
    ) -> list[tuple[datetime, datetime]]:
        """Return the pauses within a window, cut to it; what never came again too."""
        pauses = [*self.gaps, (self.last_at, until)]
        within = [(max(begin, since), min(end, until)) for begin, end in pauses]
        return [(begin, end) for begin, end in within if end > begin]

    def longest_hush_s(self, since: datetime, until: datetime) -> float:
        """Return the longest time without anything audible within a window."""
        first = until if self.audible_at is None else min(self.audible_at, until)
        pauses = [(since, first), *self.hushes]
        within = [(max(begin, since), min(end, until)) for begin, end in pauses]
        return max((end - begin).total_seconds() for begin, end in within)

    def longest_gap_ms(self, since: datetime, until: datetime) -> float:
        """Return the longest pause within a window; at least a packet's length."""
        pauses = (end - begin for begin, end in self.silences(since, until))
        longest = max((pause.total_seconds() * 1000 for pause in pauses), default=0.0)
        return max(longest, sound_probe.PACKET_S * 1000)


@dataclass(slots=True)
class SoundProbe:
    """A running probe; ``heard`` is filled when it has ended."""

    ports: Mapping[str, Sequence[int]]
    heard: tuple[Heard, ...] = ()
    late_ms: float = 0.0
    """How late its own sending was at its worst."""
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    async def close(self) -> None:
        """End it and take in what it heard; the second time nothing happens."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        told = await _line(process)
        await process.wait()
        self.late_ms = told["late_s"] * 1000
        self.heard = tuple(_heard(told["flows"]))


@asynccontextmanager
async def sound_probes(
    *, talking: int = 0, listening: int = 0, quiet: int = 0, speaking: int = 0
) -> AsyncIterator[SoundProbe]:
    """Run a probe with so many ports of each sort until the block ends.

    Raises:
        BenchFailed: It does not tell its ports.
    """
    counts = {
        "talking": talking,
        "listening": listening,
        "quiet": quiet,
        "speaking": speaking,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", sound_probe.__name__),
        *(word for sort, n in counts.items() for word in (f"--{sort}", str(n))),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": str(CHECKOUT)},
        limit=_LINE_BYTES,
    )
    try:
        probe = SoundProbe(await _line(process), _process=process)
        yield probe
        await probe.close()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _line(process: asyncio.subprocess.Process) -> Any:  # noqa: ANN401 - JSON
    if process.stdout is None:
        raise TypeError("stdout was not piped")
    line = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(_LIMIT_S):
            line = await process.stdout.readline()
    if not line:
        raise BenchFailed(
            "listening to calls",
            found="the sound probe said nothing",
            would_do=f"does python -m {sound_probe.__name__} work by hand?",
        )
    return json.loads(line)


def _heard(flows: Iterable[Mapping[str, Any]]) -> Iterable[Heard]:
    for flow in flows:
        if flow["packets"] == 0:
            continue
        audible = flow["audible_at_s"]
        yield Heard(
            sort=flow["sort"],
            port=flow["port"],
            packets=flow["packets"],
            first_at=_at(flow["first_at_s"]),
            last_at=_at(flow["last_at_s"]),
            audible_at=None if audible is None else _at(audible),
            gaps=tuple((_at(begin), _at(end)) for begin, end in flow["gaps"]),
            hushes=tuple((_at(begin), _at(end)) for begin, end in flow["hushes"]),
        )


def _at(epoch_s: float) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)
