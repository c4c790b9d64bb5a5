"""The passwords of the agents' devices."""

from pathlib import Path

import pytest

from services.phone.devices import read_devices
from services.phone.errors import DevicesUnreadable, DeviceUnknown


def _written(data: Path, text: str) -> Path:
    where = data / "secrets" / "devices.json"
    where.parent.mkdir()
    where.write_text(text)
    return where


def test_a_device_is_found_by_its_agent_and_hides_its_password(tmp_path: Path) -> None:
    _written(tmp_path, '{"1001": {"device": "dev-1001", "password": "opensesame"}}')

    device = read_devices(tmp_path).of("1001")

    assert (device.device_id, device.password) == ("dev-1001", "opensesame")
    assert "opensesame" not in repr(device)


def test_an_agent_without_a_device_is_told_who_has_one(tmp_path: Path) -> None:
    where = _written(tmp_path, '{"1001": {"device": "dev-1001", "password": "x"}}')

    with pytest.raises(DeviceUnknown) as refusal:
        read_devices(tmp_path).of("77")

    assert str(refusal.value) == (
        f"{where}: no device for agent '77'; agents with one are 1001"
    )


@pytest.mark.parametrize("text", ["", "[]", '{"1001": {"device": "dev-1001"}}'])
def test_a_broken_file_of_devices_is_told_as_such(tmp_path: Path, text: str) -> None:
    _written(tmp_path, text)

    with pytest.raises(DevicesUnreadable, match="not the shape of devices"):
        read_devices(tmp_path)


def test_a_file_of_devices_that_is_not_there_says_what_would_do(tmp_path: Path) -> None:
    with pytest.raises(DevicesUnreadable, match="as the user who ran"):
        read_devices(tmp_path)
