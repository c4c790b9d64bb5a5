"""What the switch tells of legs: facts translated from Asterisk's events."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from acd.vocabulary.fact import FactOf
from acd.vocabulary.ids import AgentId, CallId, LegId, OfferId, QueueId, SkillId


class LegEnding(StrEnum):
    """Why a leg ended, as far as the switch can tell."""

    HUNG_UP = "hung_up"
    BUSY = "busy"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    """No registered device, no common codec, no route, a dead phone."""
    LOST = "lost"
    """Found missing, not seen ending: the time is an estimate."""


class LegRole(StrEnum):
    """What a live leg is doing, as its own variables say."""

    FLOW = "flow"
    WAITING = "waiting"
    OFFER = "offer"
    OPEN = "open"
    """A caller in the open queue, or on the way to leave a number."""
    HELD = "held"
    """A caller on hold."""
    SERVED = "served"
    """An agent who took a caller out of the open queue."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(FactOf):
    """A caller's leg reached the waiting room of a queue."""

    call_id: CallId
    leg_id: LegId
    queue_id: QueueId
    skills: tuple[SkillId, ...]
    call_class: int = 0
    """From 0 to 20: who has more goes before all who have less."""
    since: datetime | None = None
    """When it came to this queue first, where it had left the line in between; the
    place is that of then. The engine states it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRang(FactOf):
    """A device began to ring."""

    leg_id: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAnswered(FactOf):
    """A device that we rang was answered, and waits to be joined."""

    leg_id: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegJoined(FactOf):
    """A leg entered a bridge."""

    leg_id: LegId
    bridge_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegParted(FactOf):
    """A leg left a bridge."""

    leg_id: LegId
    bridge_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded(FactOf):
    """A leg is gone, or could not be made."""

    leg_id: LegId
    ending: LegEnding
    cause: int = 0
    """Q.850 cause as Asterisk gave it; 0 where there was none."""
    alive_at: datetime | None = None
    """Where the end was found: the last proof of life; None when it was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeFailed(FactOf):
    """The switch refused to join a caller and the agent who answered."""

    offer_id: OfferId
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchLost(FactOf):
    """The link to the switch is down: nothing is known until it is seen again."""

    alive_at: datetime | None = None
    """When it was last heard; None where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegSeen:
    """One live leg in a snapshot, told by its own variables."""

    leg_id: LegId
    role: LegRole
    call_id: CallId
    """Empty where the leg carries no call of ours."""
    offer_id: OfferId | None = None
    agent_id: AgentId | None = None
    queue_id: QueueId | None = None
    skills: tuple[SkillId, ...] = ()
    queued_at: datetime | None = None
    number: str = ""
    call_class: int = 0
    is_up: bool = False
    """Whether it is answered."""
    bridge_id: str | None = None
    is_muted: bool = False
    """Whether nothing of it is recorded just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchSeen(FactOf):
    """A snapshot of all that lives in the switch, taken after each connect."""

    boot_id: str
    """One run of Asterisk; another value means that it was restarted."""
    taken_at: datetime
    """When the asking began: what we learnt later is newer than the snapshot."""
    legs: tuple[LegSeen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegChecked(FactOf):
    """A live leg was looked at again, because it was not as it was believed to be."""

    taken_at: datetime
    """When the asking began: what we learnt later is newer."""
    leg: LegSeen
