"""``tieline utility`` against a simulated utility that really answers."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner, Result

from services.runtime import instance
from services.runtime.commands.utility import UtilityAway, app
from services.runtime.instance import Instance
from services.utility.simulator.desk import Desk
from services.utility.simulator.door import SimulatorDoor
from services.utility.simulator.world import World


def there(data: Path, utility: str) -> None:
    instance.write(
        Instance(
            data=data,
            sip="127.0.0.1:1",
            http="http://127.0.0.1:1",
            ami="127.0.0.1:1",
            agi="127.0.0.1:1",
            database="",
            numbers=(),
            utility=utility,
            pids={"supervisor": os.getpid()},
        )
    )


@asynccontextmanager
async def simulated(data: Path) -> AsyncIterator[Desk]:
    now = datetime.now(UTC)
    desk = Desk(World(now), now=lambda: now)
    door = SimulatorDoor(desk, chance=Random(1))  # noqa: S311 - no secret
    server = await door.start("127.0.0.1", 0)
    there(data, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with server:
        yield desk


async def tieline_utility(data: Path, *words: str) -> Result:
    run = CliRunner().invoke
    return await asyncio.to_thread(run, app, [*words, "--data", str(data)])


async def test_what_is_shown_begins_with_that_it_is_simulated(tmp_path: Path) -> None:
    async with simulated(tmp_path) as desk:
        desk.world.send("7004", "抢修人员已出发", datetime.now(UTC))
        shown = [
            await tieline_utility(tmp_path, command)
            for command in ("sms", "orders", "customers")
        ]

    assert all(one.exit_code == 0 for one in shown)
    assert all(one.output.startswith("SIMULATED: ") for one in shown)
    assert "抢修人员已出发" in shown[0].output
    assert "FAULT" in shown[1].output
    assert "王大爷" in shown[2].output


async def test_it_is_broken_and_mended_by_command(tmp_path: Path) -> None:
    async with simulated(tmp_path) as desk:
        words = ("break", "--delay", "3", "--errors", "50%", "--json")
        told = await tieline_utility(tmp_path, *words)
        broken = desk.troubles
        await tieline_utility(tmp_path, "break", "--mend")
        mended = desk.troubles

    assert json.loads(told.output)["troubles"]["delay_s"] == 3
    assert (broken.delay_s, broken.errors) == (3, 0.5)
    assert not mended.are_any


@pytest.mark.parametrize(
    "words", [("break",), ("break", "--absent", "--mend"), ("break", "--errors", "x")]
)
async def test_what_cannot_be_meant_is_refused(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    async with simulated(tmp_path) as desk:
        told = await tieline_utility(tmp_path, *words)
        troubles = desk.troubles

    assert told.exit_code == 2
    assert not troubles.are_any


async def test_without_a_simulated_utility_it_is_told_so(tmp_path: Path) -> None:
    there(tmp_path, "")

    told = await tieline_utility(tmp_path, "orders")

    assert isinstance(told.exception, UtilityAway)
    assert "this instance has no simulated one" in str(told.exception)
