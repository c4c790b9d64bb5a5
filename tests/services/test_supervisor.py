import asyncio
import json
import os
import signal
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from services.runtime.embedded.child import Child
from services.runtime.embedded.errors import NotStarted
from services.runtime.privileges import confined
from services.runtime.restarts import PartName
from services.runtime.supervisor import RENEW_SIGNAL, Supervised, Supervisor

LIMIT_S = 30.0


class Floor:
    """Parts that are real processes which only wait, and what was said of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.pids: asyncio.Queue[dict[str, int]] = asyncio.Queue()
        self.stopped: list[str] = []
        self.supervisor = Supervisor(
            {
                "postgresql": self.part("postgresql"),
                "asterisk": self.part("asterisk"),
                "engine": self.part("engine"),
            },
            pids_changed=self.take_pids,
            tell=self.said.append,
        )

    def take_pids(self, pids: Mapping[str, int]) -> None:
        self.pids.put_nowait(dict(pids))

    def part(self, name: PartName) -> Supervised:
        async def start() -> Child:
            return await Child.start(
                name,
                confined(("sleep", "600"), None),
                log=self.folder / f"{name}.log",
                environment=os.environ,
            )

        async def stop(child: Child) -> None:
            self.stopped.append(child.name)
            await child.stop((signal.SIGTERM, 5.0))

        return Supervised(start=start, stop=stop)

    async def next_pids(self) -> dict[str, int]:
        return await asyncio.wait_for(self.pids.get(), LIMIT_S)


def lives(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        while lives(pid):  # noqa: ASYNC110 - a foreign process tells nobody
            await asyncio.sleep(0.02)


async def test_a_signal_stops_all_from_the_last_to_the_first(tmp_path: Path) -> None:
    floor = Floor(tmp_path)
    running = asyncio.create_task(floor.supervisor.run())
    pids = await floor.next_pids()

    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, LIMIT_S)

    assert list(pids) == ["postgresql", "asterisk", "engine"]
    assert floor.stopped == ["engine", "asterisk", "postgresql"]
    assert not any(lives(pid) for pid in pids.values())


async def test_a_part_that_dies_is_started_again_and_the_others_stay(
    tmp_path: Path,
) -> None:
    floor = Floor(tmp_path)
    running = asyncio.create_task(floor.supervisor.run())
    before = await floor.next_pids()

    os.kill(before["asterisk"], signal.SIGKILL)
    without = await floor.next_pids()
    after = await floor.next_pids()

    assert set(without) == {"postgresql", "engine"}
    assert after["asterisk"] != before["asterisk"]
    assert {**after, "asterisk": 0} == {**before, "asterisk": 0}
    assert any("asterisk: ended by SIGKILL after" in line for line in floor.said)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, LIMIT_S)
    assert not any(lives(pid) for pid in after.values())


async def test_a_part_that_does_not_come_up_at_first_ends_the_start(
    tmp_path: Path,
) -> None:
    floor = Floor(tmp_path)
    started: list[Child] = []
    log = tmp_path / "asterisk.log"

    async def first() -> Child:
        started.append(await floor.part("postgresql").start())
        return started[0]

    async def refuses() -> Child:
        raise NotStarted("asterisk", why="it ended with 1", log=log)

    parts: dict[PartName, Supervised] = {
        "postgresql": Supervised(start=first, stop=floor.part("postgresql").stop),
        "asterisk": Supervised(start=refuses, stop=floor.part("asterisk").stop),
    }
    supervisor = Supervisor(parts, pids_changed=floor.take_pids, tell=floor.said.append)

    with pytest.raises(NotStarted):
        await supervisor.run()

    assert not lives(started[0].pid)
    assert floor.pids.empty()


async def test_a_start_that_hangs_is_given_up_when_a_signal_comes(
    tmp_path: Path,
) -> None:
    floor = Floor(tmp_path)
    begun = asyncio.Event()

    async def hangs() -> Child:
        begun.set()
        await asyncio.sleep(3600)
        raise AssertionError

    supervisor = Supervisor(
        {"asterisk": Supervised(start=hangs, stop=floor.part("asterisk").stop)},
        pids_changed=floor.take_pids,
        tell=floor.said.append,
    )
    running = asyncio.create_task(supervisor.run())
    await begun.wait()

    os.kill(os.getpid(), signal.SIGINT)

    await asyncio.wait_for(running, LIMIT_S)
    assert floor.pids.empty()


async def test_the_parts_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import asyncio, json, os, pathlib, sys
        from tests.services.test_supervisor import Floor
        async def main():
            floor = Floor(pathlib.Path(sys.argv[1]))
            floor.supervisor._pids_changed = lambda pids: print(
                json.dumps(pids), flush=True
            )
            await floor.supervisor.run()
        asyncio.run(main())
    """)
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert supervisor.stdout
    line = await asyncio.wait_for(supervisor.stdout.readline(), LIMIT_S)
    pids = list(json.loads(line).values())

    supervisor.kill()
    await supervisor.wait()

    for pid in pids:
        await until_gone(pid)
    assert len(pids) == 3


async def test_an_engine_is_started_anew_at_once_when_that_is_asked_for(
    tmp_path: Path,
) -> None:
    floor = Floor(tmp_path)
    running = asyncio.create_task(floor.supervisor.run())
    before = await floor.next_pids()

    os.kill(os.getpid(), RENEW_SIGNAL)
    without = await floor.next_pids()
    after = await floor.next_pids()

    assert floor.stopped == ["engine"]
    assert set(without) == {"postgresql", "asterisk"}
    assert after["engine"] != before["engine"]
    assert {**after, "engine": 0} == {**before, "engine": 0}
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, LIMIT_S)
    assert not any(lives(pid) for pid in after.values())
