"""The schema of a scenario file."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ivr.source import Trail
from ivr.written import Id
from services.floor import written as floor_file
from services.floor.written import Code, Title, Who, WrittenQueue
from services.floor.written_routing import (
    Choice,
    Order,
    Skills,
    as_in_file,
    routing_options_at,
)

CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"
PREFIX = r"^[A-Za-z][A-Za-z_-]{0,19}$"
FILE = r"^[A-Za-z0-9_./-]{1,200}$"

PATTERNS: Mapping[str, str] = {
    **floor_file.PATTERNS,
    CLOCK: "a time of day as 08:30, up to 24:00",
    PREFIX: "letters, _ and -, at most 20 long, before which no digit stands",
    FILE: "a path of letters, digits, '_', '.', '-' and '/'",
}
"""Every pattern of this schema, in words."""

Clock = Annotated[str, StringConstraints(pattern=CLOCK)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Spread = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Times = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WrittenKind(_Part):
    """The calls of one queue."""

    share: float = Field(default=1, gt=0, le=1e6, allow_inf_nan=False)
    handling_s: Seconds
    spread: Spread = 0.8
    patience_s: Seconds = 180
    wrap_up_share: Share = 0.15
    spell: Literal["lognormal", "exponential"] = "lognormal"
    call_class: int = Field(default=0, alias="class", ge=0, le=20)


class WrittenPick(_Part):
    """Skills that are drawn for each agent of a group."""

    of: tuple[Id, ...] = Field(min_length=1)
    least: int = Field(default=1, ge=1, le=500)
    most: int = Field(default=1, ge=1, le=500)


class WrittenGroup(_Part):
    """Agents who are alike, named by the group and a number from 1 on."""

    count: int = Field(ge=1, le=10_000)
    skills: Skills | None = None
    pick: WrittenPick | None = None
    speed: Times | None = None
    """Handling times as a multiple of the average; None: drawn for each."""
    province: Code | None = None
    unit: Code | None = None


class WrittenBurst(_Part):
    """For a while there are many times as many calls."""

    at: Clock
    minutes: float = Field(gt=0, le=1440, allow_inf_nan=False)
    times: float = Field(gt=1, le=100, allow_inf_nan=False)
    queues: tuple[Id, ...] = ()


class WrittenArrivals(_Part):
    """How calls come."""

    load: float | None = Field(default=None, gt=0, le=10, allow_inf_nan=False)
    """Work that comes, as a part of what all agents can do."""
    calls_a_day: int | None = Field(default=None, ge=1, le=1_000_000)
    profile: tuple[Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)], ...] = (
        Field(default=(1.0,), min_length=1, max_length=1440)
    )
    day_noise: Spread = 0.0
    bursts: tuple[WrittenBurst, ...] = Field(default=(), max_length=15)


class WrittenPeople(_Part):
    """What people do, in measures that hold for all of them."""

    agent_spread: Spread = 0.2
    kind_spread: Spread = 0.12
    ring_s: tuple[
        Annotated[float, Field(ge=0, le=120, allow_inf_nan=False)],
        Annotated[float, Field(ge=0, le=120, allow_inf_nan=False)],
    ] = (2.0, 6.0)
    no_answer: Share = 0.02
    back_s: Seconds = 60
    breaks: int = Field(default=0, ge=0, le=20)
    break_s: Seconds = 900
    again: Share = 0.0
    again_s: Seconds = 300


class WrittenChange(_Part):
    """An agent is slower or faster from some instant on."""

    agent: Who
    day: int = Field(default=1, ge=1, le=400)
    at: Clock
    times: Times


class WrittenEarly(_Part):
    """An agent cuts calls short."""

    agent: Who
    share: Share
    left: Share = 0.15


class WrittenScenario(_Part):
    """A scenario file."""

    name: Title
    floor: Annotated[str, StringConstraints(pattern=FILE)] | None = None
    """Path of a floor file, from the scenario's folder; else it is written here."""
    skills: Mapping[Id, Title] = Field(default_factory=dict, max_length=500)
    queues: Mapping[Id, WrittenQueue] = Field(default_factory=dict, max_length=500)
    agents: Mapping[Annotated[str, StringConstraints(pattern=PREFIX)], WrittenGroup] = (
        Field(default_factory=dict, max_length=200)
    )
    choice: Choice | None = None
    order: Order | None = None
    calls: Mapping[Id, WrittenKind] = Field(min_length=1, max_length=500)
    arrivals: WrittenArrivals
    people: WrittenPeople = WrittenPeople()
    changes: tuple[WrittenChange, ...] = ()
    early: tuple[WrittenEarly, ...] = ()
    opens: Clock = "08:00"
    closes: Clock = "16:00"
    warm_up_days: int = Field(default=0, ge=0, le=400)
    days: int = Field(default=1, ge=1, le=400)
    history_calls: int = Field(default=0, ge=0, le=100_000)
    """Calls of each agent on record when the first day begins."""


_LISTS: Mapping[str, type[BaseModel]] = {
    "changes": WrittenChange,
    "early": WrittenEarly,
}


def options_at(place: Trail) -> Iterable[str]:
    """Return the options there are beside something that is none."""
    routing = routing_options_at(place)
    if routing is not None:
        return routing
    match as_in_file(place):
        case ("queues", _, _):
            return WrittenQueue.model_fields
        case ("agents", _, _):
            return WrittenGroup.model_fields
        case ("agents", _, "pick", _):
            return WrittenPick.model_fields
        case ("calls", _, _):
            return names_of(WrittenKind)
        case ("arrivals", "bursts", _, _):
            return WrittenBurst.model_fields
        case ("arrivals", _):
            return WrittenArrivals.model_fields
        case ("people", _):
            return WrittenPeople.model_fields
        case ("changes" | "early" as part, _, _):
            return _LISTS[part].model_fields
        case _:
            return WrittenScenario.model_fields


def names_of(part: type[BaseModel]) -> Iterable[str]:
    """Return a part's options as they are written."""
    return [one.alias or name for name, one in part.model_fields.items()]
