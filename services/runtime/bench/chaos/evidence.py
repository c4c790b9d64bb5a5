"""All that witnesses say of one round: SIPp, the probes, the records, the kernel."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.phone.sipp_log import SippCall
from services.runtime.bench.chaos.sound import Heard

Group = Literal["probe", "talking", "waiting", "in_flow", "new"]
"""``probe`` talks too, and is listened to; ``new`` dial while the fault is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When what was done; instants by the wall."""

    began_at: datetime
    """The scene was complete."""
    injected_at: datetime
    repaired_at: datetime
    """The system was itself again, or was given up waiting for."""
    ended_at: datetime
    """Watched until then; after that the callers were let go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOnRecord:
    """One row of calls, as far as a second witness can hold something against it."""

    number: str
    """The caller's."""
    state: str
    close_reason: str | None = None
    arrived_at: datetime | None = None
    answered_at: datetime | None = None
    opened_at: datetime | None = None
    """When the caller came to the open queue; None for who was never there."""
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    is_estimated: bool = False
    talks: tuple[tuple[datetime, datetime | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What the engine holds, and how many channels live in Asterisk."""

    rss_kb: int
    descriptors: int
    threads: int
    channels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSeen:
    """One look at the system's own word of its health."""

    at: datetime
    is_red: bool
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One round of one fault, or of the control run."""

    window: Window
    callers: Mapping[Group, tuple[SippCall, ...]]
    devices: tuple[SippCall, ...]
    records: tuple[CallOnRecord, ...]
    ports: Mapping[str, int] = field(default_factory=dict)
    """Where a caller's sound went, by the caller's number."""
    heard: tuple[Heard, ...] = ()
    agents_before: Mapping[str, str] = field(default_factory=dict)
    agents_after: Mapping[str, str] = field(default_factory=dict)
    before: Footprint | None = None
    after: Footprint | None = None
    health: tuple[HealthSeen, ...] = ()
    marks: Mapping[str, float] = field(default_factory=dict)
    """What the fault itself measured, by the name of the figure."""
    sound_within_s: float = 3.0
    """A new call hears something within so long, or it is not served."""
    ends_calls: bool = False
    """Whether the fault itself ended every call there was: Asterisk's own death."""
    safe_states: frozenset[str] = frozenset()
    """In which an agent may be afterwards, whatever the state before."""
    engine_said: Mapping[str, int] = field(default_factory=dict)

    def of(self, *groups: Group) -> Iterator[SippCall]:
        """Yield the callers of these groups."""
        for group in groups:
            yield from self.callers.get(group, ())

    @property
    def all_callers(self) -> Iterator[SippCall]:
        """Every call that was placed."""
        for calls in self.callers.values():
            yield from calls

    def heard_by(self, number: str) -> Iterator[Heard]:
        """Yield what a caller's port heard."""
        port = self.ports.get(number)
        return (heard for heard in self.heard if heard.port == port)
