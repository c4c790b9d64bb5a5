"""How the floor is set up: queues, agents and their limits, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from acd.choices import AgentChoice, Blend, CallOrder, CMu
from acd.vocabulary.ids import AgentId, DeviceId, Place, QueueId, SkillId

PLAIN_LEVEL = 3
"""The level of a skill that is named without one."""
TOP_LEVEL = 5

Region = Literal["unit", "province", "any"]
"""How far from the call's own place an agent may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stage of what a call may be given to.

    A step adds: who qualified at an earlier one still does, and comes first.
    """

    needs: Mapping[SkillId, int]
    """The lowest level of each skill."""
    agents: frozenset[AgentId] = frozenset()
    """Only these, as the account's own manager; empty means anybody."""
    region: Region = "any"
    for_s: float | None = None
    """After so long the next step holds as well; None on the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The service level that a queue is meant to have."""

    share: float = 0.8
    within_s: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePolicy:
    """One queue and its limits."""

    queue_id: QueueId
    name: str
    steps: tuple[Step, ...]
    """What every call of this queue needs of an agent, as it waits; at least one."""
    ring_s: float
    """How long a device rings before the offer has timed out."""
    wrap_up_s: float
    """How long work after a call may take; 0 means none."""
    place: Place
    max_waiting: int = 200
    """With so many waiting, a number that leads to full queues only takes no call."""
    priority: int = 0
    """From 0 to 100: ten points more are a class above."""
    ageing_s: float = 0.0
    """One point of priority more for each so many seconds waited; 0 means none."""
    floor_s: float | None = None
    """Who waits longer than this goes before every class but danger's; None: nobody."""
    target: Target = Target()
    kind: str = ""
    """Kind of call, for handling times: the queue's id unless named."""
    choice: AgentChoice = field(default_factory=Blend)

    def __post_init__(self) -> None:
        """Take the queue's id for the kind where none is named."""
        if not self.kind:
            object.__setattr__(self, "kind", self.queue_id)

    @property
    def skills(self) -> frozenset[SkillId]:
        """What the first step needs, without levels."""
        return frozenset(self.steps[0].needs)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProfile:
    """One agent: who they are, what rings for them, what they can do."""

    agent_id: AgentId
    name: str
    device_id: DeviceId
    levels: Mapping[SkillId, int]
    """What they can do, and how well: from 1 to 5."""
    place: Place

    @property
    def skills(self) -> frozenset[SkillId]:
        """What they can do, without levels."""
        return frozenset(self.levels)


@dataclass(frozen=True, slots=True, kw_only=True)
class RonaRule:
    """When an agent who does not take offers is made not ready, and for how long."""

    limit: int = 1
    """So many within the window make not ready."""
    window_s: float = 600.0
    penalty_s: float | None = None
    """After so long the agent is ready again; None: by their own word only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rona:
    """The rules for the outcomes that an agent is to blame for, and for no others."""

    no_answer: RonaRule = RonaRule()
    declined: RonaRule = RonaRule()
    busy: RonaRule = RonaRule()


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorPolicy:
    """All queues and agents of one floor."""

    queues: Mapping[QueueId, QueuePolicy]
    agents: Mapping[AgentId, AgentProfile]
    order: CallOrder = field(default_factory=CMu)
    """How an agent who frees chooses among calls of one class: one measure for all
    queues, since it compares calls of different ones."""
    rona: Rona = field(default_factory=Rona)
    version: str = ""
    """Which publication of the policy this is; empty where it was never published."""
