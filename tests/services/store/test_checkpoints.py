"""What the engine knew, kept beside the journal: found again, or passed over."""

import os
import time
from dataclasses import fields, replace
from pathlib import Path

import pytest

from acd.core.engine import Engine
from acd.core.floor import Floor
from acd.core.remembered import Remembered, remember, restore
from acd.vocabulary.agent_facts import AgentReady, AgentSignedIn
from acd.vocabulary.facts import ToldFact
from acd.vocabulary.ids import LegId
from acd.vocabulary.leg_facts import LegAnswered, LegJoined
from services.runtime.recall import Memory, recall
from services.store import checkpoints
from services.store.journal import Journal
from services.store.segments import Origin, segments
from services.store.shipper import Shipper
from tests.support.builders import (
    ALICE,
    a_floor,
    arrived,
    at,
    caller_leg,
    hung_up,
    queued,
    seen,
)

MORNING: list[ToldFact] = [
    seen(0),
    AgentSignedIn(at=at(1), agent_id=ALICE),
    AgentReady(at=at(2), agent_id=ALICE),
    arrived(1, 3),
]
NOON: list[ToldFact] = [queued(1, 4), arrived(2, 5), queued(2, 6)]
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def lived(facts: list[ToldFact]) -> Engine:
    engine = Engine(a_floor())
    for fact in facts:
        engine.apply(fact)
    return engine


def known(facts: list[ToldFact]) -> Remembered:
    return remember(lived(facts).floor)


def put(folder: Path, seq: int, facts: list[ToldFact]) -> None:
    checkpoints.write(folder, seq, checkpoints.dumped(known(facts)))


async def told(journal: Journal, facts: list[ToldFact]) -> None:
    for fact in facts:
        await journal.flushed(journal.append(fact, Origin.TOLD))


async def test_a_start_takes_the_checkpoint_and_only_what_came_behind_it(
    tmp_path: Path,
) -> None:
    async with Journal(tmp_path) as journal:
        await told(journal, MORNING)
        memory = Memory(
            lived(MORNING).floor, journal, Shipper(journal, NOWHERE), keep_days=7
        )
        await memory.make()
        await told(journal, NOON)

        engine = Engine(a_floor())
        assert recall(engine, journal) == len(NOON)

    assert remember(engine.floor) == known(MORNING + NOON)


def test_nothing_that_a_floor_knows_is_forgotten() -> None:
    # Found again from the rest, or told to the switch when it is seen.
    of_the_rest = {"policy_text", "lines", "callers", "in_open_queue"}
    of_the_rest |= {"open_legs", "shown", "_moved", "queues_of"}

    known_to_floor = set(vars(Floor(a_floor()))) - of_the_rest
    # It is kept where agents are scored.
    known_to_floor.add("quality")
    assert known_to_floor == {field.name for field in fields(Remembered)}


def test_who_left_the_floor_in_wrap_up_is_left_out_with_what_was_due() -> None:
    before = lived([*MORNING, queued(1, 4)])
    [offer_id] = before.floor.offers
    leg_id = LegId(offer_id)
    before.apply(LegAnswered(at=at(5), leg_id=leg_id))
    for joined in (caller_leg(1), leg_id):
        before.apply(LegJoined(at=at(6), leg_id=joined, bridge_id="b"))
    before.apply(hung_up(caller_leg(1), 9))
    before.apply(hung_up(leg_id, 9))
    policy = a_floor()
    staff = {agent: it for agent, it in policy.agents.items() if agent != ALICE}
    engine = Engine(replace(policy, agents=staff))

    # As releases before remembered it: without the policy by which they decided.
    restore(engine.floor, replace(remember(before.floor), policy=None))

    assert before.next_deadline == at(39)
    assert engine.next_deadline is None


async def test_without_a_checkpoint_the_journal_tells_all(tmp_path: Path) -> None:
    async with Journal(tmp_path) as journal:
        await told(journal, MORNING + NOON)
        engine = Engine(a_floor())
        assert recall(engine, journal) == len(MORNING + NOON)

    assert remember(engine.floor) == known(MORNING + NOON)


@pytest.mark.parametrize(
    "spoilt",
    [b"", b"00000000\n{}", b"no sum at all", b"\xff" * 100],
    ids=["empty", "wrong sum", "no sum", "garbage"],
)
def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    tmp_path: Path, spoilt: bytes
) -> None:
    put(tmp_path, 4, MORNING)
    put(tmp_path, 7, MORNING + NOON)
    checkpoints.kept(tmp_path)[-1][1].write_bytes(spoilt)

    assert checkpoints.newest(tmp_path, up_to_seq=7) == (4, known(MORNING))


def test_a_checkpoint_of_another_form_is_passed_over(tmp_path: Path) -> None:
    checkpoints.write(tmp_path, 4, b'{"calls": "of a later release"}')

    assert checkpoints.newest(tmp_path, up_to_seq=7) is None


def test_a_checkpoint_ahead_of_the_journal_is_not_believed(tmp_path: Path) -> None:
    put(tmp_path, 4, MORNING)
    put(tmp_path, 7, MORNING + NOON)

    assert checkpoints.newest(tmp_path, up_to_seq=6) == (4, known(MORNING))


def test_the_last_two_are_kept_and_others_may_not_read_them(tmp_path: Path) -> None:
    for seq in (3, 5, 8):
        put(tmp_path, seq, MORNING)

    kept = checkpoints.kept(tmp_path)
    assert [seq for seq, _ in kept] == [5, 8]
    assert {path.stat().st_mode & 0o777 for _, path in kept} == {0o600}


@pytest.mark.parametrize(
    ("up_to_seq", "days_old", "left"),
    [(30, 8, 1), (15, 8, 15), (0, 8, 30), (30, 6, 30)],
    ids=["all on record", "half on record", "nothing on record", "young"],
)
async def test_segments_go_when_they_are_on_record_and_old(
    tmp_path: Path, up_to_seq: int, days_old: float, left: int
) -> None:
    # A segment for each entry, and every one as old as the case says.
    async with Journal(tmp_path, segment_bytes=1) as journal:
        for n in range(30):
            await journal.flushed(journal.append(arrived(n, n), Origin.TOLD))
        for path in segments(tmp_path):
            written_at = time.time() - days_old * 86_400
            os.utime(path, (written_at, written_at))

        assert journal.let_go(up_to_seq, keep_days=7) == 30 - left
        assert [entry.seq for entry in journal.read()] == list(range(31 - left, 31))
        assert journal.first_seq == 31 - left
