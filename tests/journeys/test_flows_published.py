"""The flows change while callers are inside: each stays on what they began with."""

import asyncio
import json
import socket
import subprocess
import wave
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from ivr.sounds import Language, Spoken
from services.flows.share import tries
from services.phone.mu_law import encoded
from services.phone.sipp import CallerPlan, Load, SippOutcome, place_calls
from services.runtime.prompting import prompt_store
from services.runtime.settings import read_settings
from tests.support.instance import RunningInstance, running_instance
from tests.support.small_floor import small_floor

FLOW = """\
name: main
language: en
entry: {entry}
person: agent
steps:
  {entry}: {{say: {{en: {greeting}}}, goto: menu}}
  menu:
    menu: {{en: Press 1 for an agent.}}
    keys: {{1: agent}}
    timeout_s: 30
    tries: 9
  agent: {{queue: q_fault}}
"""
OLD = FLOW.format(entry="hello", greeting="Hello.")
NEW = FLOW.format(entry="storm", greeting="There is a storm.")
COMING = 80
INSIDE = 50
STAYS_MS = 25_000
AFTER = 200
SHARE = 20
PIECE = 1600
"""Samples of a fifth of a second."""
LOUDNESS = np.zeros(256)
"""Of each byte of the telephone's sound."""
for sample in range(-32_768, 32_768, 4):
    LOUDNESS[encoded(array("h", [sample]).tobytes())[0]] = sample


@pytest.fixture(scope="module")
def running() -> Iterator[RunningInstance]:
    with running_instance(floor=small_floor(), flows={"main.yaml": OLD}) as instance:
        yield instance


class Callers:
    """Telephones whose calls are found again by their numbers."""

    def __init__(self, instance: RunningInstance, folder: Path) -> None:
        self.instance = instance
        self.folder = folder
        self.groups = 0

    async def call(
        self, count: int, *, stays_ms: int, per_s: float = 5, ear: int | None = None
    ) -> "Group":
        self.groups += 1
        numbers = [f"139{self.groups:02}{n:06}" for n in range(count)]
        outcome = await place_calls(
            CallerPlan(
                number="6000",
                callers=[(it, "") for it in numbers],
                hang_up_after_ms=(stays_ms,),
                media_ports=() if ear is None else (ear,),
            ),
            Load(calls=count, per_s=per_s, timeout_s=400),
            server=self.instance.sip,
            port=self.instance.peer_port(),
            folder=self.folder / f"group{self.groups}",
        )
        return Group(self.instance, numbers, outcome)


class Group:
    """Calls that were placed together, and what is on record of them."""

    def __init__(
        self, instance: RunningInstance, numbers: Sequence[str], outcome: SippOutcome
    ) -> None:
        self.instance = instance
        self.numbers = numbers
        self.outcome = outcome

    async def rows(self) -> list[Mapping[str, Any]]:
        """Return the calls when all of them are over and on record."""
        asked = (
            "SELECT call_id::text, flow_version, flow_ending, (SELECT"
            " array_agg(DISTINCT step ORDER BY step) FROM steps s WHERE s.call_id ="
            " c.call_id AND kind = 'step') AS steps FROM calls c"
            " WHERE caller_number = ANY($1) AND state = 'closed'"
        )
        async with asyncio.timeout(120):
            while True:
                found = await self.instance.rows(asked, self.numbers)
                if len(found) == len(self.numbers):
                    return [*found]
                await asyncio.sleep(0.3)

    async def came_by(self) -> Counter[tuple[int, str]]:
        """Count the calls by their version and the step that they began with."""
        return Counter(
            (row["flow_version"], step)
            for row in await self.rows()
            for step in set(row["steps"]) - {"menu"}
        )


class Ear:
    """Where one caller's sound comes to, and what was heard there."""

    def __init__(self, at: socket.socket) -> None:
        self._at = at
        self.port: int = at.getsockname()[1]
        self._heard: dict[int, bytes] = {}

    def read(self) -> None:
        packet = self._at.recv(2048)
        self._heard[int.from_bytes(packet[2:4], "big")] = packet[12:]

    def has_heard(self, sound: Path) -> bool:
        """Tell whether the middle of a sound came."""
        with wave.open(str(sound)) as read:
            said = np.frombuffer(read.readframes(read.getnframes()), np.int16)
        begin = max(0, (said.size - PIECE) // 2)
        piece = said[begin : begin + PIECE].astype(float)
        packets = b"".join(self._heard[number] for number in sorted(self._heard))
        heard = LOUDNESS[np.frombuffer(packets, np.uint8)]
        if heard.size < PIECE:
            return False
        # As like as two sounds can be is 1, whatever their loudness.
        alike = np.correlate(heard, piece)
        power = np.convolve(heard**2, np.ones(PIECE), "valid") * (piece**2).sum()
        return bool((alike > 0.95 * np.sqrt(power + 1)).any())


@contextmanager
def an_ear() -> Iterator[Ear]:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as at:
        at.bind(("127.0.0.1", 0))
        at.setblocking(False)
        ear = Ear(at)
        loop.add_reader(at, ear.read)
        try:
            yield ear
        finally:
            loop.remove_reader(at)


async def one_hears(callers: Callers, text: str, instead_of: str) -> Group:
    """Place one call; see that a text is heard, and another one is not."""
    data = callers.instance.data
    store = prompt_store(read_settings(data=data, flows=data / "flows"))
    sounds = [
        store.found(Spoken(text=one, language=Language.EN))
        for one in (text, instead_of)
    ]
    with an_ear() as ear:
        group = await callers.call(1, stays_ms=4000, ear=ear.port)
    heard = [ear.has_heard(it.with_suffix(".wav")) for it in sounds if it]
    assert heard == [True, False]
    return group


def done(instance: RunningInstance, *words: str) -> subprocess.CompletedProcess[str]:
    found = instance.done(*words)
    assert found.returncode == 0, found.stderr
    return found


def test_flows_change_while_callers_are_inside(
    running: RunningInstance, tmp_path: Path
) -> None:
    asyncio.run(_story(running, tmp_path))


async def _story(running: RunningInstance, folder: Path) -> None:
    callers, flows = Callers(running, folder), running.data / "flows"
    await _first_version(running)
    coming = asyncio.create_task(callers.call(COMING, stays_ms=STAYS_MS, per_s=10))
    async with asyncio.timeout(90):
        while await _live(running) < INSIDE:  # noqa: ASYNC110 - it sets no event
            await asyncio.sleep(0.3)

    told = await _publish(running, NEW, made_from=1)
    assert await _live(running) >= INSIDE
    assert "main → storm: is new, say 'There is a storm.'" in told["changes"]
    (flows / "main.yaml").write_text(NEW, encoding="utf-8")
    # While those of before are inside still.
    after = await one_hears(callers, "There is a storm.", instead_of="Hello.")
    assert await after.came_by() == {(2, "storm"): 1}

    await asyncio.to_thread(done, running, "flow", "rollback", "1")
    again = await one_hears(callers, "Hello.", instead_of="There is a storm.")
    assert await again.came_by() == {(3, "hello"): 1}

    group = await coming
    came = await group.came_by()
    assert (group.outcome.successful, group.outcome.failed) == (COMING, 0)
    ways = {(1, "hello"), (2, "storm"), (3, "hello")}
    assert came.keys() <= ways, "nobody has some of both"
    assert came[1, "hello"] >= INSIDE
    # The flow may tell of it when the call is closed already.
    endings = {row["flow_ending"] for row in await group.rows()}
    assert endings <= {"caller_left", None}

    await _a_share(running, callers)
    await _what_commands_tell(running, folder)


async def _publish(running: RunningInstance, text: str, made_from: int) -> Any:
    body = {"files": {"flows/main.yaml": text}, "by": "lina", "note": "a storm"}
    match = {"If-Match": f'"{made_from}"'}
    async with httpx.AsyncClient(
        base_url=running.http,
        timeout=90,
        trust_env=False,
        headers=running.headers,
    ) as client:
        answer = await client.put("/flows", json=body, headers=match)
    answer.raise_for_status()
    return answer.json()


async def _first_version(running: RunningInstance) -> None:
    async with asyncio.timeout(60):
        while True:
            with suppress(httpx.HTTPStatusError):
                await running.ask("GET", "/flows")
                return
            await asyncio.sleep(0.2)


async def _live(running: RunningInstance) -> int:
    return len(await running.ask("GET", "/calls/live"))


async def _a_share(running: RunningInstance, callers: Callers) -> None:
    folder = str(running.data / "flows")
    share = ("flow", "publish", folder, "--share", f"{SHARE}%")
    told = await asyncio.to_thread(done, running, *share)
    assert "version 4 leads 20% of the calls, version 3 leads 80%" in told.stdout

    rows = await (await callers.call(AFTER, stays_ms=1500, per_s=20)).rows()

    tried = {row["call_id"] for row in rows if row["flow_version"] == 4}
    assert tried == {it["call_id"] for it in rows if tries(it["call_id"], SHARE)}
    # Whose ids are of the share is chance: fewer or more in one run of 3,000.
    assert 20 <= len(tried) <= 60
    assert all("hello" in row["steps"] for row in rows if row["flow_version"] == 3)
    ended = await asyncio.to_thread(done, running, "flow", "share", "0%")
    assert ended.stdout == "version 3 leads all calls\n"


async def _what_commands_tell(running: RunningInstance, folder: Path) -> None:
    flows = running.data / "flows"
    listed = await asyncio.to_thread(done, running, "flow", "versions", "--json")
    told = json.loads(listed.stdout)
    assert [(it["number"], it["made_from"]) for it in told["versions"]] == [
        (4, 3),
        (3, 2),
        (2, 1),
        (1, None),
    ]
    changed = (await asyncio.to_thread(done, running, "flow", "diff", "3", "4")).stdout
    assert "main: entry leads to storm, it led to hello" in changed
    await asyncio.to_thread(done, running, "flow", "pull", str(flows))
    assert (flows / "main.yaml").read_text(encoding="utf-8") == OLD
    picture = folder / "main.svg"
    await asyncio.to_thread(
        done, running, "flow", "graph", "main", "--svg", str(picture)
    )
    assert "gave up" in picture.read_text(encoding="utf-8")
    stale = await asyncio.to_thread(
        running.done, "flow", "publish", str(flows), "--from", "1"
    )
    assert stale.returncode == 1
    assert "made from version 1, but version 3 is in force" in stale.stderr
    (flows / "main.yaml").write_text(OLD.replace("q_fault", "q_none"), encoding="utf-8")
    refused = await asyncio.to_thread(
        running.done, "flow", "publish", str(flows), "--from", "3"
    )
    assert refused.returncode == 1
    assert f"{flows}/main.yaml:12: steps → agent → queue: no queue is" in refused.stderr
    shown = await running.ask("GET", "/flows")
    assert shown["force"] == {"in_force": 3, "trial": None, "percent": 0}
    assert "flows/main.yaml; flows version 3 is in force" in shown["file_differs"]
