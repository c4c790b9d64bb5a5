"""The schema of the floor file."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from acd.policy import Region
from ivr.source import Trail
from ivr.words import NAME_WORDS
from ivr.written import NAME, Id
from services.floor.admission import Refusal
from services.floor.written_routing import (
    Choice,
    Order,
    Skills,
    WrittenChoice,
    WrittenOrder,
    WrittenRona,
    WrittenStep,
    WrittenTarget,
    as_in_file,
    routing_options_at,
)

TITLE = r"^[^\x00-\x1f\x7f]{1,80}$"
NUMBER = r"^[0-9+*#]{1,20}$"
WHO = r"^[A-Za-z0-9_-]{1,40}$"
CODE = r"^([A-Za-z0-9]{1,12}|-)$"

PATTERNS: Mapping[str, str] = {
    NAME: NAME_WORDS,
    TITLE: "1 to 80 characters of one line",
    NUMBER: "a number of 0 to 9, +, * and #, at most 20 long",
    WHO: "letters, digits, _ and -, at most 40 long",
    CODE: "a code of letters and digits, at most 12 long, or '-' for all of it",
}
"""Every pattern of this schema, in words."""

Title = Annotated[str, StringConstraints(pattern=TITLE)]
Dialled = Annotated[str, StringConstraints(pattern=NUMBER)]
Who = Annotated[str, StringConstraints(pattern=WHO)]
Code = Annotated[str, StringConstraints(pattern=CODE)]


class Entry(BaseModel):
    """What all entries have: a name, and a place where it is not the floor's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Title
    province: Code | None = None
    unit: Code | None = None


class WrittenNumber(Entry):
    """A number that can be dialled."""

    flow: Id
    reserved: int = Field(default=0, ge=0, le=500)
    open: Id | None = None
    """Queue of its callers while nothing decides; else that of the flow's person."""
    call_class: int = Field(default=0, alias="class", ge=0, le=20)
    """Who has more goes before all who have less."""


class WrittenQueue(Entry):
    """A queue and its limits."""

    skills: Skills = ()
    """What its calls need; a plain skill needs any level of it."""
    region: Region = "any"
    ring_s: float = Field(default=15, ge=3, le=120, allow_inf_nan=False)
    wrap_up_s: float = Field(default=30, ge=0, le=3600, allow_inf_nan=False)
    max_waiting: int = Field(default=200, ge=1, le=10_000)
    priority: int = Field(default=0, ge=0, le=100)
    ageing_s: float = Field(default=0, ge=0, le=3600, allow_inf_nan=False)
    floor_s: float | None = Field(default=None, gt=0, le=3600, allow_inf_nan=False)
    target: WrittenTarget = WrittenTarget()
    steps: tuple[WrittenStep, ...] = Field(default=(), max_length=10)
    """What is added as the call waits on."""
    kind: Id | None = None
    """Kind of call, for handling times; None: the queue's own."""
    choice: Choice | None = None
    """None: the floor's."""


class WrittenAgent(Entry):
    """An agent; without a device it is ``dev-<agent>``."""

    skills: Skills = ()
    """What they can do; a plain skill is of level 3."""
    device: Who | None = None


class WrittenAdmission(BaseModel):
    """What is taken of the calls that come."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls: int = Field(default=400, ge=2, le=5000)
    per_s: float = Field(default=30, gt=0, le=1000, allow_inf_nan=False)
    burst: int = Field(default=60, ge=1, le=10_000)
    number_per_s: float = Field(default=30, gt=0, le=1000, allow_inf_nan=False)
    number_burst: int = Field(default=60, ge=1, le=10_000)
    caller_per_min: float = Field(default=10, gt=0, le=6000, allow_inf_nan=False)
    caller_burst: int = Field(default=10, ge=1, le=10_000)
    refuse_by: Refusal = "busy"
    announcements: int = Field(default=0, ge=0, le=500)


class WrittenFloor(BaseModel):
    """The floor file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    province: Code
    unit: Code = "-"
    numbers: Mapping[Dialled, WrittenNumber] = Field(min_length=1, max_length=200)
    skills: Mapping[Id, Title] = Field(min_length=1, max_length=500)
    queues: Mapping[Id, WrittenQueue] = Field(min_length=1, max_length=500)
    agents: Mapping[Who, WrittenAgent] = Field(max_length=10_000)
    admission: WrittenAdmission = WrittenAdmission()
    choice: Choice = WrittenChoice(rule="blend")
    order: Order = WrittenOrder(rule="cmu")
    rona: WrittenRona = WrittenRona()


def options_at(place: Trail) -> Iterable[str]:
    """Return the options there are beside something that is none."""
    routing = routing_options_at(place)
    if routing is not None:
        return routing
    match as_in_file(place):
        case ("numbers", _, _):
            return _names(WrittenNumber)
        case ("queues", _, _):
            return WrittenQueue.model_fields
        case ("agents", _, _):
            return WrittenAgent.model_fields
        case ("admission", _):
            return WrittenAdmission.model_fields
        case _:
            return WrittenFloor.model_fields


def _names(entry: type[Entry]) -> Iterable[str]:
    """Return an entry's options as they are written."""
    return [one.alias or name for name, one in entry.model_fields.items()]
