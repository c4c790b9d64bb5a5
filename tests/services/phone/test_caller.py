"""A caller's script: what it does, and what it tells of how it went."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.phone.caller import CallPlan, CallReport, place_call
from services.phone.errors import HotlineUnreachable
from services.phone.hotline import open_hotline
from services.phone.sipp import DevicePlan, devices_ringing
from services.phone.sound import read_wav
from tests.services.phone.floor import PlayedFloor, open_floor
from tests.services.phone.peers import free_sip_port

PLAN = CallPlan(
    number="6000", caller_number="13800138000", talk_s=0.3, wait_s=10, press_after_s=0
)


@pytest.fixture
async def floor() -> AsyncIterator[PlayedFloor]:
    async with open_floor() as floor:
        yield floor


async def _placed(
    plan: CallPlan, switch: DevicePlan, floor: PlayedFloor, folder: Path
) -> CallReport:
    """Place the call at a switch that SIPp plays."""
    port = free_sip_port()
    async with (
        devices_ringing(switch, port=port, folder=folder),
        open_hotline(floor.http) as hotline,
    ):
        return await place_call(
            plan,
            sip=f"127.0.0.1:{port}",
            hotline=hotline,
            numbers=("6000", "6001"),
            tell=lambda _line: None,
        )


async def _end_when_talked(floor: PlayedFloor, ended_by: str) -> None:
    """Write the record some time after the conversation has begun."""
    await asyncio.sleep(1.0)
    now = datetime.now(UTC).isoformat()
    floor.call("c-1", "closed", ended_at=now, ended_by=ended_by, talked_s=0.7)


async def test_a_caller_who_is_put_through_talks_and_hangs_up(
    floor: PlayedFloor, tmp_path: Path
) -> None:
    now = datetime.now(UTC).isoformat()
    floor.call("c-1", "talking", sip_call_id="any", agent_id="1001", waited_s=2.5)
    floor.call("c-1", "talking", connected_at=now)

    report, _ = await asyncio.gather(
        _placed(PLAN, DevicePlan(), floor, tmp_path),
        _end_when_talked(floor, "caller"),
    )

    assert report.failure is None
    assert (report.answered, report.put_through) == (True, True)
    assert (report.call_id, report.agent_id) == ("c-1", "1001")
    assert (report.waited_s, report.talked_s) == (2.5, 0.7)
    assert (report.sip_status, report.ended_by) == (200, "caller")
    assert report.as_json()["from"] == "13800138000"


async def test_a_call_that_the_flow_alone_serves_is_heard_to_its_end_and_kept(
    floor: PlayedFloor, tmp_path: Path
) -> None:
    floor.call("c-1", "flow", sip_call_id="any")
    heard = tmp_path / "heard.wav"
    plan = replace(PLAN, wants_agent=False, heard=heard)

    report, _ = await asyncio.gather(
        _placed(plan, DevicePlan(talk_ms=300), floor, tmp_path),
        _end_when_talked(floor, "system"),
    )

    assert (report.failure, report.put_through) == (None, False)
    assert report.ended_by == "system"
    assert len(read_wav(heard)) % 2 == 0


async def test_a_flow_that_never_ends_is_hung_up_on_and_told(
    floor: PlayedFloor, tmp_path: Path
) -> None:
    floor.call("c-1", "flow", sip_call_id="any")
    plan = replace(PLAN, wants_agent=False, wait_s=1)

    report, _ = await asyncio.gather(
        _placed(plan, DevicePlan(), floor, tmp_path),
        _end_when_talked(floor, "caller"),
    )

    assert report.failure == "6000: did not hang up within 1 s"


async def test_an_agent_who_hangs_up_first_is_told_by_the_record(
    floor: PlayedFloor, tmp_path: Path
) -> None:
    floor.call("c-1", "talking", sip_call_id="any", agent_id="1001")
    plan = CallPlan(number="6000", caller_number="1", talk_s=20, wait_s=10)

    report, _ = await asyncio.gather(
        _placed(plan, DevicePlan(talk_ms=300), floor, tmp_path),
        _end_when_talked(floor, "agent"),
    )

    assert (report.failure, report.ended_by) == (None, "agent")


async def test_a_number_that_is_not_there_is_told_with_those_that_are(
    floor: PlayedFloor, tmp_path: Path
) -> None:
    report = await _placed(PLAN, DevicePlan(status=404), floor, tmp_path)

    assert report.failure == (
        "6000: no such number here (SIP 404); numbers are 6000, 6001"
    )
    assert (report.answered, report.sip_status) == (False, 404)
    assert report.call_id is None


async def test_a_busy_line_is_told_with_its_status(
    floor: PlayedFloor, tmp_path: Path
) -> None:
    report = await _placed(PLAN, DevicePlan(status=486), floor, tmp_path)

    assert report.failure == "6000: not answered: SIP 486 Busy Here"


async def test_a_caller_who_reaches_nobody_hangs_up_when_the_wait_is_over(
    floor: PlayedFloor, tmp_path: Path
) -> None:
    floor.call("c-1", "queued", sip_call_id="any", ended_at="2026-11-21T12:00:00Z")
    plan = CallPlan(number="6000", caller_number="1", wait_s=1)

    report = await _placed(plan, DevicePlan(), floor, tmp_path)

    assert report.failure == (
        "6000: no agent was reached within 1 s; is one ready: ./tieline agent"
    )
    assert (report.put_through, report.ended_by) == (False, "caller")


async def test_a_hotline_that_hangs_up_before_an_agent_is_a_failed_call(
    floor: PlayedFloor, tmp_path: Path
) -> None:
    floor.call("c-1", "in_flow", sip_call_id="any", ended_at="2026-11-21T12:00:00Z")

    report = await _placed(PLAN, DevicePlan(talk_ms=200), floor, tmp_path)

    assert report.failure == "6000: the hotline hung up before an agent was reached"
    assert report.ended_by == "hotline"


async def test_keys_are_pressed_one_after_the_other(
    floor: PlayedFloor, tmp_path: Path
) -> None:
    floor.call("c-1", "talking", sip_call_id="any", ended_at="2026-11-21T12:00:00Z")
    plan = CallPlan(
        number="6000",
        caller_number="1",
        keys=("1", "#"),
        press_after_s=0,
        prompt_wait_s=0.1,
        talk_s=0,
    )

    report = await _placed(plan, DevicePlan(), floor, tmp_path)

    assert report.keys == "1#"


async def test_an_instance_without_its_http_door_is_named(tmp_path: Path) -> None:
    port = free_sip_port()
    async with (
        devices_ringing(DevicePlan(), port=port, folder=tmp_path),
        open_hotline("http://127.0.0.1:9") as hotline,
    ):
        with pytest.raises(HotlineUnreachable, match=r"http://127\.0\.0\.1:9"):
            await place_call(
                PLAN, sip=f"127.0.0.1:{port}", hotline=hotline, tell=lambda _: None
            )
