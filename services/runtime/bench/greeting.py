"""How long a caller hears nothing: from the INVITE to the first sound of a greeting."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from services.phone.sipp import CallerPlan, Load
from services.runtime.bench.figures import Figure, latency
from services.runtime.bench.floor_plan import GREETING
from services.runtime.bench.ordinary import numbered
from services.runtime.bench.rtp import is_audible
from services.runtime.bench.stand import Stand

_LISTENS_MS = 1500
_PACKET_BYTES = 2048


async def measure(stand: Stand, *, calls: int, per_s: float) -> list[Figure]:
    """Place calls to a greeting, each with an ear of its own."""
    with ExitStack() as stack:
        ears = [stack.enter_context(_ear()) for _ in range(calls)]
        callers = numbered(calls, 13_900_000_000)
        plan = CallerPlan(
            number=GREETING,
            callers=callers,
            hang_up_after_ms=(_LISTENS_MS,),
            media_ports=tuple(ear.port for ear in ears),
        )
        load = Load(calls=calls, per_s=per_s, timeout_s=calls / per_s + 30)
        outcome = await stand.callers(plan, load)
        # A moment for what the loop has not read yet.
        await asyncio.sleep(0.1)
    by_number = {number: ear for (number, _), ear in zip(callers, ears, strict=True)}
    heard = [
        (at - call.at["dialled"]).total_seconds() * 1000
        for call in outcome.calls
        if (at := by_number[call.number].heard_at) is not None
    ]
    heard_all = Figure(
        name="greetings_heard",
        value=len(heard) / calls,
        unit="share",
        n=calls,
        floor=1.0,
        is_more_better=True,
    )
    return [heard_all, *latency("invite_to_greeting", heard, p99_floor=500)]


class _Ear:
    """A UDP port that notes when the first audible packet came."""

    def __init__(self, at: socket.socket) -> None:
        self._at = at
        self.port: int = at.getsockname()[1]
        self.heard_at: datetime | None = None

    def read(self) -> None:
        """Take one packet."""
        packet = self._at.recv(_PACKET_BYTES)
        if is_audible(packet):
            self.heard_at = datetime.now(UTC)
            # What follows says nothing more, and would only cost.
            asyncio.get_running_loop().remove_reader(self._at)


@contextmanager
def _ear() -> Iterator[_Ear]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as at:
        at.bind(("127.0.0.1", 0))
        at.setblocking(False)
        ear = _Ear(at)
        loop = asyncio.get_running_loop()
        loop.add_reader(at, ear.read)
        try:
            yield ear
        finally:
            loop.remove_reader(at)
