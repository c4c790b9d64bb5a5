"""How the floor is set up: queues, agents and their limits, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass

from acd.vocabulary.ids import AgentId, DeviceId, Place, QueueId, SkillId


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePolicy:
    """One queue and its limits."""

    queue_id: QueueId
    name: str
    skills: frozenset[SkillId]
    """What every call of this queue needs of an agent."""
    ring_s: float
    """How long a device rings before the offer has timed out."""
    wrap_up_s: float
    """How long work after a call may take; 0 means none."""
    place: Place
    max_waiting: int = 200
    """With so many waiting, a number that leads to full queues only takes no call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProfile:
    """One agent: who they are, what rings for them, what they can do."""

    agent_id: AgentId
    name: str
    device_id: DeviceId
    skills: frozenset[SkillId]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorPolicy:
    """All queues and agents of one floor."""

    queues: Mapping[QueueId, QueuePolicy]
    agents: Mapping[AgentId, AgentProfile]
