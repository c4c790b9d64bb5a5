"""Names the things of a call centre are known by, and where they belong."""

from dataclasses import dataclass
from typing import NewType

CallId = NewType("CallId", str)
"""One caller's contact, from first ring to end: a UUID made in the dialplan."""

LegId = NewType("LegId", str)
"""One Asterisk channel of a call: its Uniqueid, or the id that we gave it."""

OfferId = NewType("OfferId", str)
"""One try to give one call to one agent: a UUID. The agent's leg has the same id."""

AgentId = NewType("AgentId", str)
"""A person who takes calls."""

DeviceId = NewType("DeviceId", str)
"""What rings for an agent: the name of a PJSIP endpoint."""


def page_device(device_id: DeviceId) -> DeviceId:
    """Return the telephone in the page of the agent whose own device is given.

    Each device has one: ``web-1001`` beside ``dev-1001``, and its own is itself.
    """
    _, _, name = device_id.partition("-")
    return DeviceId(f"web-{name}")


QueueId = NewType("QueueId", str)
"""A line of waiting calls with a policy of its own."""

SkillId = NewType("SkillId", str)
"""Something that an agent can do and a call can need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the organisation something belongs."""

    province: str
    """Code of the province (``YJ``), or ``-`` for the centre itself."""
    unit: str
    """Code of the unit below it (a city or station), or ``-`` for all of it."""


CENTRE = Place(province="-", unit="-")
"""The place of what belongs to no province: the switch, the clock."""
