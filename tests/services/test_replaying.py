"""Old calls walked again by other flows: from the database, in a process aside."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from acd.vocabulary.facts import Fact
from acd.vocabulary.flow_facts import CallArrived
from acd.vocabulary.ids import CENTRE, CallId, LegId
from ivr.problems import FlowRefused
from ivr.turns import CallerLeft, Input, KeyCame, Played, Say
from services.api.flow_replaying import ReplayWanted
from services.flows.gaps import Missing
from services.flows.walking import Walking
from services.runtime.replaying import Replayer
from services.store.errors import DatabaseAway
from services.store.flag_changes import FlagChange, was_up
from services.store.journal import Journal
from services.store.migrate import upgrade
from services.store.segments import Origin
from services.store.versions import UnknownVersion
from tests.services.store.test_shipper import shipping
from tests.support.house import House
from tests.support.postgres import fresh_database

FLOW = """\
name: main
language: en
entry: services
person: person
steps:
  services:
    menu: {en: "Press 1 for a fault, 2 for the bill."}
    keys: {1: ask, 2: person}
  ask:
    branch: [{if: storm, goto: person}]
    otherwise: agent
  agent: {queue: q_fault}
  person: {queue: q_fault, hears: {en: Please hold.}}
"""
NEW = FLOW.replace("1: ask, 2: person", "1: agent, 2: more").replace(
    "  ask:\n    branch: [{if: storm, goto: person}]\n    otherwise: agent\n",
    "  more:\n    menu: {en: Press 1 for more.}\n    keys: {1: person}\n",
)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
    async with fresh_database() as url:
        await upgrade(url)
        house = House(tmp_path, url)
        await house.settle()
        yield house


def call(house: House, nth: int, *keys: str, storm: bool = False) -> list[Fact]:
    """Return what the record of a call has, who presses keys and then hangs up."""
    call_id = CallId(str(UUID(int=nth)))
    walking = Walking(
        flow_set=house.current.floor.flow_set,
        flow="main",
        at=NOON + timedelta(minutes=nth),
        call_id=call_id,
        around={"storm": storm},
    )
    left: list[Input] = [KeyCame(key=key) for key in keys]
    while not walking.is_over:
        if isinstance(walking.act, Say):
            walking.come(Played())
        else:
            walking.come(left.pop(0) if left else CallerLeft())
    arrived = CallArrived(
        at=NOON + timedelta(minutes=nth),
        place=CENTRE,
        call_id=call_id,
        leg_id=LegId(f"leg-{nth}"),
        number="6000",
        caller_number="13800138000",
        caller_name="",
        sip_call_id=f"{nth}@x",
        flow_version=1,
    )
    return [arrived, *walking.facts]


async def on_record(house: House, *calls: Sequence[Fact]) -> None:
    folder = house.folder / "journal"
    async with Journal(folder) as journal, shipping(journal, house.url) as shipper:
        for facts in calls:
            for fact in facts:
                journal.append(fact, Origin.TOLD)
        assert await shipper.caught_up(60)


def wanted(flow: str | None = None, **more: object) -> ReplayWanted:
    given: dict[str, object] = {
        "version": None,
        "files": {"flows/main.yaml": flow} if flow else None,
        "folder": "flows",
        "since": NOON,
        "until": NOON + timedelta(days=1),
        "limit": 100,
    }
    return ReplayWanted(**{**given, **more})  # type: ignore[arg-type]


async def test_records_are_walked_again_by_files_and_by_versions(house: House) -> None:
    await on_record(
        house,
        call(house, 1, "1"),
        call(house, 2, "1", storm=True),
        call(house, 3, "2"),
        call(house, 4),
    )
    replayer = Replayer(house.around, house.url)

    found = await replayer.replay(wanted(NEW))

    assert (found.on_record, found.counts.calls, found.counts.same) == (4, 4, 1)
    assert [(it.parts_at, it.calls) for it in found.counts.changed] == [
        ("main.services", 2)
    ]
    (unsure,) = found.counts.unsure
    assert (unsure.missing, unsure.step) == (Missing.KEY, "main.more")
    assert unsure.examples == (str(UUID(int=3)),)
    by_version = await replayer.replay(wanted(version=1))
    assert by_version.counts.same == 4
    newest = await replayer.replay(wanted(NEW, limit=1))
    assert (newest.on_record, newest.counts.calls, newest.counts.same) == (4, 1, 1)


def test_a_flag_was_up_from_its_change_to_its_end_or_the_next_one() -> None:
    def change(minute: int, *, is_up: bool, until: int | None = None) -> FlagChange:
        ends = None if until is None else NOON + timedelta(minutes=until)
        at = NOON + timedelta(minutes=minute)
        return FlagChange(
            at=at, by="lina", note="", name="storm", is_up=is_up, until=ends
        )

    changes = [change(1, is_up=True, until=5), change(7, is_up=True)]
    changes.append(change(9, is_up=False))

    def up(minute: int) -> bool:
        return was_up(changes, "storm", NOON + timedelta(minutes=minute))

    assert [minute for minute in range(12) if up(minute)] == [1, 2, 3, 4, 7, 8]
    assert not was_up(changes, "flood", NOON + timedelta(minutes=2))


async def test_what_cannot_be_replayed_is_told(house: House) -> None:
    replayer = Replayer(house.around, house.url)

    with pytest.raises(FlowRefused) as refused:
        await replayer.replay(wanted(FLOW.replace("q_fault", "q_gone", 1)))
    assert "q_gone" in str(refused.value)
    with pytest.raises(UnknownVersion):
        await replayer.replay(wanted(version=7))
    away = Replayer(house.around, "postgresql://tieline:x@127.0.0.1:1/tieline")
    with pytest.raises(DatabaseAway):
        await away.replay(wanted(NEW))
