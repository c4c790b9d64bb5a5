"""Flows for the tests, and a way to walk them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from acd.vocabulary.facts import FlowFact
from acd.vocabulary.ids import CallId
from ivr.check import findings, unknown_steps
from ivr.flow import Flow
from ivr.flow_set import FlowSet
from ivr.machine import take
from ivr.turns import Act, Answered, Begun, Input
from ivr.walk import Turn, fresh_walk

ALICE = CallId("3f2a")


def at(seconds: float) -> datetime:
    return datetime(2026, 11, 21, 8, tzinfo=UTC) + timedelta(seconds=seconds)


def flow_of(steps: dict[str, object], *, entry: str = "") -> Flow:
    """Return a proved flow in Chinese with a person in q_bill."""
    written = {
        "name": "main",
        "language": "zh",
        "entry": entry or next(iter(steps)),
        "person": "person",
        "steps": {**steps, "person": {"queue": "q_bill"}},
    }
    flow = Flow.model_validate(written)
    assert unknown_steps(written) == []
    assert findings(flow) == []
    return flow


def walked(flow: Flow, inputs: Iterable[Input]) -> list[Turn]:
    """Return the turns of Alice's walk, taken off the hook already."""
    walk = fresh_walk(flow, ALICE)
    turns = []
    for second, came in enumerate([Begun(), Answered(), *inputs]):
        turns.append(take(FlowSet.of(flow), walk, came, at(second)))
        walk = turns[-1].walk
    return turns


def facts_of(turns: Iterable[Turn]) -> list[FlowFact]:
    return [fact for turn in turns for fact in turn.facts]


def last_act(turns: list[Turn]) -> Act:
    return turns[-1].act
