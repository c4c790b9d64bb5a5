"""Flags: put up and down on record, kept over restarts, falling back by themselves."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest
import typer
from fastapi import FastAPI

from services.api import flags as over_http
from services.api import problems
from services.runtime.commands.flow_flags import instant_of, length_of
from services.runtime.flag_keeper import FlagKeeper
from services.runtime.flags import FLAGS, Flag, Flags
from services.store.audit import Audit, latest
from services.store.flag_changes import FlagChanges
from services.store.migrate import upgrade
from tests.support.doors import AS_OPERATOR, as_operator
from tests.support.house import House
from tests.support.postgres import fresh_database

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FLOW = """\
name: main
language: en
entry: ask
person: agent
steps:
  ask:
    branch: [{if: storm and not flag.flood, goto: told}]
    otherwise: agent
  told: {say: {en: There is a storm.}, goto: agent}
  agent: {queue: q_fault}
"""


class Desk:
    """Somebody who keeps flags, a clock, and HTTP before them."""

    def __init__(self, house: House) -> None:
        self.now = NOON
        self.url = house.url
        self.flags = Flags(house.folder)
        self.keeper = FlagKeeper(
            self.flags,
            FlagChanges(house.url, Audit(house.url)),
            house.current,
            now=lambda: self.now,
        )
        app = FastAPI()
        problems.install(app)
        as_operator(app)
        over_http.install(app, self.keeper)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://127.0.0.1",
            headers=AS_OPERATOR,
        )

    async def put(self, name: str, **more: object) -> httpx.Response:
        body = {"name": name, "is_up": True, "by": "lina", "note": "typhoon", **more}
        return await self.client.put("/flags", json=body)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
    async with fresh_database() as url:
        await upgrade(url)
        desk = Desk(House(tmp_path, url))
        async with desk.client:
            yield desk


async def test_a_flag_is_put_up_on_record_and_falls_back(desk: Desk) -> None:
    listed = (await desk.client.get("/flags")).json()
    assert [(it["name"], it["is_up"]) for it in listed] == [
        ("flood", False),
        ("storm", False),
    ]

    ends = NOON + timedelta(hours=4)
    answer = await desk.put("storm", until=ends.isoformat())

    assert answer.status_code == 200
    assert answer.json()["is_up"] is True
    assert answer.json()["by"] == "lina"
    assert desk.flags.is_up("storm", NOON)
    # Another process of the same folder, as a restart is.
    again = Flags(desk.flags._path.parent)
    assert again.is_up("storm", ends - timedelta(seconds=1))
    assert not again.is_up("storm", ends)
    desk.now = ends
    assert [it["is_up"] for it in (await desk.client.get("/flags")).json()] == [
        False,
        False,
    ]
    (row,) = await latest(desk.url, 9)
    assert (row["act"], row["object"], row["actor"]) == (
        "flagged",
        "flag storm",
        "lina",
    )
    await desk.put("storm", is_up=False, note="over")
    told = (await desk.client.get("/flags/changes")).json()
    assert [(it["is_up"], it["note"]) for it in told] == [
        (False, "over"),
        (True, "typhoon"),
    ]


async def test_what_no_flow_asks_for_is_refused_with_the_nearest(desk: Desk) -> None:
    unknown = await desk.put("storn")
    over = await desk.put("storm", until=NOON.isoformat())
    endless = await desk.put("storm", is_up=False, until="2027-01-01T00:00:00Z")

    assert (unknown.status_code, unknown.json()["type"]) == (404, "unknown_flag")
    assert unknown.json()["detail"] == (
        "flag 'storn': no flow in force asks for it; did you mean 'storm'?"
    )
    assert (over.status_code, over.json()["type"]) == (422, "flag_ends_before")
    assert endless.status_code == 422
    assert desk.flags.all() == {}
    assert await latest(desk.url, 9) == []


async def test_without_the_record_a_flag_stays_as_it_was(desk: Desk) -> None:
    connection = await asyncpg.connect(desk.url)
    await connection.execute("DROP TABLE flag_changes")
    await connection.close()

    answer = await desk.put("storm")

    assert answer.status_code == 503
    assert desk.flags.all() == {}


async def test_a_flag_that_no_flow_asks_for_any_more_can_be_put_down(
    desk: Desk,
) -> None:
    desk.flags.put("old", Flag(name="old"))
    listed = (await desk.client.get("/flags")).json()
    assert {it["name"]: it["is_asked"] for it in listed}["old"] is False

    answer = await desk.put("old", is_up=False)

    assert answer.status_code == 200
    assert "old" not in desk.flags.all()


def test_a_file_by_hand_puts_flags_up_and_one_bad_entry_is_passed_over(
    tmp_path: Path,
) -> None:
    text = '{"storm": true, "x": 1, "late": {"until": "soon"}, "no": false}'
    (tmp_path / FLAGS).write_text(text)

    assert {*Flags(tmp_path).all()} == {"storm"}


def test_an_end_is_told_by_the_clock_or_by_a_length() -> None:
    now = datetime(2026, 11, 21, 21, 30).astimezone()

    assert instant_of("22:00", now) - now == timedelta(minutes=30)
    assert instant_of("21:30", now) - now == timedelta(days=1)
    assert instant_of("2026-11-22T08:00", now).hour == 8
    assert length_of("4h") == timedelta(hours=4)
    for wrong in ("25:00", "noon", ""):
        with pytest.raises(typer.BadParameter):
            instant_of(wrong, now)
    for wrong in ("0h", "4", "4y"):
        with pytest.raises(typer.BadParameter):
            length_of(wrong)
