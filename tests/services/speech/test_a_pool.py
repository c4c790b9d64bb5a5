"""Processes that recognise: taken, given back, killed, hung, and what callers meet."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivr.ports import Recognised, Recogniser
from ivr.sounds import Language
from services.speech.chosen import Ready
from services.speech.errors import RecogniserBroken, RecogniserBusy
from services.speech.listening import Patience
from services.speech.pool import Limits, RecogniserPool
from services.speech.worker_process import Launch
from tests.services.speech.sounds import PHRASE, grammar, line, noise, silence, tone
from tests.support.eventually import eventually

FAKE = Path(__file__).with_name("fake_recogniser.py")
ROOT = Path(__file__).resolve().parents[3]
PATIENT = Patience(stall_s=60, grace_s=60)
LONG_S = 120.0


@asynccontextmanager
async def pool(
    how: str,
    *,
    workers: int = 1,
    waiting: int = 0,
    wait_s: float = 60,
    patience: Patience = PATIENT,
    is_ready: bool = True,
    start_s: float = 120,
    memory_mb: int = 2048,
) -> AsyncIterator[RecogniserPool]:
    launch = Launch(
        recogniser="fake",
        python=Path(sys.executable),
        program=FAKE,
        model=how,
        memory_mb=memory_mb,
    )
    limits = Limits(
        workers=workers,
        waiting=waiting,
        wait_s=wait_s,
        patience=patience,
        start_s=start_s,
    )
    one = RecogniserPool(launch, limits)
    await one.start()
    try:
        if is_ready:
            await eventually(lambda: one.free == workers, 120)
        yield one
    finally:
        await one.aclose()


async def heard(
    one: Recogniser, sound: bytes = PHRASE, deadline_s: float = LONG_S
) -> list[Recognised]:
    return [it async for it in one.hear(line(sound), grammar("yes"), deadline_s)]


async def in_the_middle(one: RecogniserPool) -> AsyncGenerator[Recognised, None]:
    """Return a phrase that has begun and does not end."""
    begun = one.hear(line(tone(3), then_open=True), grammar("yes"), LONG_S)
    await anext(begun)
    return begun


async def test_words_come_while_they_are_said_and_are_final_at_the_end() -> None:
    async with pool("counts") as one:
        *before, last = await heard(one)

        assert [it.is_final for it in before] == [False] * len(before)
        assert [it.said[0].text for it in before] == [f"so far {n}" for n in range(4)]
        assert last.is_final
        assert last.said[0].text.startswith("en ")
        assert last.said[0].confidence == 0.9
        assert one.free == 1


async def test_nobody_speaks_and_nothing_is_heard() -> None:
    async with pool("counts") as one:
        assert await heard(one, silence(3)) == [Recognised(said=(), is_final=True)]


async def test_a_process_that_is_killed_costs_its_caller_nothing() -> None:
    async with pool("counts", workers=2) as one:
        begun = one.hear(line(PHRASE, then_open=True), grammar("yes"), LONG_S)
        first = await anext(begun)
        killed = next(w for w in one.ready if w not in one._idle)

        os.kill(killed.pid, signal.SIGKILL)
        *_, last = [it async for it in begun]

        assert not first.is_final
        assert last.is_final
        assert not last.said[0].text.endswith(f" {killed.pid}")
        # And another stands in its place.
        await eventually(lambda: one.free == 2, 120)


async def test_where_no_other_is_free_the_caller_waits_or_goes_on_by_keys() -> None:
    async with pool("counts") as one:
        begun = one.hear(line(tone(3), then_open=True), grammar("yes"), LONG_S)
        await anext(begun)
        (worker,) = one.ready

        os.kill(worker.pid, signal.SIGKILL)

        with pytest.raises((RecogniserBusy, RecogniserBroken)):
            async for _ in begun:
                pass
        await eventually(lambda: one.free == 1, 120)
        assert (await heard(one))[-1].said


async def test_a_sound_that_kills_whoever_hears_it_kills_two_and_no_more() -> None:
    async with pool("dies", workers=3) as one:
        with pytest.raises(RecogniserBroken, match="fake: has ended"):
            await heard(one)

        assert sum(worker.is_alive for worker in one.ready) >= 1


async def test_one_that_decodes_for_ever_is_killed_and_replaced() -> None:
    patience = Patience(stall_s=0.5, grace_s=60)
    async with pool("hangs", workers=2, patience=patience) as one:
        before = {worker.pid for worker in one.ready}

        with pytest.raises(RecogniserBroken, match="hangs in the middle of a phrase"):
            await heard(one)

        await eventually(lambda: one.free == 2, 120)
        assert before & {worker.pid for worker in one.ready} == set()


async def test_after_the_deadline_whatever_was_heard_is_final() -> None:
    patience = Patience(stall_s=60, grace_s=0.2)
    async with pool("hangs at the end", patience=patience) as one:
        *_, last = await heard(one, PHRASE, deadline_s=3)

        assert last.is_final
        assert last.said[0].text == "so far 3"
        await eventually(lambda: one.free == 1, 120)


async def test_one_that_told_nothing_by_the_deadline_heard_no_silence() -> None:
    patience = Patience(stall_s=60, grace_s=0.2)
    async with pool("says nothing until its end", patience=patience) as one:
        with pytest.raises(RecogniserBroken, match="gave no words by the deadline"):
            await heard(one, PHRASE, deadline_s=3)


async def test_who_spoke_without_a_word_is_told_from_who_was_silent() -> None:
    async with pool("mumbles") as one:
        *_, spoke = await heard(one)
        *_, was_silent = await heard(one, silence(8))
        *_, coughed = await heard(one, tone(0.3) + silence(4))

        assert [it.text for it in spoke.said] == [""]
        assert (was_silent.said, coughed.said) == ((), ())


async def test_one_that_speaks_otherwise_than_agreed_is_ended() -> None:
    async with pool("babbles", workers=2) as one:
        with pytest.raises(RecogniserBroken, match="otherwise than agreed"):
            await heard(one)


async def test_a_phrase_it_cannot_listen_for_is_refused_with_its_sentence() -> None:
    async with pool("refuses") as one:
        with pytest.raises(RecogniserBroken, match="fake: knows no word of that"):
            await heard(one)

        assert one.free == 1


async def test_a_full_pool_says_at_once_that_it_is_busy() -> None:
    async with pool("counts", waiting=0) as one:
        begun = await in_the_middle(one)

        with pytest.raises(RecogniserBusy, match="all 1 are taken"):
            await heard(one)
        await begun.aclose()


async def test_who_waits_has_the_next_that_is_free() -> None:
    async with pool("counts", waiting=1) as one:
        begun = await in_the_middle(one)
        second = asyncio.create_task(heard(one))
        await eventually(lambda: len(one._waiting) == 1)
        with pytest.raises(RecogniserBusy, match="1 wait already"):
            await heard(one)

        await begun.aclose()

        assert (await second)[-1].said


async def test_who_waits_too_long_goes_on_by_keys() -> None:
    async with pool("counts", waiting=1, wait_s=0.05) as one:
        begun = await in_the_middle(one)

        with pytest.raises(RecogniserBusy, match=r"none came free in 0\.05 s"):
            await heard(one)
        assert not one._waiting
        await begun.aclose()


async def test_a_phrase_that_is_left_frees_its_process() -> None:
    async with pool("counts") as one:
        (worker,) = one.ready
        begun = await in_the_middle(one)

        await begun.aclose()

        await eventually(lambda: one.free == 1, 60)
        assert one.ready == (worker,)
        # What it still said of the first is not taken for words of the second.
        assert (await heard(one))[-1].said[0].text.endswith(f" {worker.pid}")


async def test_one_that_does_not_leave_a_phrase_is_killed() -> None:
    patience = Patience(stall_s=0.5, grace_s=60)
    async with pool("hangs", patience=patience) as one:
        (worker,) = one.ready
        begun = one.hear(line(tone(3), then_open=True), grammar("yes"), LONG_S)
        while (await anext(begun)).said[0].text != "hangs now":
            pass

        await begun.aclose()

        await eventually(lambda: not worker.is_alive, 60)
        await eventually(lambda: one.free == 1, 120)


@pytest.mark.parametrize(
    "sound",
    [b"\x01", b"\xff\x7f" * 4000, noise(2, level=0.5), b"RIFF" + bytes(41), b""],
    ids=["half a sample", "full scale", "noise", "a header", "none"],
)
async def test_sound_that_is_none_is_heard_to_its_end(sound: bytes) -> None:
    async with pool("counts") as one:
        assert (await heard(one, sound))[-1].is_final
        assert one.free == 1


async def test_half_an_hour_of_talk_is_cut_at_the_longest_phrase() -> None:
    minute = tone(60)

    async def talk() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield minute

    async with pool("counts") as one:
        found = [it async for it in one.hear(talk(), grammar("yes"), LONG_S)]

        assert found[-1].is_final
        heard_bytes = int(found[-1].said[0].text.split()[1])
        assert heard_bytes <= 13 * 16000


async def test_a_line_that_breaks_is_told_as_what_broke_it() -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield tone(1)
        raise ConnectionResetError

    async with pool("counts") as one:
        with pytest.raises(ConnectionResetError):
            async for _ in one.hear(breaks(), grammar("yes"), LONG_S):
                pass
        assert one.free == 1


@pytest.mark.parametrize(
    ("how", "why"),
    [("none", "/nowhere: is no folder"), ("slow", "was not ready within")],
)
async def test_one_without_a_model_says_why(how: str, why: str) -> None:
    async with pool(how, is_ready=False, start_s=20 if how == "none" else 0.5) as one:
        await eventually(lambda: bool(one.trouble), 120)

        assert why in one.trouble
        with pytest.raises(RecogniserBusy, match="none runs"):
            await heard(one)


async def test_one_that_takes_too_much_memory_is_not_ready() -> None:
    async with pool("large", is_ready=False, memory_mb=256) as one:
        await eventually(lambda: bool(one.trouble), 120)

        assert "MemoryError" in one.trouble


async def test_a_closed_pool_leaves_no_process() -> None:
    async with pool("counts", workers=2) as one:
        pids = [worker.pid for worker in one.ready]
    assert [pid for pid in pids if _runs(pid)] == []


OWNER = """
import asyncio, sys
from pathlib import Path
from services.speech.pool import Limits, RecogniserPool
from services.speech.listening import Patience
from services.speech.worker_process import Launch
from tests.services.speech.sounds import grammar, line, tone

async def main():
    launch = Launch(recogniser="fake", python=Path(sys.executable),
                    program=Path(sys.argv[1]), model="hangs")
    patience = Patience(stall_s=3600, grace_s=3600)
    pool = RecogniserPool(launch, Limits(workers=1, patience=patience))
    await pool.start()
    while not pool.free:
        await asyncio.sleep(0.05)
    # In the middle of a phrase, where it reads nothing: its input's end is no news.
    async for _ in pool.hear(line(tone(3), then_open=True), grammar("yes"), 3600):
        await asyncio.sleep(1)
        print(pool.ready[0].pid, flush=True)

asyncio.run(main())
"""


async def test_a_process_ends_with_whoever_started_it() -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        OWNER,
        str(FAKE),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )
    assert owner.stdout is not None
    async with asyncio.timeout(120):
        while not (said := await owner.stdout.readline()).strip().isdigit():
            assert said, "it ended without a word"
    pid = int(said)

    owner.kill()
    await owner.wait()

    await eventually(lambda: not _runs(pid), 60)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


async def test_callers_are_given_no_recogniser_before_its_model_is_loaded() -> None:
    async with pool("counts", is_ready=False) as one:
        ready = Ready({Language.EN: one})

        assert (ready.get(Language.EN), len(ready)) == (None, 0)
        await eventually(lambda: one.free == 1, 120)
        assert (ready.get(Language.EN), list(ready)) == (one, [Language.EN])
        assert ready.get(Language.ZH) is None
