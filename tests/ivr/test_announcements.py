"""What callers are told first: when, on which numbers, in which areas."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ivr.announcements import (
    MOST_AT_ONCE,
    NONE,
    Announcements,
    AnnouncementsRefused,
    heard,
    load_announcements,
)
from ivr.sounds import Language, Spoken

HERE = timezone(timedelta(hours=8))
FILE = """\
announcements:
  storm:
    say: {zh: 台风, en: A storm}
    from: 2026-07-01 08:00
    until: 2026-07-01 20:00
  works:
    say: {zh: 检修}
    from: 2026-07-01 09:00
    until: 2026-07-01T10:00:00Z
    numbers: [6000, 6001]
    areas: [NP, YJ]
"""


def read(tmp_path: Path, text: str = FILE) -> Announcements:
    file = tmp_path / "announcements.yaml"
    file.write_text(text, encoding="utf-8")
    return load_announcements(file)


def told(known: Announcements, at: datetime, number: str = "6000") -> list[str]:
    due = known.due(at, number, ("YJ", "-"))
    return [
        sound.text
        for one in heard(due, Language.ZH)
        for sound in one.sounds
        if isinstance(sound, Spoken)
    ]


def test_they_are_told_from_their_first_minute_to_their_last(tmp_path: Path) -> None:
    known = read(tmp_path)

    # Times without an offset are the centre's, eight hours before UTC.
    assert told(known, datetime(2026, 7, 1, 7, 59, 59, tzinfo=HERE)) == []
    assert told(known, datetime(2026, 7, 1, 8, tzinfo=HERE)) == ["台风"]
    assert told(known, datetime(2026, 7, 1, 2, tzinfo=UTC)) == ["检修", "台风"]
    assert told(known, datetime(2026, 7, 1, 18, tzinfo=HERE)) == ["台风"]
    assert told(known, datetime(2026, 7, 1, 20, tzinfo=HERE)) == []


def test_they_are_told_on_their_numbers_and_in_their_areas_only(tmp_path: Path) -> None:
    known, noon = read(tmp_path), datetime(2026, 7, 1, 12, tzinfo=HERE)

    assert told(known, noon, "6003") == ["台风"]
    assert len(known.due(noon, "6000", ("HL", "NP"))) == 2
    assert len(known.due(noon, "6000", ("HL", "HC"))) == 1


def test_each_is_told_in_the_callers_language_where_it_has_it(tmp_path: Path) -> None:
    due = read(tmp_path).due(datetime(2026, 7, 1, 4, tzinfo=UTC), "6000", ("YJ", "-"))

    said = [it for one in heard(due, Language.EN) for it in one.sounds]
    assert [getattr(it, "text", None) for it in said] == ["检修", "A storm"]


def test_nobody_is_told_more_than_three(tmp_path: Path) -> None:
    many = "".join(
        f"  a{n}: {{say: {{zh: '{n}'}}, from: 2026-07-01 0{n}:00, until: 2026-07-02}}\n"
        for n in range(6)
    )
    known = read(tmp_path, f"announcements:\n{many}".replace("07-02", "07-02 00:00"))

    late = told(known, datetime(2026, 7, 1, 12, tzinfo=HERE))

    assert late == ["5", "4", "3"]
    assert len(late) == MOST_AT_ONCE


def test_where_there_is_no_file_nothing_is_told(tmp_path: Path) -> None:
    assert load_announcements(tmp_path / "none.yaml") == NONE
    assert NONE.sounds() == frozenset()


def test_all_that_is_wrong_is_told_with_its_line(tmp_path: Path) -> None:
    wrong = """\
announcements:
  storm:
    say: {zh: "欠费{account.balance:money}"}
    from: 2026-07-02 08:00
    until: 2026-07-01 20:00
"""
    with pytest.raises(AnnouncementsRefused) as caught:
        read(tmp_path, wrong)
    assert [str(it).partition(".yaml:")[2] for it in caught.value.problems] == [
        "3: announcements → storm → say: says 'account.balance', and an announcement"
        " knows no values; write it out",
        "5: announcements → storm → until: is not behind its `from`; write a later"
        " time",
    ]

    more = """\
announcements:
  Storm: {say: {zh: 好}, from: now, untill: 2026-07-01 20:00, areas: [np]}
"""
    with pytest.raises(AnnouncementsRefused) as caught:
        read(tmp_path, more)
    words = str(caught.value)
    for part in (
        "until: is required, got nothing",
        "untill: is not an option here; did you mean 'until'?",
        "should be the code of a province or a unit, as YJ, got 'np'",
        "from: ",
    ):
        assert part in words
    with pytest.raises(AnnouncementsRefused):
        read(tmp_path, "a: &a [*a]")
