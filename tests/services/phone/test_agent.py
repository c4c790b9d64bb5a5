"""An agent's shift as far as it goes without a switch; journeys have the rest."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.phone.agent import Shift, ShiftReport, work
from services.phone.devices import Device, Devices
from services.phone.errors import NoAgentFree, RegistrationRefused, RequestRefused
from services.phone.hotline import open_hotline
from tests.services.phone.floor import PlayedFloor, open_floor
from tests.services.phone.peers import free_sip_port

DEVICES = Devices(
    Path("devices.json"),
    {
        agent_id: Device(device_id=f"dev-{agent_id}", password="x")
        for agent_id in ("1001", "1002")
    },
)


@pytest.fixture
async def floor() -> AsyncIterator[PlayedFloor]:
    async with open_floor() as floor:
        yield floor


async def _work(floor: PlayedFloor, agent_id: str | None) -> None:
    """Work a shift where no switch answers."""
    async with open_hotline(floor.http) as hotline:
        await work(
            Shift(agent_id=agent_id, calls=1),
            sip=f"127.0.0.1:{free_sip_port()}",
            hotline=hotline,
            devices=DEVICES,
            report=ShiftReport(),
            tell=lambda _line: None,
        )


async def test_an_agent_whose_device_is_refused_is_signed_out_again(
    floor: PlayedFloor,
) -> None:
    floor.agent("1001")

    with pytest.raises(RegistrationRefused):
        await _work(floor, "1001")

    assert [wish for _, wish, _ in floor.wishes] == ["sign-in", "sign-out"]
    assert floor.agents["1001"]["state"] == "signed_out"


async def test_the_first_agent_who_can_be_had_is_taken(floor: PlayedFloor) -> None:
    floor.agent("1000")  # has no device
    floor.agent("1001")
    floor.agent("1002")
    floor.refused["1001"] = "somebody was quicker"

    with pytest.raises(RegistrationRefused):
        await _work(floor, None)

    assert floor.wishes[0][:2] == ("1002", "sign-in")


async def test_a_floor_without_a_free_agent_says_what_all_are_doing(
    floor: PlayedFloor,
) -> None:
    floor.agent("1001", "talking")
    floor.agent("1002", "ready")

    with pytest.raises(NoAgentFree) as refusal:
        await _work(floor, None)

    assert str(refusal.value) == (
        "no agent is free to sign in: 1001 talking, 1002 ready"
    )


async def test_a_refused_sign_in_is_told_in_the_words_of_the_instance(
    floor: PlayedFloor,
) -> None:
    floor.agent("1001", "ready")
    floor.refused["1001"] = (
        "agent '1001' is ready, which has no place for AgentSignedIn"
    )

    with pytest.raises(RequestRefused) as refusal:
        await _work(floor, "1001")

    assert str(refusal.value) == (
        "POST /agents/1001/sign-in: refused (409): agent '1001' is ready, which has no"
        " place for AgentSignedIn"
    )
    assert floor.wishes == []
