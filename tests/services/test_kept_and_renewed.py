"""Backup, restore and upgrade, on real instances with calls going on."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from services.phone.sipp import (
    CallerPlan,
    DevicePlan,
    Load,
    SippOutcome,
    devices_ringing,
    place_calls,
    register_devices,
)
from services.runtime.settings import CHECKOUT
from tests.support.instance import RunningInstance, running_instance, started_on
from tests.support.small_floor import STRAIGHT, small_floor

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("kept_and_renewed")]

LIMIT_S = 60.0


@pytest.fixture(scope="module")
def instance() -> Iterator[RunningInstance]:
    # Where the flows lie outlives the commands that look for them.
    with running_instance(
        floor=small_floor(ring_s=15),
        flows={"main.yaml": STRAIGHT},
        settings={"TIELINE_ENGINE__HAS_SPARE": "true"},
    ) as running:
        yield running


def tieline(
    running: RunningInstance, *words: str, expected: int = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        (str(CHECKOUT / "tieline"), *words),
        env=dict(running.environment),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == expected, done.stderr
    return done


async def said(running: RunningInstance, *words: str) -> Any:
    done = await asyncio.to_thread(tieline, running, *words, "--json")
    return json.loads(done.stdout)


async def call(
    running: RunningInstance, number: str, talk_ms: int, folder: Path
) -> SippOutcome:
    plan = CallerPlan(
        number="6000", callers=((number, "x"),), hang_up_after_ms=(talk_ms,)
    )
    return await place_calls(
        plan,
        Load(calls=1, timeout_s=120),
        server=running.sip,
        port=running.peer_port(),
        folder=folder / number,
    )


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            with suppress(httpx.TransportError, OSError, asyncpg.PostgresError):
                if await holds():
                    return
            await asyncio.sleep(0.1)


async def states(running: RunningInstance, *numbers: str) -> list[str]:
    asked = """SELECT state FROM calls WHERE caller_number = ANY($1)
        ORDER BY arrived_at"""
    return [row["state"] for row in await running.rows(asked, list(numbers))]


class Phone:
    """Alice's device, rung and talking for the time of a test."""

    def __init__(self, running: RunningInstance, folder: Path) -> None:
        self.running = running
        self.folder = folder

    async def __aenter__(self) -> None:
        device = self.running.devices.of("1001")
        port = self.running.peer_port()
        await register_devices(
            {device.device_id: device.password},
            server=self.running.sip,
            port=port,
            folder=self.folder / "register",
        )
        self.ringing = devices_ringing(
            DevicePlan(), port=port, folder=self.folder / "phone"
        )
        await self.ringing.__aenter__()
        for wish in ("sign-in", "ready"):
            await self.running.ask("POST", f"/agents/1001/{wish}", {})

    async def __aexit__(self, *_: object) -> None:
        await self.running.ask("POST", "/agents/1001/sign-out", {})
        await self.ringing.__aexit__(None, None, None)


async def test_a_backup_made_during_a_talk_comes_back_elsewhere(
    instance: RunningInstance, tmp_path: Path
) -> None:
    def closed(number: str) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            asked = """SELECT 1 FROM calls c JOIN recordings r USING (call_id)
                WHERE c.caller_number = $1 AND c.state = 'closed'"""
            return bool(await instance.rows(asked, number))

        return holds

    async def talks() -> bool:
        return await states(instance, "303") == ["talking"]

    to, keys, saved = tmp_path / "records", tmp_path / "keys", tmp_path / "journal"
    # SIPp brings no sound of its own, and a silence is not recorded.
    alice = asyncio.create_task(said(instance, "agent", "1001", "--calls", "3"))
    for number in ("301", "302"):
        await said(instance, "call", "6000", "--from", number, "--talk", "2")
        await until(closed(number))
    [shredded, kept] = await said(instance, "calls")
    gone = shredded["call_id"]
    asked = ("recordings", "shred", gone, "--reason", "asked to be forgotten")
    await asyncio.to_thread(tieline, instance, *asked)
    last = ("call", "6000", "--from", "303", "--talk", "25")
    going = asyncio.create_task(said(instance, *last))
    await until(talks)
    made = await said(instance, "backup", str(to), "--keys-to", str(keys))
    assert (await going)["put_through"] is True
    await until(closed("303"))
    await alice
    assert made["counts"]["calls"] == 3
    [talk, *_] = await said(instance, "calls")
    assert talk["connected_at"][:19] <= made["made_at"][:19] < talk["ended_at"][:19]
    assert made["shipped_seq"] <= made["journaled_seq"]
    shutil.copytree(instance.data / "journal", saved)
    before = await said(instance, "calls")
    audit_before = await said(instance, "audit")

    data = tmp_path / "restored"
    places = (str(to), "--keys-from", str(keys), "--journal", str(saved))
    done = await said(instance, "restore", *places, "--data", str(data))

    assert done["journaled_seq"] > made["journaled_seq"]
    floor = instance.data / "floor.yaml"
    flows = {"TIELINE_FLOWS": str(instance.data / "flows")}
    shutil.copytree(instance.data / "prompts", data / "prompts")
    environment = {**instance.environment, **flows}
    with started_on(data, floor=floor, environment=environment) as restored:

        async def all_here() -> bool:
            return await states(restored, "303") == ["closed"]

        await until(all_here)
        assert await said(restored, "calls") == before
        audit = await said(restored, "audit")
        # Its floor was published before, and is not again.
        for told in ("rows", "last_sum"):
            assert audit[told] == audit_before[told]
        checked = await asyncio.to_thread(tieline, restored, "recordings", "check")
        assert checked.stdout == "1 recordings can be heard, 0 cannot\n"
        heard = ("recordings", "read", kept["call_id"], "--out", str(tmp_path / "x"))
        await asyncio.to_thread(tieline, restored, *heard)
        refused = await asyncio.to_thread(
            lambda: tieline(restored, "recordings", "read", gone, expected=1)
        )
        assert "shredded" in refused.stderr


async def test_an_upgrade_keeps_who_talks_and_who_waits(
    instance: RunningInstance, tmp_path: Path
) -> None:
    async def one_talks() -> bool:
        return await states(instance, "401") == ["talking"]

    async def one_waits() -> bool:
        return await states(instance, "402") == ["queued"]

    async def all_closed() -> bool:
        return await states(instance, "401", "402") == ["closed", "closed"]

    pids = {part: instance.pid(part) for part in ("asterisk", "postgresql", "engine")}
    async with Phone(instance, tmp_path):
        talk = asyncio.create_task(call(instance, "401", 40_000, tmp_path))
        await until(one_talks)
        wait = asyncio.create_task(call(instance, "402", 40_000, tmp_path))
        await until(one_waits)

        done = await said(instance, "upgrade")

        assert (done["live_before"], done["live_after"]) == (2, 2)
        assert (done["unseen"], done["lost"]) == ([], [])
        after = {part: instance.pid(part) for part in pids}
        assert after.pop("engine") not in (None, pids.pop("engine"))
        assert after == pids
        outcomes = await asyncio.gather(talk, wait)
        assert [(one.successful, one.failed) for one in outcomes] == [(1, 0), (1, 0)]
        # Who ends the talk does not matter here: SIPp sends no sound, and Asterisk
        # ends what is silent for long.
        await until(all_closed)
    rows = await instance.rows(
        "SELECT caller_number, close_reason FROM calls WHERE caller_number LIKE '40%'"
    )
    reasons = {row["caller_number"]: row["close_reason"] for row in rows}
    assert len(rows) == 2
    assert reasons["401"] == "completed"
    assert reasons["402"] in {"completed", "abandoned_in_queue", "abandoned_ringing"}
