"""The floor changes while calls go on: levels, people, numbers, queues; no restart."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.phone.sipp import (
    CallerPlan,
    DevicePlan,
    Load,
    devices_ringing,
    place_calls,
    register_devices,
)
from services.runtime.settings import CHECKOUT
from tests.support.instance import RunningInstance, running_instance

FLOOR = """\
# Two people, one of whom can take faults.
province: YJ
unit: "-"
numbers:
  6000: {name: hotline, flow: main}
skills: {fault: faults, bill: bills}
queues:
  q_fault: {name: faults, skills: {fault: 3}, ring_s: 20, wrap_up_s: 0}
  q_bill: {name: bills, skills: [bill], wrap_up_s: 0}
agents:
  1001: {name: Alice, skills: {fault: 4, bill: 1}}
  1002: {name: Bob, skills: [bill]}   # learns
"""
FLOW = """\
name: {name}
language: en
entry: agent
person: agent
steps:
  agent:
    queue: {queue}
"""
FLOWS = {
    "main.yaml": FLOW.format(name="main", queue="q_fault"),
    "bills.yaml": FLOW.format(name="bills", queue="q_bill"),
}

LED_ELSEWHERE = {**FLOWS, "main.yaml": FLOW.format(name="main", queue="q_bill")}


@pytest.fixture(scope="module")
def running() -> Iterator[RunningInstance]:
    with running_instance(floor=FLOOR, flows=FLOWS) as instance:
        yield instance


async def _come(
    asked: Callable[[], Awaitable[list[Mapping[str, Any]]]],
) -> list[Mapping[str, Any]]:
    """Ask until there is something; the limit only ends a story that would hang."""
    async with asyncio.timeout(60):
        while not (found := await asked()):  # noqa: ASYNC110  # it sets no event
            await asyncio.sleep(0.1)
    return found


class Desk:
    """One who publishes, and the telephones of callers and agents."""

    def __init__(self, instance: RunningInstance, folder: Path) -> None:
        self.instance = instance
        self.folder = folder
        self.calls = 0

    async def http(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> httpx.Response:
        async with httpx.AsyncClient(
            base_url=self.instance.http,
            timeout=60,
            trust_env=False,
            headers=self.instance.headers,
        ) as client:
            return await client.request(method, path, json=body, headers=headers)

    async def publish(self, text: str, made_from: int, **more: object) -> Any:
        body = {"text": text, "by": "lina", **more}
        match = {"If-Match": f'"{made_from}"'}
        return await self.http("PUT", "/floor", body, **match)

    async def publish_flows(self, flows: Mapping[str, str], made_from: int) -> None:
        files = {f"flows/{name}": text for name, text in flows.items()}
        match = {"If-Match": f'"{made_from}"'}
        body = {"files": files, "by": "lina"}
        answer = await self.http("PUT", "/flows", body, **match)
        assert answer.status_code == 200, answer.text

    @asynccontextmanager
    async def at_work(self, agent_id: str) -> AsyncIterator[None]:
        """Have an agent who answers at once and talks until the caller hangs up."""
        port, folder = self.instance.peer_port(), self.folder / f"agent{agent_id}"
        device = self.instance.devices.of(agent_id)
        registered = await register_devices(
            {device.device_id: device.password},
            server=self.instance.sip,
            port=port,
            folder=folder / "register",
        )
        assert registered.successful == 1, registered.errors
        plan = DevicePlan(ring_ms=100)
        async with devices_ringing(plan, port=port, folder=folder):
            for wish in ("sign-in", "ready"):
                await self.instance.ask("POST", f"/agents/{agent_id}/{wish}")
            yield
            await self.instance.ask("POST", f"/agents/{agent_id}/sign-out")

    async def call(self, number: str = "6000", *, after_ms: int = 3000) -> str:
        """Call, hang up some time after the answer, and return who had the call."""
        self.calls += 1
        mine = f"1390000{self.calls:04}"
        await place_calls(
            CallerPlan(
                number=number, callers=((mine, ""),), hang_up_after_ms=(after_ms,)
            ),
            Load(calls=1, timeout_s=90),
            server=self.instance.sip,
            port=self.instance.peer_port(),
            folder=self.folder / f"call{self.calls}",
        )
        [row] = await _come(lambda: self._closed(mine))
        return str(row["agent_id"])

    async def _closed(self, number: str) -> list[Mapping[str, Any]]:
        asked = (
            "SELECT agent_id FROM calls WHERE caller_number = $1 AND state = 'closed'"
        )
        return [*await self.instance.rows(asked, number)]


def test_a_floor_changes_while_calls_go_on(
    running: RunningInstance, tmp_path: Path
) -> None:
    asyncio.run(_story(Desk(running, tmp_path)))


async def _story(desk: Desk) -> None:
    first = await _first_version(desk)
    assert (first["number"], first["text"], first["made_from"]) == (1, FLOOR, None)
    async with desk.at_work("1001"), desk.at_work("1002"):
        assert await desk.call() == "1001"

        await _a_level_is_changed(desk)
        assert await desk.call() == "1002", "whoever can do it now"

        await _a_queue_with_callers_stays(desk)
        text = await _somebody_new(desk)
    await _what_the_command_tells(desk, text)


async def _first_version(desk: Desk) -> Any:
    """Wait until the floor is published; an instance is ready before."""
    async with asyncio.timeout(60):
        while (answer := await desk.http("GET", "/floor")).is_error:  # noqa: ASYNC110 - it sets no event
            await asyncio.sleep(0.2)
    return answer.json()


async def _a_level_is_changed(desk: Desk) -> None:
    for agent_id, level in (("1002", 4), ("1001", None)):
        body = {"skills": {"fault": level}}
        answer = await desk.http("PATCH", f"/floor/agents/{agent_id}", body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["changes"] == [f"agents changed: {agent_id}"]
    text = (await desk.http("GET", "/floor")).json()["text"]
    assert "1002: {name: Bob, skills: {bill: 3, fault: 4}} # learns" in text
    stale = await desk.publish(FLOOR, 1)
    assert (stale.status_code, stale.json()["type"]) == (412, "floor_stale")
    assert "made from version 1, but version 3 is in force" in stale.json()["detail"]


async def _a_queue_with_callers_stays(desk: Desk) -> None:
    """Nobody can take faults for a moment: a caller waits, the queue cannot go."""
    for agent_id in ("1001", "1002"):
        wish = f"/agents/{agent_id}/not-ready"
        await desk.instance.ask("POST", wish, {"reason": "break"})
    text = (await desk.http("GET", "/floor")).json()["text"]
    without = "\n".join(it for it in text.splitlines() if "q_fault:" not in it)
    led_there = await desk.publish(without, 3)
    assert (led_there.status_code, led_there.json()["type"]) == (422, "floor_refused")
    calling = asyncio.create_task(desk.call(after_ms=25_000))
    waiting = await _come(lambda: _waiting(desk))
    assert [call["queue_id"] for call in waiting] == ["q_fault"]

    await desk.publish_flows(LED_ELSEWHERE, 1)
    refused = await desk.publish(without, 3)
    assert (refused.status_code, refused.json()["type"]) == (409, "queue_has_callers")
    drained = await desk.publish(without, 3, drain=True)
    assert drained.status_code == 200, drained.text
    assert drained.json()["closing"] == ["q_fault"]

    await desk.instance.ask("POST", "/agents/1002/ready")
    assert await calling == "1002", "who waited is served"
    await _come(lambda: _queue_closed(desk))
    await desk.instance.ask("POST", "/agents/1001/ready")


async def _waiting(desk: Desk) -> list[Mapping[str, Any]]:
    calls = await desk.instance.ask("GET", "/calls/live")
    return [call for call in calls if call["state"] == "queued"]


async def _queue_closed(desk: Desk) -> list[Mapping[str, Any]]:
    asked = "SELECT body FROM facts WHERE kind = 'queue_closed'"
    return [*await desk.instance.rows(asked)]


async def _somebody_new(desk: Desk) -> str:
    """A number, a queue and an agent with a device that Asterisk never heard of."""
    before: str = (await desk.http("GET", "/floor")).json()["text"]
    staffed = before.replace(
        "queues:\n", "queues:\n  q_new: {name: new, skills: {fault: 5}}\n"
    ).replace("agents:\n", "agents:\n  1003: {name: Carol, skills: {fault: 5}}\n")
    assert (await desk.publish(staffed, 4)).status_code == 200
    flow = FLOW.format(name="fresh", queue="q_new")
    await desk.publish_flows({**LED_ELSEWHERE, "fresh.yaml": flow}, 2)
    text = staffed.replace("numbers:\n", "numbers:\n  6009: {name: new, flow: fresh}\n")
    talking = asyncio.create_task(desk.call(after_ms=15_000))
    await _come(lambda: _talking(desk))

    published = await desk.publish(text, 5, note="Carol comes")
    assert published.status_code == 200, published.text
    assert published.json()["later"] == []
    assert await _talking(desk), "the reload hurts no conversation"

    async with desk.at_work("1003"):
        assert await desk.call("6009") == "1003"
    assert await talking in ("1001", "1002")
    return text


async def _talking(desk: Desk) -> list[Mapping[str, Any]]:
    calls = await desk.instance.ask("GET", "/calls/live")
    return [call for call in calls if call["state"] == "talking"]


async def _what_the_command_tells(desk: Desk, text: str) -> None:
    shown = await asyncio.to_thread(_tieline, desk.instance, "floor", "show")
    assert (shown.returncode, shown.stdout.rstrip("\n")) == (0, text.rstrip("\n"))
    # What was published came by HTTP, so the floor file is another one by now.
    assert "floor.yaml: is not what was published from it; floor version 6" in (
        shown.stderr
    )
    told = await asyncio.to_thread(
        _tieline, desk.instance, "floor", "history", "--json"
    )
    history = json.loads(told.stdout)
    assert [(one["number"], one["by"]) for one in history] == [
        (6, "lina"),
        (5, "lina"),
        (4, "lina"),
        (3, "api"),
        (2, "api"),
        (1, "tieline"),
    ]
    checked = await desk.http("POST", "/floor/check", {"text": text})
    assert checked.json() == {"changes": ["nothing is otherwise"], "with_callers": {}}
    for method, path, status in (
        ("PUT", "/floor", 428),
        ("PATCH", "/floor/agents/9999", 404),
        ("PATCH", "/floor/queues/q_none", 404),
        ("GET", "/floor/versions/99", 404),
    ):
        answer = await desk.http(method, path, {"text": text} if status == 428 else {})
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    wrong = desk.folder / "wrong.yaml"
    wrong.write_text(text.replace("fault: 5", "fualt: 5", 1), encoding="utf-8")
    refused = await asyncio.to_thread(
        _tieline, desk.instance, "floor", "publish", str(wrong)
    )
    assert refused.returncode == 1
    assert f"{wrong}:9: queues → q_new → skills → fualt: no skill is called" in (
        refused.stderr
    )
    assert (await desk.http("GET", "/floor")).json()["number"] == 6
    [row] = await desk.instance.rows(
        "SELECT actor, object FROM audit WHERE act = 'published'"
        " ORDER BY seq DESC LIMIT 1"
    )
    assert row == {"actor": "lina", "object": "floor version 6"}


def _tieline(
    instance: RunningInstance, *words: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (str(CHECKOUT / "tieline"), *words),
        capture_output=True,
        text=True,
        check=False,
        env=dict(instance.environment),
    )
