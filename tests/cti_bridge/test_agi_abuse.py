"""Clients that misbehave at the FastAGI server: a caller is served all the same."""

import asyncio
from pathlib import Path

from cti_bridge.agi.protocol import WRITTEN
from cti_bridge.agi.server import AgiServer, Session
from services.runtime.bench.chaos.agi_abuse import Abuse, misbehave
from tests.support.eventually import eventually

MOST_MB = 50


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / (1 << 20)


async def test_behind_a_crowd_that_misbehaves_a_caller_is_served() -> None:
    served = asyncio.Event()

    async def serve(session: Session) -> None:
        if session.request.is_whole:
            served.set()
        await session.ask(b"GET VARIABLE CC_ARRIVAL\n", 2)

    server = AgiServer(serve)
    port = await server.start("127.0.0.1", 0)
    before_mb = resident_mb()

    connected = await misbehave(f"127.0.0.1:{port}", Abuse(each=10, idle=300))
    await eventually(lambda: server.sessions == 0, limit_s=60)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    ordered = ["agi_network", *sorted(WRITTEN - {"agi_network"})]
    writer.write("".join(f"{name}: yes\n" for name in ordered).encode() + b"\n")
    asked = await reader.readuntil(b"\n")
    writer.close()
    await server.close()

    assert connected > 100
    assert served.is_set()
    assert asked == b"GET VARIABLE CC_ARRIVAL\n"
    assert resident_mb() - before_mb < MOST_MB
