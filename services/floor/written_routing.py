"""The schema of what the floor file says about routing."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from acd.policy import TOP_LEVEL, Region
from ivr.source import Trail
from ivr.written import Id

LIST, LEVELS = "#list", "#levels"
"""How skills can be written: pydantic names it in its places, the file does not."""

Level = Annotated[int, Field(ge=1, le=TOP_LEVEL)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]

Skills = Annotated[
    Annotated[tuple[Id, ...], Tag(LIST)] | Annotated[Mapping[Id, Level], Tag(LEVELS)],
    Discriminator(lambda told: LEVELS if isinstance(told, Mapping) else LIST),
]
"""``[fault, bill]``, or with levels ``{fault: 4, bill: 2}``."""


def _as_rule(told: object) -> object:
    return {"rule": told} if isinstance(told, str) else told


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WrittenTarget(_Part):
    """The service level that a queue is meant to have."""

    share: Share = 0.8
    within_s: Seconds = 20


class WrittenStep(_Part):
    """A further step of what a queue's calls may be given to."""

    after_s: Seconds
    """From the beginning of the wait."""
    skills: Skills | None = None
    """None where a queue is named, or the queue's own hold on."""
    queue: Id | None = None
    """The queue whose agents help, as its first step says."""
    region: Region | None = None
    """None: as on the queue."""
    agents: tuple[str, ...] = ()


class WrittenGate(_Part):
    """In which bounds of quality short calls count."""

    repeat_rate: Share = 0.15
    least_calls: int = Field(default=20, ge=1, le=10_000)


class WrittenChoice(_Part):
    """By which rule an agent is chosen; the options are those of ``blend``."""

    rule: Literal[
        "longest_idle",
        "least_occupied",
        "fastest_first",
        "round_robin",
        "priority_matrix",
        "blend",
    ]
    idle_weight: Weight = 2.0
    clamp: float = Field(default=0.4, ge=0, le=0.9, allow_inf_nan=False)
    scarcity_s: Weight = 0.0
    level_s: Weight = 0.0
    per_resolved: bool = False
    occupancy_bound: float = Field(default=0.05, ge=0, le=1, allow_inf_nan=False)
    quality_gate: WrittenGate = WrittenGate()


class WrittenOrder(_Part):
    """By which rule a call is chosen within its class."""

    rule: Literal["longest_wait", "by_priority", "fixed_ratio", "cmu"]
    guard_s: Seconds | None = None
    shares: Mapping[Id, Weight] = Field(default_factory=dict)
    """Of ``fixed_ratio``: each queue's share of all who wait."""


Choice = Annotated[WrittenChoice, BeforeValidator(_as_rule)]
Order = Annotated[WrittenOrder, BeforeValidator(_as_rule)]


class WrittenRonaRule(_Part):
    """When an outcome makes not ready, and for how long."""

    limit: int = Field(default=1, ge=1, le=100)
    window_s: Seconds = 600
    penalty_s: Seconds | None = None


class WrittenRona(_Part):
    """The rules for each outcome that an agent is to blame for."""

    no_answer: WrittenRonaRule = WrittenRonaRule()
    declined: WrittenRonaRule = WrittenRonaRule()
    busy: WrittenRonaRule = WrittenRonaRule()


def as_in_file(place: Trail) -> Trail:
    """Return a place without what pydantic calls the forms of it."""
    return tuple(part for part in place if part not in (LIST, LEVELS))


def routing_options_at(place: Trail) -> Mapping[str, object] | None:
    """Return the options beside something that is none; None elsewhere."""
    match as_in_file(place):
        case ("queues", _, "target", _):
            return WrittenTarget.model_fields
        case ("queues", _, "steps", _, _):
            return WrittenStep.model_fields
        case ("queues", _, "choice", *inner) | ("choice", *inner) if inner:
            part = WrittenGate if inner[0] == "quality_gate" else WrittenChoice
            return part.model_fields
        case ("order", _):
            return WrittenOrder.model_fields
        case ("rona", _):
            return WrittenRona.model_fields
        case ("rona", _, _):
            return WrittenRonaRule.model_fields
        case _:
            return None
