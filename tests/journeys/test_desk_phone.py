"""An agent takes calls in the telephone of the page, and both sides are heard."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.phone.phone_call import PhoneCall
from services.phone.softphone import Line, open_softphone
from services.phone.sound import (
    AGENT_HZ,
    CALLER_HZ,
    SAMPLE_RATE_HZ,
    loudness_at,
    voice_like,
    write_wav,
)
from services.runtime.desk.build import build
from services.runtime.desk.node import find_node
from services.runtime.parts.kept import folders
from services.runtime.progress import say
from tests.journeys.stage import tieline
from tests.journeys.test_desk import (
    FLOOR,
    FLOW,
    LIMIT_S,
    account,
    chromium,
    ended,
    tools,
)
from tests.support.instance import RunningInstance, running_instance

pytestmark = pytest.mark.desk

SCRIPT = Path(__file__).with_name("desk_phone.mjs")
HEARD_S = 2.0
VOICE = 300.0
"""Of a sample: a voice in a telephone; silence and the other's voice are far below."""


@pytest.fixture(scope="module")
def at_the_desk() -> Iterator[RunningInstance]:
    build(None)
    flow = FLOW.read_text(encoding="utf-8").replace("{{story}}", "desk")
    with running_instance(floor=FLOOR, flows={"desk.yaml": flow}) as running:
        yield running


async def test_calls_are_taken_in_the_page(
    at_the_desk: RunningInstance, tmp_path: Path
) -> None:
    instance = at_the_desk
    voice = tmp_path / "voice.wav"
    write_wav(voice, voice_like(AGENT_HZ))
    told = {
        "packages": str(tools()),
        "chromium": chromium(),
        "http": instance.http,
        "name": "alice",
        "password": await account(instance, "alice"),
        "pictures": os.environ.get("TIELINE_TEST_PICTURES", ""),
        "microphone": str(voice),
        "callerHz": CALLER_HZ,
    }
    browser = await a_browser(told)
    try:
        async with asyncio.timeout(LIMIT_S):
            await called(instance, browser)
    except (AssertionError, TimeoutError) as error:
        if browser.returncode is None:
            browser.terminate()
        told_last, said = await browser.communicate()
        pytest.fail(f"{error}\n{told_last.decode()}\n{said.decode()}")
    finally:
        await ended(browser)

    [call] = (await tieline(instance, "calls", "--number", "13800138000"))["said"]
    assert (call["agent_id"], call["close_reason"]) == ("alice", "completed")
    story: Any = await instance.ask("GET", f"/calls/{call['call_id']}/story")
    [sound] = [it for it in story["facts"] if it["kind"] == "sound_measured"]
    assert sound["body"]["packets"] > 100
    # How good it was is the machine's matter: a busy one loses sound.
    assert 1 <= sound["body"]["mos"] <= 4.5
    [offer] = story["offers"]
    assert offer["device_id"] == "web-alice"


async def called(
    instance: RunningInstance, browser: asyncio.subprocess.Process
) -> None:
    """Call while the browser is at work, and listen to it."""
    caller = Line(user="13800138000", server=instance.told["sip"], display_name="张伟")
    assert await word(browser) == "ready"
    async with open_softphone(caller, keeps_sound=True) as phone:
        call = await phone.dial("6000")
        await call.wait_answered(60)
        call.say(voice_like(CALLER_HZ), repeat=True)
        assert await word(browser) == "heard"
        assert await hears(call) > VOICE
        go_on(browser)
        assert await word(browser) == "muted"
        assert await hears(call) < VOICE / 10
        go_on(browser)
        assert await word(browser) == "unmuted"
        assert await hears(call) > VOICE
        go_on(browser)
        ending = await call.wait_ended(60)
        assert ending is not None
        assert ending.by == "them"
    assert await word(browser) == "done"
    assert await browser.wait() == 0


async def a_browser(told: dict[str, Any]) -> asyncio.subprocess.Process:
    node = find_node(folders()[0], say).node
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        str(node), str(SCRIPT), json.dumps(told), stdin=pipe, stdout=pipe, stderr=pipe
    )


async def word(browser: asyncio.subprocess.Process) -> str:
    assert browser.stdout is not None
    return (await browser.stdout.readline()).decode().strip()


def go_on(browser: asyncio.subprocess.Process) -> None:
    assert browser.stdin is not None
    browser.stdin.write(b"go on\n")


async def hears(call: PhoneCall) -> float:
    """Return how loud the agent's voice was at the caller's end, from now on."""
    # What is on its way was said before.
    await asyncio.sleep(1)
    begin = len(call.ear.pcm)
    wanted = int(HEARD_S * SAMPLE_RATE_HZ) * 2
    async with asyncio.timeout(30):
        while len(call.ear.pcm) < begin + wanted:  # noqa: ASYNC110 - sound comes by a clock
            await asyncio.sleep(0.1)
    pcm = bytes(call.ear.pcm[begin : begin + wanted])
    assert loudness_at(pcm, CALLER_HZ) < VOICE / 10, "the caller hears themselves"
    return loudness_at(pcm, AGENT_HZ)
