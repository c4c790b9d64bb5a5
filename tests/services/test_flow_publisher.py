"""Who publishes flows: proved with the floor, heard by who calls next, tried first."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest

from acd.vocabulary.ids import CallId
from ivr.lookups import FieldType
from ivr.problems import FlowRefused
from services.api.flow_publishing import FlowPublication
from services.api.publishing import NotPublished, Publication
from services.floor.load import FloorRefused
from services.flows.share import tries
from services.prompts.errors import PromptsRefused
from services.runtime.published import FLOWS_FILE, kept_flows
from services.store.errors import DatabaseAway
from services.store.flow_versions import Force, NothingTried
from services.store.migrate import upgrade
from services.store.versions import Stale
from tests.support.house import House
from tests.support.postgres import fresh_database
from tests.support.small_floor import STRAIGHT, small_floor

ONE = {"flows/main.yaml": STRAIGHT}
TWO = {
    "flows/main.yaml": STRAIGHT.replace("entry: agent", "entry: hello").replace(
        "steps:", "steps:\n  hello: {say: {en: Hello.}, goto: agent}"
    )
}
AWAY = "postgresql://tieline:x@127.0.0.1:1/tieline"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with fresh_database() as url:
        await upgrade(url)
        yield House(tmp_path, url)


def publication(made_from: int, *, percent: int = 100) -> FlowPublication:
    return FlowPublication(made_from=made_from, by="lina", percent=percent)


def entry(house: House, nth: int = 1) -> tuple[str, int]:
    """Return where a call begins, and by which version."""
    way = house.current.way(CallId(str(UUID(int=nth))))
    return way.floor.flows["main"].entry, way.version


async def test_the_first_start_publishes_the_files_as_version_1(house: House) -> None:
    assert entry(house) == ("agent", 0)

    await house.settle()

    found = await house.flow_publisher.shown()
    assert (found.latest.number, found.latest.by) == (1, "tieline")
    assert found.force.in_force == 1
    assert found.differs is None
    assert entry(house) == ("agent", 1)
    assert (house.folder / FLOWS_FILE).stat().st_mode & 0o077 == 0


async def test_who_calls_next_is_led_by_what_was_published(house: House) -> None:
    await house.settle()
    house.log.clear()

    outcome = await house.flow_publisher.publish(TWO, publication(1))

    assert list(outcome.changes) == [
        "main: entry leads to hello, it led to agent",
        "main → hello: is new, say 'Hello.'",
    ]
    assert entry(house) == ("hello", 2)
    assert house.log == ["switch 1"], "the language of a number may be another"


async def test_a_way_that_was_begun_stays_as_it_was(house: House) -> None:
    await house.settle()
    begun = house.current.way(CallId("one"))

    await house.flow_publisher.publish(TWO, publication(1))

    assert begun.floor.flows["main"].entry == "agent"


async def test_what_can_be_asked_comes_with_the_version_that_leads(
    house: House,
) -> None:
    await house.settle()
    begun = house.current.way(CallId("one"))
    look_ups = "look_ups: {balance: {asks: balance, gives: {amount: money}}}\n"

    await house.flow_publisher.publish(
        {**TWO, "lookups.yaml": look_ups}, publication(1)
    )

    asked = house.current.way(CallId("two")).floor.look_ups
    assert asked.look_ups["balance"].gives == {"amount": FieldType.MONEY}
    assert begun.floor.look_ups.look_ups == {}
    # The file beside the flows is of no account.
    (house.folder / "lookups.yaml").write_text("look_ups: {balance: {}}\n")
    house.restart()
    assert [*house.current.floor.look_ups.look_ups] == ["balance"]


async def test_a_later_start_takes_the_newest_version_and_not_the_files(
    house: House,
) -> None:
    await house.settle()
    await house.flow_publisher.publish(TWO, publication(1))

    house.restart()
    assert entry(house) == ("hello", 2)
    await house.settle()

    assert entry(house) == ("hello", 2)
    found = await house.flow_publisher.shown()
    assert found.differs == (
        f"{house.flows}: is not what was published from it, flows/main.yaml; flows"
        f" version 2 is in force, ./tieline flow publish {house.flows} --from 2 would"
        f" publish the files, ./tieline flow pull {house.flows} would undo what was"
        " changed there"
    )


async def test_while_the_database_is_away_the_flows_that_are_kept_lead(
    house: House,
) -> None:
    await house.settle()
    await house.flow_publisher.publish(TWO, publication(1))
    house.url = AWAY

    house.restart()
    settling = asyncio.create_task(house.settle())
    await asyncio.sleep(0.2)

    assert entry(house) == ("hello", 2)
    with pytest.raises(DatabaseAway):
        await house.flow_publisher.publish(ONE, publication(2))
    settling.cancel()
    with suppress(asyncio.CancelledError):
        await settling


async def test_a_database_made_anew_gets_what_is_in_force(
    house: House, tmp_path: Path
) -> None:
    await house.settle()
    await house.flow_publisher.publish(TWO, publication(1))
    async with fresh_database() as url:
        await upgrade(url)
        again = House(tmp_path, url)
        await again.settle()

        found = await again.flow_publisher.shown()
        assert found.latest.number == 1
        assert entry(again) == ("hello", 1)


async def test_flows_that_the_floor_has_no_place_for_are_refused_whole(
    house: House,
) -> None:
    await house.settle()
    house.log.clear()
    folder = "flows"

    with pytest.raises(FlowRefused) as unknown:
        await house.flow_publisher.check(
            {"flows/main.yaml": STRAIGHT.replace("q_fault", "q_fualt")}, folder=folder
        )
    other = {"flows/vip.yaml": STRAIGHT.replace("main", "vip")}
    with pytest.raises(FlowRefused) as missing:
        await house.flow_publisher.publish(other, publication(1))

    assert str(unknown.value) == (
        "flows/main.yaml:7: steps → agent → queue: no queue is called 'q_fualt'; "
        "did you mean 'q_fault'?"
    )
    assert str(missing.value) == (
        "floor version 1:4: numbers → 6000 → flow: no flow is called 'main'; there is"
        " 'vip'"
    )
    assert house.log == []
    assert entry(house) == ("agent", 1)


async def test_a_floor_is_held_against_the_flows_in_force_and_those_that_are_tried(
    house: House,
) -> None:
    await house.settle()
    by_hand = house.flows / "main.yaml"
    by_hand.write_text(STRAIGHT.replace("q_fault", "q_none"), encoding="utf-8")
    bills = small_floor().replace(
        "agents:", "  q_bill: {name: bills, skills: [fault]}\nagents:"
    )
    made_from = Publication(made_from=1, by="lina")
    await house.publisher.publish(bills, made_from)
    tried = {"flows/main.yaml": STRAIGHT.replace("q_fault", "q_bill")}
    await house.flow_publisher.publish(tried, publication(1, percent=20))

    with pytest.raises(FloorRefused) as caught:
        await house.publisher.check(small_floor())

    assert str(caught.value).startswith(
        "flows version 2/flows/main.yaml:7: steps → agent → queue: no queue is called"
    )


async def test_what_was_made_from_an_older_version_is_refused(house: House) -> None:
    await house.settle()
    await house.flow_publisher.publish(TWO, publication(1))

    with pytest.raises(Stale) as caught:
        await house.flow_publisher.publish(ONE, publication(1))

    assert (caught.value.made_from, caught.value.newest) == (1, 2)
    assert entry(house) == ("hello", 2)


async def test_a_prompt_that_cannot_be_spoken_publishes_nothing(house: House) -> None:
    await house.settle()
    house.refuses_prompts = True

    with pytest.raises(PromptsRefused):
        await house.flow_publisher.publish(TWO, publication(1))

    assert entry(house) == ("agent", 1)
    assert [it.number for it in await house.flow_publisher.history()] == [1]


async def test_an_earlier_version_comes_again_under_a_number_of_its_own(
    house: House,
) -> None:
    await house.settle()
    await house.flow_publisher.publish(TWO, publication(1))

    outcome = await house.flow_publisher.roll_back(1, publication(2))

    assert (outcome.version.number, outcome.version.note) == (3, "version 1 again")
    assert entry(house) == ("agent", 3)


async def test_of_200_calls_a_share_tries_the_new_version(house: House) -> None:
    await house.settle()
    outcome = await house.flow_publisher.publish(TWO, publication(1, percent=20))

    calls = Counter(entry(house, nth) for nth in range(200))

    assert outcome.force == Force(in_force=1, trial=2, percent=20)
    assert calls.keys() == {("agent", 1), ("hello", 2)}
    assert 25 <= calls["hello", 2] <= 55
    ids = [str(UUID(int=nth)) for nth in range(200)]
    assert calls["hello", 2] == sum(tries(it, 20) for it in ids)


async def test_a_share_outlives_a_restart_and_ends_as_it_is_told(house: House) -> None:
    await house.settle()
    await house.flow_publisher.publish(TWO, publication(1, percent=20))
    house.restart()
    await house.settle()
    tried = [nth for nth in range(200) if entry(house, nth)[1] == 2]
    assert tried

    await house.flow_publisher.share(60, by="lina", note="")
    more = [nth for nth in range(200) if entry(house, nth)[1] == 2]
    assert set(tried) < set(more), "who was in a share stays in it when it grows"

    await house.flow_publisher.share(100, by="lina", note="good")
    assert {entry(house, nth) for nth in range(200)} == {("hello", 2)}
    with pytest.raises(NothingTried):
        await house.flow_publisher.share(50, by="lina", note="")


async def test_a_trial_is_taken_back_by_a_share_of_0(house: House) -> None:
    await house.settle()
    await house.flow_publisher.publish(TWO, publication(1, percent=20))

    await house.flow_publisher.share(0, by="lina", note="bad")

    assert {entry(house, nth) for nth in range(200)} == {("agent", 1)}
    found = kept_flows(house.folder)
    assert found is not None
    assert found.trial is None


async def test_the_difference_between_versions_is_told_as_the_callers_way(
    house: House,
) -> None:
    await house.settle()
    await house.flow_publisher.publish(TWO, publication(1))

    assert await house.flow_publisher.difference(2, 1) == [
        "main: entry leads to agent, it led to hello",
        "main → hello: is gone, say 'Hello.'",
    ]


async def test_before_the_first_version_nothing_is_shown_or_published(
    house: House,
) -> None:
    with pytest.raises(NotPublished, match="flows: none is published yet"):
        await house.flow_publisher.shown()
    with pytest.raises(NotPublished):
        await house.flow_publisher.publish(TWO, publication(1))


def test_kept_flows_that_were_changed_by_hand_are_not_believed(tmp_path: Path) -> None:
    path = tmp_path / FLOWS_FILE
    path.parent.mkdir()
    wrong = {"number": 3, "sum": "0" * 64, "file_sum": "0" * 64, "text": "{}"}
    told = {"in_force": wrong, "trial": None, "percent": 0}
    for text in (json.dumps(told), "{}", "[]", "", '{"in_force": 3}'):
        path.write_text(text, encoding="utf-8")
        assert kept_flows(tmp_path) is None
