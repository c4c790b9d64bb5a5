"""Which agents have a device, and its password, as the instance wrote them down."""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from services.phone.errors import DevicesUnreadable, DeviceUnknown

FILE_NAME = Path("secrets") / "devices.json"
_SHAPE = TypeAdapter(dict[str, dict[str, str]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What rings for an agent."""

    device_id: str
    password: str = field(repr=False)


class Devices:
    """The devices of one instance by agent."""

    def __init__(self, where: Path, devices: dict[str, Device]) -> None:
        self._where = where
        self._devices = devices

    def __contains__(self, agent_id: str) -> bool:
        return agent_id in self._devices

    def of(self, agent_id: str) -> Device:
        """Return the agent's device.

        Raises:
            DeviceUnknown: The agent has none here.
        """
        if agent_id not in self._devices:
            known = tuple(sorted(self._devices))
            raise DeviceUnknown(agent_id, str(self._where), known)
        return self._devices[agent_id]


def read_devices(data: Path) -> Devices:
    """Read the devices of the instance on this data folder.

    Raises:
        DevicesUnreadable: The file is not there, not ours to read, or broken.
    """
    where = data / FILE_NAME
    try:
        told = _SHAPE.validate_json(where.read_bytes())
        devices = {
            agent_id: Device(device_id=device["device"], password=device["password"])
            for agent_id, device in told.items()
        }
    except OSError as error:
        raise DevicesUnreadable(str(where), error.strerror or str(error)) from error
    except (ValidationError, KeyError) as error:
        raise DevicesUnreadable(str(where), "not the shape of devices") from error
    return Devices(where, devices)
