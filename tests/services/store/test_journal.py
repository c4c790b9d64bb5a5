import asyncio
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.vocabulary.fact import Tick
from acd.vocabulary.facts import Fact
from acd.vocabulary.flow_facts import CallAnswered, CallArrived
from acd.vocabulary.ids import CallId, LegId
from services.store.errors import JournalClosed, JournalDamaged, JournalInUse
from services.store.journal import Journal
from services.store.segments import Entry, Origin, entry_of, segments

MORNING = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return MORNING + timedelta(seconds=seconds)


def ticks(count: int) -> list[Fact]:
    return [Tick(at=at(n)) for n in range(count)]


async def written(folder: Path, facts: list[Fact], **settings: int) -> str:
    async with Journal(folder, **settings) as journal:
        for fact in facts:
            await journal.flushed(journal.append(fact, Origin.TOLD))
        return journal.journal_id


def entries(folder: Path, from_seq: int = 1) -> list[Entry]:
    journal = Journal(folder)
    try:
        return list(journal.read(from_seq))
    finally:
        asyncio.run(journal.close())


def facts(folder: Path) -> list[Fact]:
    return [entry.fact() for entry in entries(folder)]


async def test_what_was_flushed_is_there_after_opening_again(tmp_path: Path) -> None:
    async with Journal(tmp_path / "j") as journal:
        for n, fact in enumerate(ticks(50), start=1):
            assert journal.append(fact, Origin.TOLD) == n
        await journal.flushed(50)
        assert journal.flushed_seq == 50

    async with Journal(tmp_path / "j") as journal:
        found = list(journal.read(1))

    assert [entry.seq for entry in found] == list(range(1, 51))
    assert [entry.fact() for entry in found] == ticks(50)


async def test_numbers_and_the_journals_name_go_on_after_opening_again(
    tmp_path: Path,
) -> None:
    first = await written(tmp_path, ticks(3))

    async with Journal(tmp_path) as journal:
        assert journal.last_seq == journal.flushed_seq == 3
        assert journal.append(ticks(1)[0], Origin.TOLD) == 4
        assert journal.journal_id == first


async def test_closing_writes_what_was_not_waited_for(tmp_path: Path) -> None:
    async with Journal(tmp_path) as journal:
        for fact in ticks(20):
            journal.append(fact, Origin.TOLD)

    assert await asyncio.to_thread(facts, tmp_path) == ticks(20)


async def test_an_entry_says_where_its_fact_came_from(tmp_path: Path) -> None:
    async with Journal(tmp_path) as journal:
        for origin in Origin:
            await journal.flushed(journal.append(ticks(1)[0], origin))

        assert [entry.origin for entry in journal.read()] == list(Origin)


async def test_reading_can_begin_anywhere(tmp_path: Path) -> None:
    await written(tmp_path, ticks(9), segment_bytes=300)
    assert len(segments(tmp_path)) > 2

    async with Journal(tmp_path) as journal:
        for n in range(1, 11):
            assert [e.seq for e in journal.read(n)] == list(range(n, 10))


async def test_a_reader_follows_a_journal_that_grows_over_many_segments(
    tmp_path: Path,
) -> None:
    async with Journal(tmp_path, segment_bytes=300) as journal:
        reader = journal.reader(1)
        found: list[int] = []
        for fact in ticks(30):
            await journal.flushed(journal.append(fact, Origin.TOLD))
            batch = reader.batch(limit=10, up_to_seq=journal.flushed_seq)
            found += [entry.seq for entry in batch]
        reader.close()

    assert found == list(range(1, 31))


async def test_memory_gives_each_entry_once_and_the_disk_gives_it_again(
    tmp_path: Path,
) -> None:
    async with Journal(tmp_path / "j") as journal:
        for fact in ticks(50):
            await journal.flushed(journal.append(fact, Origin.TOLD))

        first = journal.take_recent(3, limit=10, up_to_seq=50)
        then = journal.take_recent(13, limit=100, up_to_seq=20)

        assert [entry.seq for entry in first or ()] == list(range(3, 13))
        assert [entry.seq for entry in then or ()] == list(range(13, 21))
        assert journal.take_recent(13, limit=10, up_to_seq=50) is None
        assert next(journal.read(13)).seq == 13


async def test_a_reader_gives_nothing_that_is_not_surely_on_disk(
    tmp_path: Path,
) -> None:
    await written(tmp_path, ticks(5))

    async with Journal(tmp_path) as journal:
        reader = journal.reader(1)
        first = reader.batch(limit=10, up_to_seq=3)
        second = reader.batch(limit=10, up_to_seq=3)
        third = reader.batch(limit=10, up_to_seq=5)
        reader.close()

    assert [e.seq for e in first] == [1, 2, 3]
    assert second == []
    assert [e.seq for e in third] == [4, 5]


@settings(max_examples=20, deadline=None)
@given(cut=st.integers(min_value=0))
def test_a_journal_cut_anywhere_keeps_every_whole_line_and_goes_on(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    asyncio.run(written(folder, ticks(6)))
    (path,) = segments(folder)
    whole = path.read_bytes()
    path.write_bytes(whole[: cut % (len(whole) + 1)])
    kept = path.read_bytes().count(b"\n")

    asyncio.run(written(folder, [Tick(at=at(100))]))

    assert facts(folder) == [*ticks(kept), Tick(at=at(100))]
    assert [e.seq for e in entries(folder)] == list(range(1, kept + 2))


async def test_a_last_line_with_a_bad_sum_is_dropped_and_its_number_is_not_reused(
    tmp_path: Path,
) -> None:
    await written(tmp_path, ticks(3))
    (path,) = segments(tmp_path)
    whole = bytearray(path.read_bytes())
    whole[-5] ^= 1
    path.write_bytes(whole)

    await written(tmp_path, [Tick(at=at(100))])

    assert [e.seq for e in await asyncio.to_thread(entries, tmp_path)] == [1, 2, 4]


async def test_a_bad_sum_in_the_middle_is_told_with_file_and_offset(
    tmp_path: Path,
) -> None:
    await written(tmp_path, ticks(3))
    (path,) = segments(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    bad = lines[1].replace(b"08:00:01", b"09:00:01")
    path.write_bytes(lines[0] + bad + lines[2])
    told: list[JournalDamaged] = []

    async with Journal(tmp_path) as journal:
        with pytest.raises(JournalDamaged) as caught:
            list(journal.read())
        kept = [e.seq for e in journal.read(on_damage=told.append)]

    rest = bad.rstrip(b"\n").partition(b"\t")[2]
    assert str(caught.value) == (
        f"{path}: byte {len(lines[0])}: the sum is {crc32(rest):08x}, written was "
        f"{bad[:8].decode()}; entries after it are read, this one is lost"
    )
    assert kept == [1, 3]
    assert [(d.path, d.offset) for d in told] == [(path, len(lines[0]))]


@pytest.mark.parametrize(
    "line",
    [b"", b"\0" * 40, b"00000000\t1\ttold\t{}", b"zzzzzzzz\t1\ttold\t{}", b"x"],
)
def test_a_line_that_was_not_written_by_us_is_no_entry(line: bytes) -> None:
    assert isinstance(entry_of(line), str)


async def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    async with Journal(tmp_path):
        with pytest.raises(JournalInUse) as caught:
            Journal(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path}: another process writes this journal; is Tieline running there?"
    )


async def test_others_may_not_read_what_callers_are_called(tmp_path: Path) -> None:
    await written(tmp_path / "j", ticks(1))

    modes = {p.name: p.stat().st_mode & 0o077 for p in segments(tmp_path / "j")}
    assert (tmp_path / "j").stat().st_mode & 0o077 == 0
    assert set(modes.values()) == {0}


async def test_names_in_any_script_and_with_control_characters_are_kept(
    tmp_path: Path,
) -> None:
    for name in ["王芳 🔌", "a\0b\r\nc\td", "half \ud83d of a pair"]:
        arrived = CallArrived(
            at=at(0),
            call_id=CallId("c"),
            leg_id=LegId("l"),
            number="6000",
            caller_number="13800138000",
            caller_name=name,
            sip_call_id="x",
        )
        await written(tmp_path, [arrived])

    names = [fact.caller_name for fact in facts_of_calls(tmp_path)]
    assert names == ["王芳 🔌", "a\0b\r\nc\td", "half ? of a pair"]


def facts_of_calls(folder: Path) -> list[CallArrived]:
    (path,) = segments(folder)
    found = [entry_of(line) for line in path.read_bytes().split(b"\n")[:-1]]
    told = [entry.fact() for entry in found if isinstance(entry, Entry)]
    return [fact for fact in told if isinstance(fact, CallArrived)]


async def test_a_fact_that_cannot_be_written_does_not_take_others_with_it(
    tmp_path: Path,
) -> None:
    naive = CallAnswered(at=at(0).replace(tzinfo=None), call_id=CallId("c"))

    await written(tmp_path, [Tick(at=at(0)), naive, Tick(at=at(1))])

    assert [e.seq for e in await asyncio.to_thread(entries, tmp_path)] == [1, 3]


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - a state of a thread, which sets no event
            await asyncio.sleep(0.01)


@contextmanager
def files_may_grow_to(size_bytes: int) -> Iterator[None]:
    """Make the kernel refuse writes beyond a size, as a full disk does."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


async def test_a_full_disk_holds_entries_in_memory_and_writes_them_when_it_can(
    tmp_path: Path,
) -> None:
    async with Journal(tmp_path) as journal:
        await journal.flushed(journal.append(Tick(at=at(0)), Origin.TOLD))
        (path,) = segments(tmp_path)
        with files_may_grow_to(path.stat().st_size + 30):
            numbers = [journal.append(fact, Origin.TOLD) for fact in ticks(5)]
            await until(lambda: journal.problem is not None)
            assert journal.flushed_seq == 1
            assert "cannot be written: File too large; entries are held" in str(
                journal.problem
            )
        async with asyncio.timeout(10):
            await journal.flushed(numbers[-1])
        assert journal.problem is None

        assert [e.fact() for e in journal.read()] == [Tick(at=at(0)), *ticks(5)]


async def test_beyond_its_bound_memory_takes_no_more_and_nothing_is_raised(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path, held_entries=3)  # not started: nothing is written yet

    numbers = [journal.append(fact, Origin.TOLD) for fact in ticks(5)]

    assert numbers == [1, 2, 3, 3, 3]
    await journal.close()


async def test_who_waits_for_a_journal_that_closes_unwritten_is_told(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path)
    waiting = asyncio.create_task(journal.flushed(journal.append(*told_tick())))
    await asyncio.sleep(0)

    await journal.close()

    with pytest.raises(JournalClosed, match=r"^journal: closed before entry 1 was"):
        await waiting


def told_tick() -> tuple[Fact, Origin]:
    return Tick(at=at(0)), Origin.TOLD


def test_a_killed_writer_leaves_all_that_was_flushed(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        asyncio.run(_write_until_killed(tmp_path, writing))
        os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as told:
        flushed = [int(told.readline()) for _ in range(20)]
        os.kill(pid, signal.SIGKILL)
        flushed += [int(line) for line in told.readlines() if line.endswith("\n")]
    os.waitpid(pid, 0)

    seqs = [entry.seq for entry in entries(tmp_path)]

    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) >= flushed[-1]


async def _write_until_killed(folder: Path, out: int) -> None:
    async with Journal(folder, segment_bytes=1000) as journal:
        while True:
            seq = 0
            for fact in ticks(7):
                seq = journal.append(fact, Origin.TOLD)
            await journal.flushed(seq)
            os.write(out, b"%d\n" % seq)
