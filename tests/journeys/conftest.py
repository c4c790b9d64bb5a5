"""One instance for all journeys of a run, and what became of each story."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.journeys.stage import Played, play
from tests.journeys.story import Story, floor, flows, stories
from tests.support.instance import RunningInstance, running_instance

AT_ONCE = 12
"""Stories played at a time: on two cores more would only wait for each other."""

STORIES = stories()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep all journeys in one worker: they share the instance."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.asterisk)
            item.add_marker(pytest.mark.xdist_group("journeys"))


@pytest.fixture(scope="session")
def instance() -> Iterator[RunningInstance]:
    """Run one real instance; its end is looked at too."""
    # Who has an engine hang wants it to: the watchdog would have another in no time.
    settings = {
        "TIELINE_WATCHDOG__KILL_AFTER_S": "0",
        "TIELINE_ENGINE__HAS_SPARE": "true",
    }
    with running_instance(
        floor=floor(STORIES), flows=flows(STORIES), settings=settings
    ) as running:
        yield running


@pytest.fixture(scope="session")
def played(
    instance: RunningInstance,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, Played | BaseException]:
    """Play all stories that were asked for and disturb nobody, several at a time."""
    asked = {
        item.callspec.id
        for item in request.session.items
        if isinstance(item, pytest.Function) and "played" in item.fixturenames
    }
    wanted = [story for story in STORIES if story.name in asked]
    folder = tmp_path_factory.mktemp("journeys")
    return asyncio.run(_play_all(instance, wanted, folder))


async def _play_all(
    instance: RunningInstance, wanted: list[Story], folder: Path
) -> Mapping[str, Played | BaseException]:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(story: Story) -> Played:
        async with places:
            return await play(instance, story, folder)

    ended = await asyncio.gather(*map(one, wanted), return_exceptions=True)
    return {story.name: end for story, end in zip(wanted, ended, strict=True)}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:
    """Show the logs of the instance below a journey that failed."""
    report = yield
    running = getattr(item, "funcargs", {}).get("instance")
    if report.failed and isinstance(running, RunningInstance):  # type: ignore[attr-defined]
        report.sections.append(("instance", running.last_words()))  # type: ignore[attr-defined]
    return report
