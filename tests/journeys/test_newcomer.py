"""The first call of a newcomer: four accounts of it agree to the second."""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from tests.journeys.stage import Played, tieline
from tests.journeys.story import Story, stories
from tests.support.instance import RunningInstance

[NEWCOMER] = [story for story in stories() if story.name == "newcomer"]
# What the sound takes from one side to the other, and what the clocks of a busy
# machine may differ by.
SECOND = 1.0


@pytest.mark.parametrize("story", [NEWCOMER], ids=lambda story: story.name)
def test_call_record_recording_and_replay_agree_to_the_second(
    story: Story,
    instance: RunningInstance,
    played: Mapping[str, Played | BaseException],
) -> None:
    outcome = played[story.name]
    assert isinstance(outcome, Played), outcome
    caller, agent = outcome.callers["lina"].report, outcome.reports["alice"]

    listed, replayed, shown = asyncio.run(_asked(instance, caller["call_id"]))

    record = replayed["call"]
    _agree_who(caller, agent, record)
    _agree_when(caller, agent, record)
    assert listed["call_id"] == record["call_id"]
    assert {k: listed[k] for k in ("waited_s", "talked_s", "close_reason")} == {
        k: record[k] for k in ("waited_s", "talked_s", "close_reason")
    }
    _agree_on_sound(instance, replayed)
    _agree_with_timeline(replayed, shown)


async def _asked(
    instance: RunningInstance, call_id: str
) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Ask as a newcomer would, by the beginning of the id too."""
    number = ("--number", "13800138000")
    [listed] = (await tieline(instance, "calls", *number))["said"]
    replayed = await tieline(instance, "replay", call_id[:8])
    shown = await tieline(instance, "replay", call_id, as_json=False)
    assert (replayed["exit_code"], shown["exit_code"]) == (0, 0)
    return listed, replayed["said"], shown["said"]


def _agree_who(
    caller: Mapping[str, Any], agent: Mapping[str, Any], record: Mapping[str, Any]
) -> None:
    assert (caller["exit_code"], caller["failure"]) == (0, None)
    assert (agent["exit_code"], len(agent["calls"])) == (0, 1)
    [worked] = agent["calls"]
    assert caller["call_id"] == record["call_id"] == worked["call_id"]
    assert caller["agent_id"] == record["agent_id"] == agent["agent_id"]
    assert caller["ended_by"] == record["ended_by"] == worked["ended_by"] == "caller"
    assert (caller["from"], caller["number"]) == (
        record["caller_number"],
        record["number"],
    )
    assert (worked["outcome"], caller["keys"], record["caller_name"]) == (
        "answered",
        "1",
        "张伟",
    )


def _agree_when(
    caller: Mapping[str, Any], agent: Mapping[str, Any], record: Mapping[str, Any]
) -> None:
    [worked] = agent["calls"]
    for ours, theirs in (("started_at", "arrived_at"), ("ended_at", "ended_at")):
        assert abs(_seconds(caller[ours], record[theirs])) <= SECOND
    talked_s = _seconds(record["connected_at"], record["ended_at"])
    for told_s in (caller["talked_s"], worked["talked_s"], record["talked_s"]):
        assert abs(told_s - talked_s) <= SECOND
    waited_s = _seconds(record["queued_at"], record["connected_at"])
    assert abs(caller["waited_s"] - waited_s) <= SECOND
    assert abs(record["waited_s"] - waited_s) <= SECOND


def _agree_on_sound(instance: RunningInstance, replayed: Mapping[str, Any]) -> None:
    [row], [talk] = replayed["recordings"], replayed["conversations"]
    sound = instance.recording(row)
    assert hashlib.sha256(sound).hexdigest() == row["sha256"]
    assert len(sound) == row["size_bytes"]
    talked_s = _seconds(talk["started_at"], talk["ended_at"])
    assert abs(row["length_s"] - talked_s) <= SECOND


def _agree_with_timeline(replayed: Mapping[str, Any], shown: str) -> None:
    record, timeline = replayed["call"], replayed["timeline"]
    first_at = {moment["kind"]: moment["at"] for moment in reversed(timeline)}
    for kind, column in (
        ("call_arrived", "arrived_at"),
        ("call_queued", "queued_at"),
        ("call_connected", "connected_at"),
        ("call_closed", "ended_at"),
    ):
        assert _seconds(first_at[kind], record[column]) == 0
    assert all(a["offset_s"] <= b["offset_s"] for a, b in pairwise(timeline))
    [row] = replayed["recordings"]
    assert all(moment["sentence"] in shown for moment in timeline)
    assert row["sha256"][:8] in shown


def _seconds(since: str, until: str) -> float:
    return (
        datetime.fromisoformat(until) - datetime.fromisoformat(since)
    ).total_seconds()
