"""Asterisk's log of queues: what its lines mean, and how it is read and emptied."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from acd.vocabulary.ids import CENTRE, Place
from acd.vocabulary.leg_facts import LegEnded
from acd.vocabulary.offer_facts import Party
from acd.vocabulary.open_facts import (
    OpenQueueJoined,
    OpenQueueLeft,
    OpenQueueServed,
    OpenTalkEnded,
)
from cti_bridge.switch_log.file import SwitchLog
from cti_bridge.switch_log.lines import Note, read_line

CALL = "a9a3e062-5c8f-4220-938b-1cccfed2825d"
OFFER = "3f8f5d1a-4a4e-5c55-8f4e-6a1c9e5b7d22"
AT = datetime.fromtimestamp(1795314651.093, UTC)
NOW = datetime(2126, 1, 1, tzinfo=UTC)
# As Asterisk 22.10.1 wrote it.
OPEN = (
    f"1795314651|{CALL}|calls|NONE|CCOPEN|1795314651.093 1795314651.092 "
    f"1795314640.5 020 q_bill {CALL} bcff4dba-1795314651.0 6000 13800001111 "
    "763e27317493d831 张伟"
)


def read(line: str) -> Note | None:
    return read_line(line, place_of=lambda _: Place(province="YJ", unit="-"), now=NOW)


def test_who_came_to_the_open_queue_is_told_with_all_that_a_record_needs() -> None:
    note = read(OPEN)

    assert note is not None
    fact = note.fact
    assert isinstance(fact, OpenQueueJoined)
    assert (fact.at, fact.call_id, fact.leg_id) == (AT, CALL, "bcff4dba-1795314651.0")
    assert (fact.queue_id, fact.call_class, fact.number) == ("q_bill", 20, "6000")
    assert (fact.caller_number, fact.caller_name) == ("13800001111", "张伟")
    assert fact.queued_at == datetime.fromtimestamp(1795314640.5, UTC)
    assert fact.place.province == "YJ"


def test_a_name_with_spaces_and_one_that_is_withheld_are_kept_apart() -> None:
    spaced, withheld = read(f"{OPEN} de la Cruz"), read(OPEN.removesuffix("张伟"))

    assert spaced is not None
    assert withheld is not None
    assert isinstance(spaced.fact, OpenQueueJoined)
    assert isinstance(withheld.fact, OpenQueueJoined)
    assert spaced.fact.caller_name == "张伟 de la Cruz"
    assert withheld.fact.caller_name == ""


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (f"1|{CALL}|calls|NONE|CCLEFT|1.5", OpenQueueLeft),
        (f"1|{CALL}|calls|NONE|CCBYE|1.5", OpenQueueLeft),
        (f"1|{CALL}|calls|NONE|CCSERVED|1.5 {OFFER} b-1.2 1001", OpenQueueServed),
        (f"1|{CALL}|calls|NONE|CCGONE|1.5 b-1.2 16 1", LegEnded),
        (f"1|{CALL}|calls|NONE|CCPARTED|1.5 b-1.2 0", OpenTalkEnded),
        ("1|b-1.1|q_bill|1001|COMPLETEAGENT|1|2|1", OpenTalkEnded),
        ("1|b-1.1|q_bill|1001|COMPLETECALLER|1|2|1", OpenTalkEnded),
    ],
)
def test_each_line_of_ours_tells_its_fact(line: str, kind: type) -> None:
    note = read(line)

    assert note is not None
    assert type(note.fact) is kind


def test_who_ended_a_talk_is_what_asterisk_says() -> None:
    note = read("1|b-1.1|q_bill|1001|COMPLETEAGENT|1|2|1")

    assert note is not None
    assert isinstance(note.fact, OpenTalkEnded)
    assert (note.fact.leg_id, note.fact.ended_by) == ("b-1.1", Party.AGENT)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "1795314579|NONE|NONE|NONE|QUEUESTART|",
        "1|b-1.1|q_bill|NONE|ENTERQUEUE||13800001111|1",
        f"1|{CALL}|calls|NONE|CCOPEN|nan 1 2 0 q {CALL} l 6000 1 s n",
        f"1|{CALL}|calls|NONE|CCOPEN|1e99 1 2 0 q {CALL} l 6000 1 s n",
        f"1|{CALL}|calls|NONE|CCOPEN|1.5",
        "1|no-uuid|calls|NONE|CCGONE|1.5 b-1.2 16 1",
        f"1|{CALL}|calls|NONE|CCGONE|1.5 a leg 16 0",
        f"1|{CALL}|calls|NONE|CCSERVED|1.5 no-offer b-1.2 1001",
    ],
)
def test_what_is_not_of_its_form_is_passed_over(line: str) -> None:
    assert read_line(line, place_of=lambda _: CENTRE, now=NOW) is None


def test_nothing_is_told_to_have_happened_later_than_now() -> None:
    note = read_line(OPEN, place_of=lambda _: CENTRE, now=AT.replace(year=2020))

    assert note is not None
    assert note.fact.at.year == 2020


def test_whole_lines_are_read_once_and_half_ones_when_they_are_whole(
    tmp_path: Path,
) -> None:
    path, notes = a_log(tmp_path)
    path.write_text("one\ntw", encoding="utf-8")
    first = notes.lines(0.0)
    append(path, "o\n")

    assert (first, notes.lines(1.0), notes.lines(2.0)) == (["one"], ["two"], [])


def test_what_was_read_is_emptied_later_and_not_read_again(tmp_path: Path) -> None:
    path, notes = a_log(tmp_path)
    path.write_text("a caller's number\n", encoding="utf-8")
    notes.lines(0.0)
    notes.empty(1.0)
    kept = path.read_bytes()
    notes.empty(6.0)
    append(path, "the next\n")

    assert b"number" in kept
    assert b"number" not in path.read_bytes()
    assert path.stat().st_size == len("a caller's number\nthe next\n")
    assert notes.lines(7.0) == ["the next"]
    assert a_log(tmp_path)[1].lines(7.0) == ["the next"], "another process goes on"


def test_what_cannot_be_emptied_is_told_once_and_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    mark = tmp_path / "gone" / "mark"
    notes = SwitchLog(path, mark)
    path.write_text("a caller's number\n", encoding="utf-8")
    notes.lines(0.0)

    with capture_logs() as logged:
        notes.empty(6.0)
        notes.empty(6.5)
    mark.parent.mkdir()
    notes.empty(7.0)

    assert [line["event"] for line in logged] == ["switch_log_not_emptied"]
    assert b"number" not in path.read_bytes()


def test_what_was_not_emptied_yet_is_read_again_by_the_next_process(
    tmp_path: Path,
) -> None:
    path, notes = a_log(tmp_path)
    path.write_text("one\n", encoding="utf-8")
    notes.lines(0.0)

    assert a_log(tmp_path)[1].lines(0.0) == ["one"]


def test_a_log_that_began_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    path, notes = a_log(tmp_path)
    path.write_text("of yesterday, long\n", encoding="utf-8")
    notes.lines(0.0)
    path.unlink()
    path.write_text("today\n", encoding="utf-8")

    assert notes.lines(1.0) == ["today"]


def a_log(folder: Path) -> tuple[Path, SwitchLog]:
    return folder / "queue_log", SwitchLog(folder / "queue_log", folder / "mark")


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as opened:
        opened.write(text)
