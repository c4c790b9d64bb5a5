"""Who publishes floors: in which order, and what a start makes of what it finds."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from acd.vocabulary.ids import AgentId
from services.api.flow_publishing import FlowPublication
from services.api.publishing import NotPublished, Publication, QueueHasCallers
from services.floor.load import FloorRefused
from services.prompts.errors import PromptsRefused
from services.runtime.published import FILE, kept
from services.store.audit import Audit
from services.store.errors import DatabaseAway
from services.store.migrate import upgrade
from services.store.versions import FloorVersions, Stale
from tests.support.builders import arrived, queued
from tests.support.house import House
from tests.support.postgres import fresh_database
from tests.support.small_floor import STRAIGHT, small_floor

ONE, TWO = small_floor(), small_floor(agents=2)
BOTH = ONE.replace("agents:", "  q_other: {name: others, skills: [fault]}\nagents:")
AWAY = "postgresql://tieline:x@127.0.0.1:1/tieline"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with fresh_database() as url:
        await upgrade(url)
        yield House(tmp_path, url)


def publication(made_from: int | None, *, drains: bool = False) -> Publication:
    return Publication(made_from=made_from, by="lina", drains=drains)


async def lead_to(house: House, queue: str) -> None:
    files = {"flows/main.yaml": STRAIGHT.replace("q_fault", queue)}
    made_from = FlowPublication(made_from=1, by="lina")
    await house.flow_publisher.publish(files, made_from)


async def test_the_first_start_publishes_the_file_as_version_1(house: House) -> None:
    await house.settle()

    newest = await house.publisher.newest()
    assert (newest.number, newest.text, newest.by) == (1, ONE, "tieline")
    assert house.engine.floor.policy.version == "1"
    found = kept(house.folder)
    assert found is not None
    assert found.text == ONE
    assert (house.folder / FILE).stat().st_mode & 0o077 == 0


async def test_the_switch_knows_of_a_floor_before_the_engine_does(house: House) -> None:
    await house.settle()
    house.log.clear()

    outcome = await house.publisher.publish(TWO, publication(1))

    assert house.log == ["switch 2", "engine 2"]
    assert list(outcome.changes) == ["agents added: 1002"]
    assert house.agents == {"1001", "1002"}


async def test_a_later_start_takes_the_newest_version_and_not_the_file(
    house: House,
) -> None:
    await house.settle()
    await house.publisher.publish(TWO, publication(1))

    house.restart()
    await house.settle()

    assert house.agents == {"1001", "1002"}
    assert house.publisher.differing() == (
        f"{house.file}: is not what was published from it; floor version 2 is in "
        f"force, ./tieline floor publish {house.file} --from 2 would publish the file"
    )


async def test_an_edit_does_not_make_the_file_another_one(house: House) -> None:
    await house.settle()

    change = {"agents": {"1001": {"skills": {"fault": 5}}}}
    await house.publisher.edit(change, publication(None))

    assert house.publisher.differing() is None
    levels = house.engine.floor.agents[AgentId("1001")].profile.levels
    assert dict(levels) == {"fault": 5}


async def test_a_version_that_was_published_elsewhere_is_taken_at_the_start(
    house: House,
) -> None:
    """As after a crash between the database and the engine, or a restored database."""
    await house.settle()
    versions = FloorVersions(house.url, Audit(house.url))
    await versions.publish(TWO, made_from=1, by="omar")

    house.restart()
    assert house.agents == {"1001"}
    await house.settle()

    assert house.agents == {"1001", "1002"}
    assert house.engine.floor.policy.version == "2"


async def test_a_database_made_anew_gets_what_is_in_force(
    house: House, tmp_path: Path
) -> None:
    await house.settle()
    await house.publisher.publish(TWO, publication(1))
    async with fresh_database() as url:
        await upgrade(url)
        again = House(tmp_path, url)
        await again.settle()

        newest = await again.publisher.newest()
        assert (newest.number, newest.text) == (1, TWO)
        assert again.agents == {"1001", "1002"}


async def test_while_the_database_is_away_the_floor_that_is_kept_is_in_force(
    house: House,
) -> None:
    await house.settle()
    await house.publisher.publish(TWO, publication(1))
    house.url = AWAY

    house.restart()
    settling = asyncio.create_task(house.settle())
    await asyncio.sleep(0.2)

    assert house.agents == {"1001", "1002"}
    with pytest.raises(DatabaseAway):
        await house.publisher.publish(ONE, publication(2))
    assert house.agents == {"1001", "1002"}
    settling.cancel()
    with suppress(asyncio.CancelledError):
        await settling


async def test_what_is_refused_changes_nothing(house: House) -> None:
    await house.settle()
    house.engine.apply(arrived(1, 1))
    house.engine.apply(queued(1, 2))
    await house.publisher.publish(BOTH, publication(1))
    await lead_to(house, "q_other")
    house.log.clear()
    other = TWO.replace("q_fault", "q_other")

    with pytest.raises(QueueHasCallers) as has_callers:
        await house.publisher.publish(other, publication(2))
    with pytest.raises(FloorRefused):
        await house.publisher.publish(
            BOTH.replace("[fault]", "[fualt]"), publication(2)
        )
    house.refuses_prompts = True
    with pytest.raises(PromptsRefused):
        await house.publisher.publish(other, publication(2, drains=True))
    house.refuses_prompts = False
    with pytest.raises(Stale):
        await house.publisher.publish(other, publication(None, drains=True))

    assert has_callers.value.waiting == {"q_fault": 1}
    assert house.log == []
    assert (await house.publisher.newest()).number == 2
    assert house.current.floor.policy.agents.keys() == {"1001"}


async def test_a_queue_with_callers_is_drained_when_that_is_asked_for(
    house: House,
) -> None:
    await house.settle()
    house.engine.apply(arrived(1, 1))
    house.engine.apply(queued(1, 2))
    await house.publisher.publish(BOTH, publication(1))
    await lead_to(house, "q_other")

    outcome = await house.publisher.publish(
        TWO.replace("q_fault", "q_other"), publication(2, drains=True)
    )

    assert list(outcome.closing) == ["q_fault"]
    assert set(house.engine.floor.policy.queues) == {"q_fault", "q_other"}


async def test_an_earlier_version_comes_again_under_a_number_of_its_own(
    house: House,
) -> None:
    await house.settle()
    await house.publisher.publish(TWO, publication(1))

    outcome = await house.publisher.roll_back(1, publication(2))

    assert (outcome.version.number, outcome.version.note) == (3, "version 1 again")
    assert house.agents == {"1001"}


async def test_before_the_first_version_there_is_nothing_to_edit(house: House) -> None:
    with pytest.raises(NotPublished):
        await house.publisher.newest()
    with pytest.raises(NotPublished):
        await house.publisher.has("agents", "1001")


async def test_a_check_tells_what_would_change_and_changes_nothing(
    house: House,
) -> None:
    await house.settle()
    house.log.clear()

    found = await house.publisher.check(TWO)

    assert list(found.changes) == ["agents added: 1002"]
    assert house.log == []


def test_a_kept_floor_that_was_changed_by_hand_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.parent.mkdir()
    told = {"number": 3, "sum": "0" * 64, "file_sum": "0" * 64, "text": ONE}
    for text in (json.dumps(told), "{}", "[]", "", '{"number": 3}'):
        path.write_text(text, encoding="utf-8")
        assert kept(tmp_path) is None
