"""What was journaled comes back from the records in its order."""

import asyncio
from contextlib import suppress
from pathlib import Path

from acd.vocabulary.facts import Fact, ToldFact
from services.store.journal import Journal
from services.store.recorded_facts import facts_on_record
from services.store.segments import Origin
from services.store.shipper import Shipper
from tests.services.store.stories import Teller
from tests.support.builders import at, caller_leg, hung_up


async def test_all_of_the_day_and_what_was_told_before_it(
    database: str, tmp_path: Path
) -> None:
    teller = Teller()
    teller.answered_call(1, 0)
    teller.answered_call(2, 1000)
    async with Journal(tmp_path / "journal") as journal:
        for fact, origin in teller.story:
            journal.append(fact, origin)
        journal.append(hung_up(caller_leg(9), 1500), Origin.REFUSED)
        shipper = Shipper(journal, database)
        task = asyncio.create_task(shipper.run())
        async with asyncio.timeout(30):
            while await _count(database) < len(teller.story):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    found = await facts_on_record(database, since=at(900), until=at(5000))

    expected: list[Fact] = [
        fact
        for fact, origin in teller.story
        if fact.at >= at(900) or isinstance(fact, ToldFact)
    ]
    assert found == expected
    assert await facts_on_record(database, since=at(-9999), until=at(-9999)) == []


async def _count(database: str) -> int:
    return len(await facts_on_record(database, since=at(-9999), until=at(9999)))
