"""Malformed SIP thrown at a switch in whose midst people talk."""

import asyncio
import os
import random
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

from services.phone.sipp import CallerPlan, DevicePlan, Load
from services.runtime.bench.chaos.murmur import murmuring
from services.runtime.bench.chaos.rfc4475 import messages
from services.runtime.bench.figures import Figure
from services.runtime.bench.floor_plan import DIRECT, FloorPlan
from services.runtime.bench.ordinary import numbered
from services.runtime.bench.stand import Stand, open_stand
from services.runtime.progress import say

_AT_ONCE = 25
_SETTLE_S = 5.0
_MOST_BYTES = 60_000
_JUNK = (
    b"\x00",
    b"\r\n",
    b"\n",
    b"\t",
    b"%00",
    b"%0d%0a",
    b'"',
    b"<",
    b">",
    b";",
    b":",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Torture:
    """How many spoilt messages, how fast, and how many talk meanwhile."""

    mutations: int = 10_000
    per_s: float = 400.0
    talking: int = 20
    seed: int = 4475

    @property
    def lasts_s(self) -> float:
        """How long the throwing takes."""
        return (49 + self.mutations) / self.per_s


@dataclass(frozen=True, slots=True, kw_only=True)
class TortureSeen:
    """What was thrown, and who lived through it."""

    thrown: int
    talking: int
    alive: int
    """Of them, who talked until their own goodbye."""
    is_same_process: bool
    """Whether the switch is the process that it was."""
    is_served_after: bool
    """Whether a caller who came afterwards was answered."""

    def figures(self) -> list[Figure]:
        """Return what was promised, and what came of it."""
        lived = self.alive if self.is_same_process and self.is_served_after else 0
        return [
            Figure(
                name="talks alive",
                value=float(lived),
                unit="calls",
                n=self.talking,
                floor=float(self.talking),
                is_more_better=True,
                more={"thrown": self.thrown, "same_process": self.is_same_process},
            )
        ]


async def run(torture: Torture, *, base_port: int | None = None) -> TortureSeen:
    """Start an instance, have people talk, throw everything, and look who lives.

    Args:
        torture: How much of it.
        base_port: The instance's; None looks for some that are free.

    Raises:
        BenchFailed: The instance or its devices do not become ready.
    """
    floor = FloorPlan(agents=torture.talking + 10)
    async with (
        open_stand(floor, base_port=base_port) as stand,
        AsyncExitStack() as stack,
    ):
        await stack.enter_async_context(stand.devices(DevicePlan(ring_ms=200)))
        ears = await stack.enter_async_context(murmuring(torture.talking))
        return await _amid_talks(stand, torture, ears)


async def _amid_talks(
    stand: Stand, torture: Torture, ears: tuple[int, ...]
) -> TortureSeen:
    talk_s = torture.lasts_s * 1.5 + 3 * _SETTLE_S
    plan = CallerPlan(
        number=DIRECT,
        callers=numbered(torture.talking),
        hang_up_after_ms=(round(1000 * talk_s),),
        media_ports=ears,
    )
    load = Load(calls=torture.talking, per_s=10, timeout_s=talk_s + 60)
    pid = stand.instance.pids["asterisk"]
    async with asyncio.TaskGroup() as tasks:
        talking = tasks.create_task(stand.callers(plan, load))
        await asyncio.sleep(_SETTLE_S)
        say(f"throwing 49 messages of RFC 4475 and {torture.mutations} mutations")
        thrown = await throw(
            stand.instance.sip,
            DIRECT,
            mutations=torture.mutations,
            per_s=torture.per_s,
            seed=torture.seed,
        )
    is_same = _lives(pid)
    await asyncio.sleep(_SETTLE_S)
    plan = CallerPlan(number=DIRECT, callers=numbered(1, 13_700_000_001))
    after = await stand.callers(plan, Load(timeout_s=30))
    calls = talking.result().calls
    return TortureSeen(
        thrown=thrown,
        talking=torture.talking,
        alive=sum(call.went_well for call in calls),
        is_same_process=is_same,
        is_served_after=[call.status for call in after.calls] == [200],
    )


async def throw(
    server: str, number: str, *, mutations: int, per_s: float, seed: int
) -> int:
    """Send the RFC's messages and so many mutations of them; answers are not read.

    Args:
        server: Host and port, on loopback.
        number: One that is answered.
        mutations: How many besides the 49.
        per_s: How fast.
        seed: Of the mutations: the same again, byte for byte but for our port.

    Returns:
        How many were sent.
    """
    host, _, port = server.rpartition(":")
    # Of a socket that nobody reads, the kernel drops the answers by itself.
    with socket.socket(type=socket.SOCK_DGRAM) as thrower:
        thrower.bind(("127.0.0.1", 0))
        thrower.connect((host, int(port)))
        own = f"127.0.0.1:{thrower.getsockname()[1]}"
        plain = [text for _, text in messages(server, number, own)]
        sent = 0
        for text in (*plain, *spoilt(plain, mutations, seed)):
            thrower.send(text[:_MOST_BYTES])
            sent += 1
            if sent % _AT_ONCE == 0:
                await asyncio.sleep(_AT_ONCE / per_s)
    return sent


def spoilt(plain: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    """Yield so many messages, each some of the plain ones spoilt in a few places."""
    # Not for secrets: the same seed must give the same again.
    chance = random.Random(seed)  # noqa: S311
    for turn in range(count):
        text = chance.choice(plain)
        for _ in range(chance.randint(1, 6)):
            text = _spoil(text, chance, plain)
        # Else the switch takes most for what it was sent before.
        yield text.replace(b"torture-", b"torture-%d-" % turn)


def _spoil(text: bytes, chance: random.Random, plain: list[bytes]) -> bytes:
    if not text:
        return text
    at = chance.randrange(len(text))
    until = min(len(text), at + chance.randint(1, 40))
    lines = text.split(b"\r\n")
    line = chance.randrange(len(lines))
    match chance.randrange(9):
        case 0:
            return text[:at] + bytes([chance.randrange(256)]) + text[at + 1 :]
        case 1:
            return text[:at] + chance.choice(_JUNK) * chance.randint(1, 9) + text[at:]
        case 2:
            return text[:at] + text[until:]
        case 3:
            return text[:until] + text[at:]
        case 4:
            return text[:at]
        case 5:
            return b"\r\n".join([*lines[:line], lines[line] * 40, *lines[line:]])
        case 6:
            return b"\r\n".join([*lines[:line], *lines[line + 1 :]])
        case 7:
            other = chance.choice(plain)
            return text[:at] + other[len(other) // 2 :]
        case _:
            digits = str(chance.choice((0, -1, 2**31, 2**32, 2**64))).encode()
            return text[:at] + digits + text[until:]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
