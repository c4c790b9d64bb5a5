"""What a desk is sent, recorded: the same files that its own tests live through."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from acd.vocabulary.ids import CallId
from acd.vocabulary.states import AgentState, CallState
from acd.vocabulary.wire import kind_of
from services.live.board import Board
from services.live.picture import AgentNow, CallNow, QueueNow
from services.live.shown import SHOWN
from services.live.wording import agent_told, call_told, queue_told
from services.runtime.desk.build import TRACES
from services.runtime.desk.vocabulary import api_words, told_keys, wire_words
from tests.services.desk.stories import STORIES, Story, as_text, recorded
from tests.support.builders import ALICE, FAULT, YZ, at

FILES = sorted(TRACES.glob("*.json"))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_recording_is_what_is_sent_today(story: Story) -> None:
    path = TRACES / f"{story.__name__}.json"

    today = as_text(recorded(story))

    assert path.read_text(encoding="utf-8") == today, (
        "told otherwise now: python -m tests.services.desk.stories, and look at it"
    )


def test_no_recording_is_left_without_its_story() -> None:
    assert [path.stem for path in FILES] == sorted(it.__name__ for it in STORIES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_board_that_lives_through_a_recording_knows_what_is_so(path: Path) -> None:
    board = Board()
    for step in json.loads(path.read_text(encoding="utf-8"))["steps"]:
        board.take(step["message"])
        if then := step.get("then"):
            assert {"agents": board.agents, "calls": board.calls} == then


AN_AGENT = AgentNow(
    agent_id=ALICE,
    name="Alice",
    place=YZ,
    is_on_page=False,
    state=AgentState.READY,
    reason="",
    call_id=None,
    since=at(0),
    wants_not_ready=None,
    wants_sign_out=False,
    wrap_up_until=None,
)
A_QUEUE = QueueNow(queue_id=FAULT, name="faults", place=YZ)
A_CALL = CallNow(
    call_id=CallId("c"),
    place=YZ,
    state=CallState.QUEUED,
    number="6000",
    caller_number="1",
    caller_name="",
    queue_id=FAULT,
    agent_id=None,
    offer_id=None,
    offered_at=None,
    arrived_at=at(0),
    queued_at=at(0),
    connected_at=None,
)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (AN_AGENT, agent_told(AN_AGENT)),
        (A_QUEUE, queue_told(A_QUEUE, {})),
        (A_CALL, call_told(A_CALL)),
    ],
    ids=["agent", "queue", "call"],
)
def test_a_snapshots_row_is_typed_with_the_fields_it_is_told_with(
    row: Any, told: dict[str, Any]
) -> None:
    assert dataclasses.is_dataclass(row)
    assert told_keys(type(row)) == told.keys()


def test_every_fact_that_a_stream_shows_has_its_type() -> None:
    words = wire_words()

    assert [f for f in SHOWN if f'kind: "{kind_of(f)}";' not in words] == []


def test_what_the_desk_asks_has_its_types() -> None:
    words = api_words()

    assert '"POST /agents/{agent_id}/not-ready": { body: NotReadyIn' in words
    assert "unknown" not in words.partition("export interface Operations")[2]
