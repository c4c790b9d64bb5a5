"""An agent works at the desk in a real browser, on real calls."""

import asyncio
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.runtime.desk.build import build, packages
from services.runtime.desk.node import find_node
from services.runtime.parts.kept import folders
from services.runtime.progress import say
from services.runtime.settings import CHECKOUT
from tests.journeys.stage import tieline
from tests.support.instance import TIELINE, RunningInstance, running_instance

pytestmark = pytest.mark.desk

SCRIPT = Path(__file__).with_name("desk.mjs")
LIMIT_S = 400.0
FLOOR = """\
province: YJ
unit: YZ
numbers:
  6000: {name: Hotline, flow: desk}
skills: {fault: faults}
queues:
  q_desk: {name: Faults, skills: {fault: 1}, ring_s: 40, wrap_up_s: 120}
agents:
  alice: {name: Alice, device: dev-alice, skills: {fault: 3}}
"""
FLOW = CHECKOUT / "tests" / "journeys" / "direct.flow"
NAME = "张伟"


def chromium() -> str:
    """Return the browser; without one nothing here can be told."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.fail("chromium: is not here; apt-get install chromium fonts-noto-cjk")
    return found


@pytest.fixture(scope="module")
def at_the_desk() -> Iterator[RunningInstance]:
    build(None)
    flow = FLOW.read_text(encoding="utf-8").replace("{{story}}", "desk")
    with running_instance(floor=FLOOR, flows={"desk.yaml": flow}) as running:
        yield running


async def test_an_agents_day_at_the_desk(
    at_the_desk: RunningInstance, tmp_path: Path
) -> None:
    instance = at_the_desk
    password = await account(instance, "alice")
    told = {
        "packages": str(tools()),
        "chromium": chromium(),
        "http": instance.http,
        "name": "alice",
        "password": password,
        "pictures": os.environ.get("TIELINE_TEST_PICTURES", ""),
        "callerName": NAME,
    }
    node = find_node(folders()[0], say).node
    phone = await started(instance, TIELINE, "agent", "alice", "--phone", *PHONE)
    browser = await started(instance, str(node), str(SCRIPT), json.dumps(told))
    caller = None
    try:
        assert browser.stdout is not None
        async with asyncio.timeout(LIMIT_S):
            assert await browser.stdout.readline() == b"ready\n"
            caller = await started(instance, TIELINE, "call", "6000", *CALLER)
            told_last, said = await browser.communicate()
            complaint = said.decode() + await last_words(caller)
        assert (browser.returncode, told_last) == (0, b"done\n"), complaint
    finally:
        for process in (browser, caller, phone):
            await ended(process)

    [call] = (await tieline(instance, "calls", "--number", "13800138000"))["said"]
    assert (call["agent_id"], call["close_reason"]) == ("alice", "completed")


PHONE = ("--answer-after", "15")
CALLER = ("--name", NAME, "--talk", "45", "--wait", "120")


def tools() -> Path:
    """Return the folder with Playwright in it."""
    place = folders()[0]
    return packages(find_node(place, say), place, with_tools=True)


async def account(instance: RunningInstance, agent_id: str) -> str:
    """Give an agent an account, and return its password."""
    body = {"name": agent_id, "agent_id": agent_id, "roles": [{"role": "agent"}]}
    made: Any = await instance.ask("POST", "/people", body)
    return str(made["secret"])


async def started(
    instance: RunningInstance, *command: str
) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *command, stdout=pipe, stderr=pipe, env=dict(instance.environment)
    )


async def last_words(process: asyncio.subprocess.Process) -> str:
    """End a process and return what it said, for a day that went wrong."""
    if process.returncode is None:
        process.terminate()
    told, said = await process.communicate()
    return (told + said).decode()


async def ended(process: asyncio.subprocess.Process | None) -> None:
    if process is not None and process.returncode is None:
        process.terminate()
        await process.communicate()
