"""Calendars: when an office is open, with its holidays, in the centre's own time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ivr.problems import Problem, Refused, refusing
from ivr.source import Source, Trail, parse_source
from ivr.wording import Wording, wrong
from ivr.words import read_as
from ivr.written import Id

FILE_NAME = "hours.yaml"
"""It lies beside the folder of flows."""
DEFAULT_ZONE = "Asia/Shanghai"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From when to when a day is open; the end is not in it."""

    first: time
    end: time

    def has(self, clock: time) -> bool:
        """Tell whether an instant of the day is in it."""
        return self.first <= clock and (clock < self.end or self.end == time())


def _span(written: object) -> Span:
    if isinstance(written, Span):
        return written
    try:
        first, _, end = str(written).partition("-")
        last = time() if end.strip() == "24:00" else time.fromisoformat(end.strip())
        span = Span(first=time.fromisoformat(first.strip()), end=last)
    except ValueError:
        span = Span(first=time(), end=time())
    if (span.end != time() and span.first >= span.end) or str(written).count("-") != 1:
        raise wrong(
            "span",
            Wording(
                en="should be hours as in `08:30-17:30`",
                zh="应为起止时间，如 `08:30-17:30`",
            ),
        )
    return span


def _days(written: str) -> str:
    first, _, last = written.partition("-")
    if first not in DAYS or (last or first) not in DAYS[DAYS.index(first) :]:
        raise wrong(
            "days",
            Wording(
                en="should be a day or days in a row, as in `mon-fri` or `sat`",
                zh="应为一天或连续几天，如 `mon-fri` 或 `sat`",
            ),
        )
    return written


def _zone(written: str) -> str:
    try:
        ZoneInfo(written)
    except (ValueError, OSError, LookupError):
        raise wrong(
            "zone",
            Wording(
                en="should be a zone of the world's, as in `Asia/Shanghai`",
                zh="应为时区名称，如 `Asia/Shanghai`",
            ),
        ) from None
    return written


Spans = tuple[Annotated[Span, BeforeValidator(_span)], ...]
Days = Annotated[str, AfterValidator(_days)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Calendar(_Part):
    """When one office is open."""

    week: Mapping[Days, Spans] = Field(min_length=1)
    """By day or days in a row; what is not named is closed."""
    holidays: Literal["closed", "as_usual"] | Spans
    """What holds on a holiday: that it must be said is the point."""

    def is_open(self, day: str, clock: time, *, is_holiday: bool) -> bool:
        """Tell whether it is open."""
        if is_holiday and self.holidays == "closed":
            return False
        if is_holiday and isinstance(self.holidays, tuple):
            return any(span.has(clock) for span in self.holidays)
        return any(
            span.has(clock)
            for days, spans in self.week.items()
            if day in _named(days)
            for span in spans
        )


def _named(days: str) -> tuple[str, ...]:
    first, _, last = days.partition("-")
    return DAYS[DAYS.index(first) : DAYS.index(last or first) + 1]


class Hours(_Part):
    """All calendars, and the days that are not like others."""

    zone: Annotated[str, AfterValidator(_zone)] = DEFAULT_ZONE
    holidays: tuple[date, ...] = ()
    worked: tuple[date, ...] = ()
    """Days of a weekend on which all work as on a Monday."""
    calendars: Mapping[Id, Calendar] = Field(default_factory=dict)

    def local(self, at: datetime) -> datetime:
        """Return an instant as it stands on the centre's clocks."""
        return at.astimezone(ZoneInfo(self.zone))

    def is_holiday(self, at: datetime) -> bool:
        """Tell whether it is a holiday here."""
        return self.local(at).date() in self.holidays

    def is_open(self, name: str, at: datetime) -> bool:
        """Tell whether a calendar is open; False where there is none of that name."""
        calendar = self.calendars.get(name)
        if calendar is None:
            return False
        local = self.local(at)
        is_worked = local.date() in self.worked
        day = DAYS[0] if is_worked else DAYS[local.weekday()]
        is_holiday = local.date() in self.holidays and not is_worked
        return calendar.is_open(day, local.time(), is_holiday=is_holiday)


NO_HOURS = Hours()


class HoursRefused(Refused):
    """The file of calendars cannot be used."""


def load_hours_from(text: str, *, file: Path) -> Hours:
    """Read calendars that are at hand as a text.

    Raises:
        HoursRefused: With every problem found.
    """
    with refusing(HoursRefused, file):
        source = parse_source(text.encode(), file=file.as_posix())
    return hours_of(source)


def hours_of(source: Source) -> Hours:
    """Return a file's calendars.

    Raises:
        HoursRefused: With every problem found.
    """
    read = read_as(Hours, source, options_at=_options_at, trail_of=_trail_of)
    if isinstance(read, list):
        raise HoursRefused(_once(read))
    return read


def _once(problems: list[Problem]) -> list[Problem]:
    # What holds on holidays may be one of two, and is wrong as both then.
    first = {(one.line, one.trail): one for one in reversed(problems)}
    return [*first.values()]


def _trail_of(place: Trail) -> Trail:
    match place:
        case ("calendars", name, "holidays", *_):
            return ("calendars", name, "holidays")
        case _:
            return place


def _options_at(place: Trail) -> tuple[str, ...]:
    return tuple((Hours if len(place) == 1 else Calendar).model_fields)
