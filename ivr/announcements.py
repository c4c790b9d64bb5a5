"""What callers are told before anything else, while it is so: by time, number, area."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from ivr.problems import Problem, Refused, refusing
from ivr.prompt import Prompt
from ivr.sounds import Announced, Language, Sound
from ivr.source import Source, Trail, read_source
from ivr.wording import Wording
from ivr.words import PATTERNS as WORDS
from ivr.words import problem_at, read_as
from ivr.written import Dialled, Id, Part

FILE_NAME = "announcements.yaml"
"""It lies beside the folder of flows."""
MOST_AT_ONCE = 3
"""Nobody listens to more; the latest are said."""

_AREA = r"^[A-Z]{1,8}$"
_PATTERNS = {
    **WORDS,
    _AREA: Wording(
        en="the code of a province or a unit, as YJ", zh="省份或单位的代码，如 YJ"
    ),
}

Area = Annotated[str, StringConstraints(pattern=_AREA)]


class Announcement(Part):
    """One thing to tell, while it is so."""

    say: Prompt
    since: datetime = Field(alias="from")
    until: datetime
    numbers: tuple[Dialled, ...] = Field(default=(), max_length=100)
    """Whose callers are told; none means all numbers."""
    areas: tuple[Area, ...] = Field(default=(), max_length=200)
    """Provinces and units whose numbers' callers are told; none means all."""


class Announcements(Part):
    """All of them."""

    utc_offset_h: float = Field(default=8, ge=-12, le=14, allow_inf_nan=False)
    """Of times without an offset of their own."""
    announcements: Mapping[Id, Announcement] = Field(default={}, max_length=200)

    def due(
        self, at: datetime, number: str, areas: Iterable[str]
    ) -> Mapping[str, Announcement]:
        """Return what callers of a number are told now by name, the latest first.

        Args:
            at: Aware.
            number: That was dialled.
            areas: The province and the unit that it belongs to.
        """
        found = [
            (name, one)
            for name, one in self.announcements.items()
            if self.instant(one.since) <= at < self.instant(one.until)
            and (not one.numbers or number in one.numbers)
            and (not one.areas or not set(one.areas).isdisjoint(areas))
        ]
        found.sort(key=lambda it: self.instant(it[1].since), reverse=True)
        return dict(found[:MOST_AT_ONCE])

    def sounds(self) -> frozenset[Sound]:
        """Return every sound that can be made ahead."""
        return frozenset(
            sound for one in self.announcements.values() for sound in one.say.sounds()
        )

    def instant(self, written: datetime) -> datetime:
        """Return a time of the file as an instant."""
        if written.tzinfo is not None:
            return written
        return written.replace(tzinfo=timezone(timedelta(hours=self.utc_offset_h)))


NONE = Announcements()


class AnnouncementsRefused(Refused):
    """The file of announcements cannot be used."""


def load_announcements(path: Path) -> Announcements:
    """Read the announcements.

    Returns:
        None to tell where there is no such file.

    Raises:
        AnnouncementsRefused: With every problem found.
    """
    if not path.exists():
        return NONE
    with refusing(AnnouncementsRefused, path):
        source = read_source(path)
    read = read_as(Announcements, source, options_at=_options_at, patterns=_PATTERNS)
    if isinstance(read, list):
        raise AnnouncementsRefused(read)
    if problems := list(_problems(read, source)):
        raise AnnouncementsRefused(problems)
    return read


def heard(
    announcements: Mapping[str, Announcement], language: Language
) -> tuple[Announced, ...]:
    """Return what is played of announcements to a caller, in order."""
    return tuple(
        Announced(name=name, sounds=tuple(one.say.heard(language, language)))
        for name, one in announcements.items()
    )


def _problems(read: Announcements, source: Source) -> Iterator[Problem]:
    for name, one in read.announcements.items():
        trail = ("announcements", name)
        if read.instant(one.until) <= read.instant(one.since):
            what = Wording(
                en="is not behind its `from`; write a later time",
                zh="不晚于它的 `from`；请写更晚的时间",
            )
            yield problem_at(source, (*trail, "until"), what)
        for shown in sorted(it.name for it in one.say.shown()):
            what = Wording(
                en=f"says {shown!r}, and an announcement knows no values; write it out",
                zh=f"要播报 {shown!r}，但公告里没有变量；请直接写出内容",
            )
            yield problem_at(source, (*trail, "say"), what)


def _options_at(place: Trail) -> Iterable[str]:
    match place:
        case ("announcements", _, "say", *_):
            return Prompt.model_fields
        case ("announcements", _, _):
            fields = Announcement.model_fields.items()
            return [field.alias or name for name, field in fields]
        case _:
            return Announcements.model_fields
