"""Each folder here is one journey: its story, who does what, what must be on record."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.journeys.record import strays
from tests.journeys.stage import Played, play
from tests.journeys.story import Story, stories
from tests.support.instance import RunningInstance

STORIES = stories()
TOGETHER = [story for story in STORIES if not story.is_alone]
ALONE = [story for story in STORIES if story.is_alone]


def _named(told: list[Story]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("story", told, ids=lambda story: story.name)


@_named(TOGETHER)
def test_the_record_says_what_happened(
    story: Story,
    instance: RunningInstance,
    played: Mapping[str, Played | BaseException],
) -> None:
    outcome = played[story.name]
    if isinstance(outcome, BaseException):
        raise outcome

    _compare(story, outcome)


@_named(ALONE)
def test_the_record_says_what_happened_though_a_part_broke(
    story: Story, instance: RunningInstance, tmp_path: Path
) -> None:
    outcome = asyncio.run(play(instance, story, tmp_path))

    _compare(story, outcome)


def test_no_leg_and_no_call_is_left_over(instance: RunningInstance) -> None:
    assert asyncio.run(strays(instance)) == []
    assert asyncio.run(instance.ask("GET", "/calls/live")) == []


def _compare(story: Story, played: Played) -> None:
    expected = story.expected
    assert {
        name: {key: played.calls.get(name, {}).get(key) for key in wanted}
        for name, wanted in expected.calls.items()
    } == expected.calls
    assert {n: played.agents[n] for n in expected.agents} == expected.agents
    reached = [c for c in played.calls.items() if c[1]["connected_at"]]
    order = [n for n, _ in sorted(reached, key=lambda c: c[1]["connected_at"])]
    talks = {name: len(call["talks"]) for name, call in played.calls.items()}
    kept = {name: len(call["recordings"]) for name, call in played.calls.items()}
    assert kept == talks, "a recording, or why there is none, for each conversation"
    assert not expected.served or order == list(expected.served)
    _compare_with_sipp(story, played)


def _compare_with_sipp(story: Story, played: Played) -> None:
    """What the telephones counted is what the records count."""
    answered = {n: int(s.status == 200) for n, s in played.callers.items()}
    assert played.rows == answered, "one record for each caller who was answered"
    for name, call in played.calls.items():
        if call["close_reason"] == "completed" and not call["is_estimated"]:
            ended_by = {"us": "caller", "them": "agent"}[
                played.callers[name].hung_up_by or ""
            ]
            assert ended_by == call["ended_by"], f"who hung up on {name}"
    closings = {name: call["closings"] for name, call in played.calls.items()}
    assert closings == dict.fromkeys(played.calls, 1), "closed exactly once"
    for name, outcome in played.devices.items():
        rang = sum(call["rang"][name] for call in played.calls.values())
        assert len(outcome.calls) == rang, f"how often {name} was rung"
    if not story.is_alone:
        assert [n for n, s in played.callers.items() if not s.went_as_planned] == []
