"""Who publishes floors: in which order, and what a start makes of what it finds."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from acd.core.engine import Engine
from acd.vocabulary.floor_facts import FloorPublished
from acd.vocabulary.ids import AgentId
from ivr.flow import Flow, Sound
from services.api.publishing import NotPublished, Publication, QueueHasCallers
from services.floor.floor import Floor
from services.floor.load import FloorRefused, load_text
from services.prompts.errors import PromptsRefused
from services.runtime.published import FILE, CurrentFloor, kept
from services.runtime.publisher import Around, Publisher
from services.store.audit import Audit
from services.store.errors import DatabaseAway
from services.store.floor_versions import FloorStale, FloorVersions
from services.store.migrate import upgrade
from tests.support.builders import arrived, at, queued, seen
from tests.support.postgres import fresh_database
from tests.support.small_floor import STRAIGHT, small_floor

ONE, TWO = small_floor(), small_floor(agents=2)
AWAY = "postgresql://tieline:x@127.0.0.1:1/tieline"


@dataclass
class House:
    """A publisher with an engine, and what each was told."""

    folder: Path
    url: str
    log: list[str] = field(default_factory=list)
    refuses_prompts: bool = False

    def __post_init__(self) -> None:
        (self.folder / "flows").mkdir(exist_ok=True)
        (self.folder / "flows" / "main.yaml").write_text(STRAIGHT, encoding="utf-8")
        if not self.file.exists():
            self.file.write_text(ONE, encoding="utf-8")
        self.restart()

    @property
    def file(self) -> Path:
        return self.folder / "floor.yaml"

    def restart(self) -> None:
        """Begin as an engine's process does."""
        found = kept(self.folder)
        text = found.text if found else self.file.read_text(encoding="utf-8")
        floor = load_text(text, self.folder / "flows", file="floor.yaml")
        self.current = CurrentFloor(floor=floor, sounds={}, version=found)
        self.engine = Engine(floor.policy)
        self.engine.apply(seen(-100))
        self.publisher = Publisher(
            Around(
                versions=FloorVersions(self.url, Audit(self.url)),
                current=self.current,
                live=self.engine.floor,
                data=self.folder,
                file=self.file,
                flows=self.folder / "flows",
                prepare=self._prepare,
                to_switch=self._to_switch,
                tell=self._tell,
                now=lambda: at(0),
            )
        )

    async def _prepare(self, _flows: Iterable[Flow]) -> Mapping[Sound, str]:
        if self.refuses_prompts:
            raise PromptsRefused(["prompt in 'en': cannot be spoken"])
        return {}

    async def _to_switch(self, floor: Floor) -> list[str]:
        self.log.append(f"switch {len(floor.policy.agents)}")
        return []

    async def _tell(self, fact: FloorPublished) -> None:
        self.log.append(f"engine {fact.version}")
        self.engine.apply(fact)

    @property
    def agents(self) -> set[str]:
        return set(self.engine.floor.agents)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with fresh_database() as url:
        await upgrade(url)
        yield House(tmp_path, url)


def publication(made_from: int | None, *, drains: bool = False) -> Publication:
    return Publication(made_from=made_from, by="lina", drains=drains)


async def test_the_first_start_publishes_the_file_as_version_1(house: House) -> None:
    await house.publisher.run()

    newest = await house.publisher.newest()
    assert (newest.number, newest.text, newest.by) == (1, ONE, "tieline")
    assert house.engine.floor.policy.version == "1"
    found = kept(house.folder)
    assert found is not None
    assert found.text == ONE
    assert (house.folder / FILE).stat().st_mode & 0o077 == 0


async def test_the_switch_knows_of_a_floor_before_the_engine_does(house: House) -> None:
    await house.publisher.run()
    house.log.clear()

    outcome = await house.publisher.publish(TWO, publication(1))

    assert house.log == ["switch 2", "engine 2"]
    assert list(outcome.changes) == ["agents added: 1002"]
    assert house.agents == {"1001", "1002"}


async def test_a_later_start_takes_the_newest_version_and_not_the_file(
    house: House,
) -> None:
    await house.publisher.run()
    await house.publisher.publish(TWO, publication(1))

    house.restart()
    await house.publisher.run()

    assert house.agents == {"1001", "1002"}
    assert house.publisher.differing() == (
        f"{house.file}: is not what was published from it; floor version 2 is in "
        f"force, ./tieline floor publish {house.file} --from 2 would publish the file"
    )


async def test_an_edit_does_not_make_the_file_another_one(house: House) -> None:
    await house.publisher.run()

    change = {"agents": {"1001": {"skills": {"fault": 5}}}}
    await house.publisher.edit(change, publication(None))

    assert house.publisher.differing() is None
    levels = house.engine.floor.agents[AgentId("1001")].profile.levels
    assert dict(levels) == {"fault": 5}


async def test_a_version_that_was_published_elsewhere_is_taken_at_the_start(
    house: House,
) -> None:
    """As after a crash between the database and the engine, or a restored database."""
    await house.publisher.run()
    versions = FloorVersions(house.url, Audit(house.url))
    await versions.publish(TWO, made_from=1, by="omar")

    house.restart()
    assert house.agents == {"1001"}
    await house.publisher.run()

    assert house.agents == {"1001", "1002"}
    assert house.engine.floor.policy.version == "2"


async def test_a_database_made_anew_gets_what_is_in_force(
    house: House, tmp_path: Path
) -> None:
    await house.publisher.run()
    await house.publisher.publish(TWO, publication(1))
    async with fresh_database() as url:
        await upgrade(url)
        again = House(tmp_path, url)
        await again.publisher.run()

        newest = await again.publisher.newest()
        assert (newest.number, newest.text) == (1, TWO)
        assert again.agents == {"1001", "1002"}


async def test_while_the_database_is_away_the_floor_that_is_kept_is_in_force(
    house: House,
) -> None:
    await house.publisher.run()
    await house.publisher.publish(TWO, publication(1))
    house.url = AWAY

    house.restart()
    settling = asyncio.create_task(house.publisher.run())
    await asyncio.sleep(0.2)

    assert house.agents == {"1001", "1002"}
    with pytest.raises(DatabaseAway):
        await house.publisher.publish(ONE, publication(2))
    assert house.agents == {"1001", "1002"}
    settling.cancel()
    with suppress(asyncio.CancelledError):
        await settling


async def test_what_is_refused_changes_nothing(house: House) -> None:
    await house.publisher.run()
    house.engine.apply(arrived(1, 1))
    house.engine.apply(queued(1, 2))
    house.log.clear()
    other = TWO.replace("q_fault", "q_other")
    (house.folder / "flows" / "main.yaml").write_text(
        STRAIGHT.replace("q_fault", "q_other"), encoding="utf-8"
    )

    with pytest.raises(QueueHasCallers) as has_callers:
        await house.publisher.publish(other, publication(1))
    with pytest.raises(FloorRefused):
        await house.publisher.publish(TWO.replace("[fault]", "[fualt]"), publication(1))
    house.refuses_prompts = True
    with pytest.raises(PromptsRefused):
        await house.publisher.publish(other, publication(1, drains=True))
    house.refuses_prompts = False
    with pytest.raises(FloorStale):
        await house.publisher.publish(other, publication(None, drains=True))

    assert has_callers.value.waiting == {"q_fault": 1}
    assert house.log == []
    assert (await house.publisher.newest()).number == 1
    assert house.current.floor.policy.agents.keys() == {"1001"}


async def test_a_queue_with_callers_is_drained_when_that_is_asked_for(
    house: House,
) -> None:
    await house.publisher.run()
    house.engine.apply(arrived(1, 1))
    house.engine.apply(queued(1, 2))
    (house.folder / "flows" / "main.yaml").write_text(
        STRAIGHT.replace("q_fault", "q_other"), encoding="utf-8"
    )

    outcome = await house.publisher.publish(
        TWO.replace("q_fault", "q_other"), publication(1, drains=True)
    )

    assert list(outcome.closing) == ["q_fault"]
    assert set(house.engine.floor.policy.queues) == {"q_fault", "q_other"}


async def test_an_earlier_version_comes_again_under_a_number_of_its_own(
    house: House,
) -> None:
    await house.publisher.run()
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
    await house.publisher.run()
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
