from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from acd.vocabulary.states import CallState
from services.store.errors import DatabaseAway
from services.store.journal import Journal
from services.store.queries import CallFilter, Records
from tests.services.store.stories import Teller
from tests.services.store.test_shipper import shipping, told
from tests.support.builders import arrived, at, call_id
from tests.support.postgres import free_port


@pytest.fixture
async def records(tmp_path: Path, database: str) -> AsyncIterator[Records]:
    """Calls 1 and 3 answered, 2 abandoned in the flow, 4 still there."""
    teller = Teller()
    teller.answered_call(1, 0)
    teller.abandoned_call(2, 100)
    teller.answered_call(3, 200)
    teller.tell(arrived(4, 300))
    async with Journal(tmp_path) as journal, shipping(journal, database) as shipper:
        told(journal, teller.story)
        assert await shipper.caught_up(20)
    records = Records(database)
    yield records
    await records.close()


async def numbers(records: Records, wanted: CallFilter) -> list[int]:
    ids = {call_id(n): n for n in range(1, 5)}
    return [ids[row["call_id"]] for row in await records.calls(wanted)]


async def test_calls_are_found_newest_first_by_what_is_asked(records: Records) -> None:
    assert await numbers(records, CallFilter()) == [4, 3, 2, 1]
    assert await numbers(records, CallFilter(limit=2)) == [4, 3]
    assert await numbers(records, CallFilter(sip_call_id="2@sipp")) == [2]
    assert await numbers(records, CallFilter(caller_number="13800130003")) == [3]
    assert await numbers(records, CallFilter(since=at(150))) == [4, 3]
    assert await numbers(records, CallFilter(state=CallState.IN_FLOW)) == [4]
    both = CallFilter(state=CallState.CLOSED, since=at(50))
    assert await numbers(records, both) == [3, 2]


@pytest.mark.parametrize(
    "words",
    [
        "' OR '1'='1",
        "1; DROP TABLE calls; --",
        "%",
        "\0",
        "\\",
        "1@sipp'/*",
        "$1",
        "x" * 100_000,
    ],
)
async def test_what_looks_like_sql_is_only_a_value(
    records: Records, words: str
) -> None:
    assert await records.calls(CallFilter(sip_call_id=words)) == []
    assert await records.calls(CallFilter(caller_number=words)) == []
    assert await records.call(words) is None
    assert await records.story(words) is None
    assert await records.calls_named(words) == []
    assert len(await records.calls(CallFilter())) == 4


async def test_a_call_is_told_whole(records: Records) -> None:
    story = await records.story(call_id(1))

    assert story is not None
    assert story.call["talked_s"] == 10
    assert {leg["role"] for leg in story.legs} == {"caller", "agent"}
    assert [step["nth"] for step in story.steps] == [1, 2, 3]
    assert [offer["outcome"] for offer in story.offers] == ["answered"]
    assert len(story.conversations) == len(story.recordings) == 1
    kinds = [fact["kind"] for fact in story.facts]
    assert kinds[0] == "call_arrived"
    assert kinds.count("leg_ended") == 2
    assert {"leg_rang", "leg_answered", "call_closed", "wrap_up_ended"} <= set(kinds)
    assert story.facts[0]["body"]["caller_number"] == "13800130001"


async def test_nobody_spoken_to_is_no_talk(records: Records) -> None:
    row = await records.call(call_id(2))

    assert row is not None
    assert row["talked_s"] is None
    assert row["close_reason"] == "abandoned_in_flow"
    assert row["ended_at"] - row["arrived_at"] == timedelta(seconds=4)


async def test_a_call_is_known_by_the_beginning_of_its_id(records: Records) -> None:
    whole = call_id(1)

    assert await records.calls_named(whole) == [whole]
    assert await records.calls_named(whole[:10].upper()) == [whole]
    assert await records.calls_named("") == []


async def test_a_database_that_is_away_is_said_in_a_sentence() -> None:
    records = Records(f"postgresql://tieline@127.0.0.1:{free_port()}/tieline")

    with pytest.raises(DatabaseAway) as caught:
        await records.calls(CallFilter())

    assert str(caught.value).startswith("database: cannot be asked: ")
    await records.close()
