"""``tieline explain`` and ``GET /calls/{id}/decisions`` over real rows."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from acd.core.remembered import remember
from acd.vocabulary.agent_facts import AgentReady, AgentSignedIn
from acd.vocabulary.facts import Fact, ToldFact
from acd.vocabulary.ids import LegId
from acd.vocabulary.leg_facts import LegEnding
from acd.vocabulary.routing_facts import Excluded, RoutingDecided
from services.runtime.commands.replay import UnknownCall
from services.runtime.decided_before import everything, lived_again, written
from services.store import checkpoints
from services.store.journal import Journal
from services.store.segments import Origin
from tests.services.api.conftest import JournaledFloor, tieline
from tests.support.builders import (
    ALICE,
    BOB,
    Desk,
    a_floor,
    arrived,
    at,
    call_id,
    caller_leg,
    hung_up,
    queued,
    seen,
)

ONE = call_id(1)


def two_offers(floor: JournaledFloor | Desk) -> None:
    """Alice declines; then Bob is rung, and the caller leaves."""
    take = floor.take if isinstance(floor, JournaledFloor) else floor.tell
    for n, who in enumerate((ALICE, BOB)):
        take(AgentSignedIn(at=at(-9 + n), agent_id=who))
        take(AgentReady(at=at(-9 + n), agent_id=who))
    take(arrived(1, 0), queued(1, 1))
    offer_id = floor.engine.floor.calls[ONE].offer_id
    take(hung_up(LegId(str(offer_id)), 4, LegEnding.DECLINED))
    take(hung_up(caller_leg(1), 9))


async def sql(url: str, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


async def explained(*words: str, folder: Path) -> list[dict[str, Any]]:
    result = await tieline("explain", ONE, "--json", *words, "--data", str(folder))
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["call_id"] == ONE
    decisions: list[dict[str, Any]] = told["decisions"]
    return decisions


async def test_each_offer_is_explained_as_its_row_has_it(
    running: Path, floor: JournaledFloor
) -> None:
    two_offers(floor)

    decisions = await explained("--lang", "en", folder=running)

    rows = await sql(
        floor.database_url, "SELECT * FROM routing_decisions ORDER BY decided_at"
    )
    assert [one["agent_id"] for one in decisions] == [ALICE, BOB]
    for one, row in zip(decisions, rows, strict=True):
        assert one["source"] == "record"
        names = ("agent_id", "rule", "step", "by_step", "ready", "version")
        assert [one[name] for name in names] == [row[name] for name in names]
        scored = [(it["agent_id"], it["score"]) for it in json.loads(row["scored"])]
        assert [(it["agent_id"], it["score"]) for it in one["scored"]] == scored
        assert f"agent {row['agent_id']} was chosen" in " ".join(one["sentences"])
    assert [one["outcome"] for one in decisions] == ["declined", "withdrawn"]


async def test_people_read_it_in_chinese_unless_they_ask_for_english(
    running: Path, floor: JournaledFloor
) -> None:
    two_offers(floor)

    chinese = await tieline("explain", ONE[:8], "--data", str(running))
    english = await tieline("explain", ONE, "--lang", "en", "--data", str(running))

    assert "坐席 alice" in chinese.stdout
    assert "其次为 bob" in chinese.stdout
    assert "agent alice was chosen of 2 ready" in english.stdout
    assert "not to be chosen were" in english.stdout


async def test_what_has_no_row_is_taken_from_the_journal(
    running: Path, floor: JournaledFloor
) -> None:
    two_offers(floor)
    before = await explained("--lang", "en", folder=running)
    await floor.journal.flushed(floor.journal.last_seq)
    (running / "journal").symlink_to(floor.journal.folder)
    await sql(floor.database_url, "DELETE FROM routing_decisions")

    after = await explained("--lang", "en", folder=running)

    assert [one["source"] for one in after] == ["journal", "journal"]
    assert [one | {"source": "record"} for one in after] == before


async def test_what_nothing_tells_is_said_to_be_unknown(
    running: Path, floor: JournaledFloor
) -> None:
    two_offers(floor)
    await explained(folder=running)
    await sql(floor.database_url, "DELETE FROM routing_decisions")

    decisions = await explained("--lang", "en", folder=running)

    assert [one["source"] for one in decisions] == ["none", "none"]
    assert [one["sentences"] for one in decisions] == [
        [
            f"it was offered to agent {who}; no record tells why, and the journal does "
            "not give it back"
        ]
        for who in (ALICE, BOB)
    ]


async def test_a_call_without_an_offer_is_told_as_that(
    running: Path, floor: JournaledFloor
) -> None:
    floor.take(arrived(1, 0), hung_up(caller_leg(1), 3))

    result = await tieline("explain", ONE, "--lang", "en", "--data", str(running))

    assert "no offer was made for it" in result.stdout


@pytest.mark.parametrize("named", ["no-id!", call_id(77)])
async def test_what_is_no_call_is_refused(running: Path, named: str) -> None:
    result = await tieline("explain", named, "--data", str(running))

    assert isinstance(result.exception, UnknownCall)


async def test_the_desk_is_told_the_same(
    client: httpx.AsyncClient, floor: JournaledFloor
) -> None:
    two_offers(floor)

    answer = await client.get(f"/calls/{ONE}/decisions", params={"lang": "en"})
    absent = await client.get(f"/calls/{call_id(77)}/decisions")
    wrong = await client.get(f"/calls/{ONE}/decisions", params={"lang": "fr"})

    told = answer.json()["decisions"]
    assert [one["agent_id"] for one in told] == [ALICE, BOB]
    assert set(told[0]["excluded"]) <= {it.name for it in fields(Excluded)}
    assert (absent.status_code, wrong.status_code) == (404, 422)


async def journaled(
    folder: Path, facts: list[Fact], *, with_decisions: bool = False
) -> None:
    """Write a journal, unless asked for as a release did that stated no decisions."""
    async with Journal(folder) as journal:
        for fact in facts:
            if isinstance(fact, ToldFact):
                journal.append(fact, Origin.TOLD)
            elif with_decisions or not isinstance(fact, RoutingDecided):
                journal.append(fact, Origin.ESTABLISHED)
        await journal.flushed(journal.last_seq)


async def test_an_engine_that_lives_through_the_journal_decides_the_same(
    tmp_path: Path,
) -> None:
    desk = Desk()
    two_offers(desk)
    await journaled(tmp_path, desk.facts)

    again = lived_again(tmp_path, a_floor(), ONE)

    assert written(tmp_path, ONE) == {}
    assert list(again.values()) == desk.said(RoutingDecided)
    assert len(again) == 2


async def test_it_begins_with_a_checkpoint_where_the_beginning_is_gone(
    tmp_path: Path,
) -> None:
    desk = Desk()
    desk.ready(ALICE, BOB)
    known = checkpoints.dumped(remember(desk.engine.floor))
    before = len(desk.facts)
    desk.tell(arrived(1, 0), queued(1, 1), hung_up(caller_leg(1), 9))
    await journaled(tmp_path, [seen(-99), *desk.facts[before:]])
    checkpoints.write(tmp_path, 1, known)

    again = lived_again(tmp_path, a_floor(), ONE)

    assert list(again.values()) == desk.said(RoutingDecided)
    assert len(again) == 1


async def test_all_decisions_of_a_journal_are_taken_again(tmp_path: Path) -> None:
    desk = Desk()
    two_offers(desk)
    await journaled(tmp_path, desk.facts, with_decisions=True)

    stood, again = everything(tmp_path, a_floor())

    assert list(stood.values()) == desk.said(RoutingDecided)
    assert again == stood
    assert len(again) == 2


async def test_under_another_policy_other_decisions_are_taken(tmp_path: Path) -> None:
    desk = Desk()
    two_offers(desk)
    await journaled(tmp_path, desk.facts, with_decisions=True)
    whole = a_floor()
    others = {k: it for k, it in whole.agents.items() if k != ALICE}

    stood, again = everything(tmp_path, replace(whole, agents=others))

    assert [it.agent_id for it in stood.values()] == [ALICE, BOB]
    assert [it.agent_id for it in again.values()] == [BOB]
