"""Who is led to the open queue, and who along with them, by the real dialplan alone."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cti_bridge.agi.protocol import set_variables
from cti_bridge.ami.connection import Connection
from cti_bridge.ami.protocol import Message
from services.phone.sipp import CallerPlan, Load, place_calls
from tests.support.eventually import eventually
from tests.support.postgres import free_port
from tests.support.real_pbx import RealPbx, real_pbx

pytestmark = pytest.mark.asterisk

QUEUE = "q_one"
HOLD_MS = 9000


@asynccontextmanager
async def flows_that_lead_to_the_queue(port: int) -> AsyncIterator[None]:
    """Serve every caller's flow by giving the caller to the queue at once."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\n\n")
        told = {"CC_QUEUE": QUEUE, "CC_T0": f"{time.time():.3f}"}
        told |= {"CC_STATE": "waiting", "CC_IVR_DONE": "1"}
        writer.write(set_variables(told))
        await reader.readline()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", port):
        yield


async def dial(pbx: RealPbx, folder: Path, calls: int, *, first: int) -> None:
    """Have callers dial 0.4 s apart, so that their seconds of waiting differ."""
    port = free_port()
    await place_calls(
        CallerPlan(
            number="6000",
            callers=[(str(first + n), "caller") for n in range(calls)],
            hang_up_after_ms=(HOLD_MS,),
        ),
        Load(calls=calls, per_s=2.5, timeout_s=30),
        server=pbx.sip,
        port=port,
        folder=folder / f"sipp-{port}",
    )


def led_away(pbx: RealPbx) -> set[str]:
    """Return the numbers of all who were noted to come to the open queue."""
    if not pbx.queue_log.exists():
        return set()
    lines = pbx.queue_log.read_text().splitlines()
    return {line.split(" ")[-3] for line in lines if "|CCOPEN|" in line}


async def test_who_waits_goes_along_with_the_first_who_is_led_away(
    tmp_path: Path,
) -> None:
    told: list[Message] = []
    waiting = {"13800000000", "13800000001", "13800000002"}
    async with (
        real_pbx(tmp_path, open_queue=QUEUE) as pbx,
        flows_that_lead_to_the_queue(pbx.agi_port),
    ):
        link = await Connection.open(pbx, epoch=1, nonce="n", sink=told.append)
        link.release()

        async def beat(at: float) -> None:
            await link.act("Setvar", {"Variable": "CC_HB", "Value": str(int(at))})

        await beat(time.time() + 60)
        before = asyncio.create_task(dial(pbx, tmp_path, 3, first=13_800_000_000))
        await eventually(lambda: _waiting(told) == 3)
        # The engine is away until the first of them has seen it, and no longer.
        await beat(time.time() - 7)
        await eventually(lambda: bool(led_away(pbx)))
        await beat(time.time() + 60)
        await asyncio.sleep(1.2)
        after = asyncio.create_task(dial(pbx, tmp_path, 1, first=13_900_000_000))
        await eventually(lambda: _waiting(told) == 4)
        await asyncio.sleep(2)
        led = led_away(pbx)
        link.close()
        await asyncio.gather(before, after)

    assert led == waiting, "one who waits longer must not stay behind"


def _waiting(told: list[Message]) -> int:
    return sum(message.get("UserEvent") == "CCWaiting" for message in told)
