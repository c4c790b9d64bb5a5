"""Each fault is kept with begin, end, duration and cause, whatever else breaks."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.watchdog.faults import FaultBook, read
from services.watchdog.light import Change, Light

GREEN, YELLOW, RED = Light.GREEN, Light.YELLOW, Light.RED


def at(seconds: float) -> datetime:
    return datetime(2026, 11, 22, 8, tzinfo=UTC) + timedelta(seconds=seconds)


def change(
    before: Light, after: Light, second: float, sentence: str = "it broke"
) -> Change:
    return Change(
        component="database",
        before=before,
        after=after,
        at=at(second),
        sentence=sentence,
    )


def test_a_fault_is_kept_with_its_duration_and_cause(tmp_path: Path) -> None:
    book = FaultBook(tmp_path)
    book.take(change(GREEN, YELLOW, 1, "it is slow"))
    book.take(change(YELLOW, RED, 4, "it is gone"), because="host")
    book.take(change(RED, YELLOW, 8, "it is slow again"))
    book.take(change(YELLOW, GREEN, 9.5, "it answers"))

    (fault,) = read(book.path)
    assert (fault.began_at, fault.ended_at) == (at(1), at(9.5))
    assert fault.duration_s == 8.5
    assert (fault.worst, fault.sentence, fault.because) == (RED, "it is gone", "host")
    assert book.open == {}


def test_what_was_well_all_the_time_leaves_no_line(tmp_path: Path) -> None:
    book = FaultBook(tmp_path)

    assert book.take(change(Light.GREY, GREEN, 0)) is None
    assert read(book.path) == []


def test_a_fault_goes_on_over_a_restart_of_the_watchdog(tmp_path: Path) -> None:
    FaultBook(tmp_path).take(change(GREEN, RED, 1))

    book = FaultBook(tmp_path)
    assert book.open["database"].began_at == at(1)

    book.take(change(RED, GREEN, 61))
    (fault,) = read(book.path)
    assert fault.duration_s == 60


def test_a_line_torn_by_a_power_cut_is_not_believed_and_takes_none_with_it(
    tmp_path: Path,
) -> None:
    book = FaultBook(tmp_path)
    book.take(change(GREEN, RED, 1))
    with book.path.open("ab") as out:
        out.write(b'{"component": "data')

    book = FaultBook(tmp_path)
    book.take(change(RED, GREEN, 3))

    (fault,) = read(book.path)
    assert fault.duration_s == 2


def test_what_the_disk_refuses_is_written_when_it_takes_it_again(
    tmp_path: Path,
) -> None:
    book = FaultBook(tmp_path)
    book.path.mkdir()  # nothing can be written there

    book.take(change(GREEN, RED, 1))
    book.take(change(RED, GREEN, 3))
    assert book.problem is not None
    assert "cannot be written" in book.problem

    book.path.rmdir()
    book.write_again()
    assert book.problem is None
    assert [fault.duration_s for fault in read(book.path)] == [2]


def test_a_fault_that_goes_on_can_get_a_better_sentence(tmp_path: Path) -> None:
    book = FaultBook(tmp_path)
    book.take(change(GREEN, RED, 1, "no answer"))
    book.amend("database", "no answer, so it was killed")
    book.amend("engine", "has no fault")

    (fault,) = read(book.path)
    assert fault.sentence == "no answer, so it was killed"


def test_only_we_may_read_it(tmp_path: Path) -> None:
    book = FaultBook(tmp_path)
    book.take(change(GREEN, RED, 1))

    assert book.path.stat().st_mode & 0o077 == 0
