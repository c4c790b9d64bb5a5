"""What a flow can ask of the utility: look-ups and orders, declared in a file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ivr.problems import Problem, Refused, refusing
from ivr.source import Source, Trail, read_source
from ivr.wording import Wording
from ivr.words import NAME_WORDS, problem_at, read_as
from ivr.written import NAME, Id

FILE_NAME = "lookups.yaml"
"""It lies beside the folder of flows."""

DEFAULT_LIMIT_S = 2.0
LONGEST_LIMIT_S = 10.0
"""No caller waits longer for any answer."""

FOUND = "found"
"""What every answer has besides its own fields: whether there was one."""
ORDER_ID, TAIL = "id", "tail"

ASKS = r"^[a-z0-9]{1,20}(-[a-z0-9]{1,20}){0,5}$"
CODE = r"^[A-Z][A-Z0-9]{0,19}(-[A-Z0-9]{1,20}){0,2}$"
PATTERNS: Mapping[str, str] = {
    NAME: NAME_WORDS,
    ASKS: Wording(
        en="words of a to z and 0 to 9 with - between them, no address",
        zh="由 a 到 z、0 到 9 组成、以 - 相连的词，不能是网址",
    ),
    CODE: Wording(
        en="a code of A to Z, 0 to 9 and -, as FAULT or EXT-12345",
        zh="由 A 到 Z、0 到 9 和 - 组成的代码，如 FAULT 或 EXT-12345",
    ),
}


class FieldType(StrEnum):
    """What an answer's field holds."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    FLAG = "flag"
    DIGITS = "digits"
    DATE = "date"
    MOMENT = "moment"


class ArgumentType(StrEnum):
    """What is sent along with a question."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    FLAG = "flag"
    DIGITS = "digits"
    DATE = "date"
    MOMENT = "moment"
    SECRET = "secret"  # noqa: S105 - the name of a type
    """Digits that nobody but the utility is told, as a PIN."""


ORDER_GIVES: Mapping[str, FieldType] = {
    ORDER_ID: FieldType.TEXT,
    TAIL: FieldType.DIGITS,
}
"""What is known of every order that was made: its number, and how that ends."""

Limit = Annotated[
    float, Field(default=DEFAULT_LIMIT_S, gt=0, le=LONGEST_LIMIT_S, allow_inf_nan=False)
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LookUp(_Part):
    """One thing that can be looked up."""

    asks: Annotated[str, StringConstraints(pattern=ASKS)]
    """What it is called at the utility."""
    takes: Mapping[Id, ArgumentType] = Field(default_factory=dict, max_length=20)
    gives: Mapping[Id, FieldType] = Field(default_factory=dict, max_length=60)
    limit_s: Limit
    """For the whole answer; later, it has failed."""


class OrderKind(_Part):
    """One kind of order that can be made."""

    code: Annotated[str, StringConstraints(pattern=CODE)]
    """What it is called at the utility."""
    takes: Mapping[Id, ArgumentType] = Field(default_factory=dict, max_length=20)
    gives: Mapping[Id, FieldType] = Field(default_factory=dict, max_length=60)
    """Besides ``id`` and ``tail``, which every order has."""
    limit_s: Limit

    @property
    def answers(self) -> Mapping[str, FieldType]:
        """All fields of the answer."""
        return {**ORDER_GIVES, **self.gives}


class LookUps(_Part):
    """Everything that a flow can ask."""

    look_ups: Mapping[Id, LookUp] = Field(default_factory=dict, max_length=200)
    orders: Mapping[Id, OrderKind] = Field(default_factory=dict, max_length=100)
    sms_limit_s: Limit


class LookUpsRefused(Refused):
    """The file of look-ups cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenLookUps:
    """The look-ups, and where each stands."""

    look_ups: LookUps
    source: Source | None
    """None where there is no file."""


NOTHING = WrittenLookUps(look_ups=LookUps.model_validate({}), source=None)


def load_look_ups(path: Path) -> WrittenLookUps:
    """Read the look-ups and orders that flows can ask for.

    Returns:
        Nothing to ask for where there is no such file.

    Raises:
        LookUpsRefused: With every problem found.
    """
    if not path.exists():
        return NOTHING
    with refusing(LookUpsRefused, path):
        source = read_source(path)
    return look_ups_of(source)


def look_ups_of(source: Source) -> WrittenLookUps:
    """Return a file's look-ups.

    Raises:
        LookUpsRefused: With every problem found.
    """
    read = read_as(LookUps, source, options_at=_options_at, patterns=PATTERNS)
    if isinstance(read, list):
        raise LookUpsRefused(read)
    if problems := list(_taken_names(read, source)):
        raise LookUpsRefused(problems)
    return WrittenLookUps(look_ups=read, source=source)


def _taken_names(look_ups: LookUps, source: Source) -> Iterable[Problem]:
    """Tell fields that are called as what every answer has anyway."""
    for part, asked in (("look_ups", look_ups.look_ups), ("orders", look_ups.orders)):
        taken = {FOUND} if part == "look_ups" else {FOUND, *ORDER_GIVES}
        for name, one in asked.items():
            for field in sorted(taken & set(one.gives)):
                what = Wording(
                    en=f"{field!r} is in every answer anyway; call it otherwise",
                    zh=f"每个结果里本来就有 {field!r}；请换个名称",
                )
                yield problem_at(source, (part, name, "gives", field), what)


def _options_at(place: Trail) -> Iterable[str]:
    match place:
        case ("look_ups", _, _):
            return LookUp.model_fields
        case ("orders", _, _):
            return OrderKind.model_fields
        case _:
            return LookUps.model_fields
