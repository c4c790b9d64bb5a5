"""Counts of steps and ways: what is on record, the same as of the facts themselves."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from acd.vocabulary.facts import Fact
from acd.vocabulary.flow_facts import (
    CallArrived,
    CallRouted,
    FlowEnded,
    FlowEnding,
    KeyPressed,
    KeyTimedOut,
    StepEntered,
)
from acd.vocabulary.ids import CENTRE, LegId, QueueId
from services.store.journal import Journal
from services.store.segments import Origin
from services.store.step_counts import StepCount, WayCount, traffic
from tests.services.store.test_shipper import shipping
from tests.support.builders import call_id

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Caller:
    """One call, told fact by fact."""

    def __init__(self, n: int, *, version: int = 1, at: datetime = NOON) -> None:
        self.call_id = call_id(n)
        self.at = at
        self.nth = 0
        self.facts: list[Fact] = [
            CallArrived(
                at=at,
                place=CENTRE,
                call_id=self.call_id,
                leg_id=LegId(f"leg-{n}"),
                number="6000",
                caller_number="1",
                caller_name="",
                sip_call_id=f"{n}@x",
                flow_version=version,
            )
        ]

    def enters(self, step: str, flow: str = "main") -> "Caller":
        self.step, self.flow = step, flow
        return self._told(StepEntered)

    def presses(self, key: str, *, is_choice: bool = True) -> "Caller":
        return self._told(KeyPressed, key=key, is_choice=is_choice)

    def waits(self) -> "Caller":
        return self._told(KeyTimedOut)

    def is_routed(self, step: str = "") -> "Caller":
        self.step = step or self.step
        return self._told(CallRouted, queue_id=QueueId("q_fault"), skills=())

    def ends(self, ending: FlowEnding) -> "Caller":
        self.facts.append(
            FlowEnded(
                at=self.at,
                call_id=self.call_id,
                flow=self.flow,
                step=self.step,
                ending=ending,
            )
        )
        return self

    def _told(self, kind: type, **more: object) -> "Caller":
        self.nth += 1
        place = {"flow": self.flow, "step": self.step, "nth": self.nth}
        self.facts.append(kind(at=self.at, call_id=self.call_id, **place, **more))
        return self


async def on_record(folder: Path, database: str, *callers: Caller) -> None:
    async with Journal(folder) as journal, shipping(journal, database) as shipper:
        for caller in callers:
            for fact in caller.facts:
                journal.append(fact, Origin.TOLD)
        assert await shipper.caught_up(60)


async def test_a_step_tells_how_callers_came_left_and_gave_up(
    tmp_path: Path, database: str
) -> None:
    await on_record(
        tmp_path,
        database,
        # Skips the greeting, presses nothing, then 1.
        Caller(1)
        .enters("hello")
        .presses("5", is_choice=False)
        .enters("menu")
        .waits()
        .presses("1")
        .enters("fault")
        .is_routed(),
        # Presses a wrong key twice, and is led to a person.
        Caller(2)
        .enters("hello")
        .enters("menu")
        .presses("7", is_choice=False)
        .presses("7", is_choice=False)
        .enters("person")
        .is_routed(),
        # Has it said again, and hangs up.
        Caller(3)
        .enters("hello")
        .enters("menu")
        .presses("9")
        .ends(FlowEnding.CALLER_LEFT),
        # Is said good-bye to: nobody gave up.
        Caller(4, version=2).enters("bye").ends(FlowEnding.COMPLETED),
        # Turned round too often: no step was entered for the queue.
        Caller(5, version=2).enters("menu").presses("9").is_routed("person"),
        Caller(6, at=NOON + DAY).enters("hello"),
    )

    found = await traffic(database, since=NOON, until=NOON + DAY)

    def step(
        name: str, entered: int, asked: int, gave_up: int, v: int = 1
    ) -> StepCount:
        return StepCount(
            day=NOON.date(),
            flow_version=v,
            flow="main",
            step=name,
            entered=entered,
            asked_again=asked,
            gave_up=gave_up,
        )

    def way(name: str, how: str, to: str, calls: int, v: int = 1) -> WayCount:
        return WayCount(
            day=NOON.date(),
            flow_version=v,
            flow="main",
            step=name,
            way=how,
            next_flow="main",
            next_step=to,
            calls=calls,
        )

    assert found.steps == (
        step("fault", 1, 0, 0),
        step("hello", 3, 0, 0),
        step("menu", 3, 3, 1),
        step("person", 1, 0, 0),
        step("bye", 1, 0, 0, v=2),
        step("menu", 1, 0, 0, v=2),
    )
    assert found.ways == (
        way("hello", "on", "menu", 2),
        way("hello", "other key", "menu", 1),
        way("menu", "key 1", "fault", 1),
        way("menu", "other key", "person", 1),
        way("menu", "key 9", "person", 1, v=2),
    )


async def test_days_are_told_by_the_clock_that_is_asked_for(
    tmp_path: Path, database: str
) -> None:
    late = NOON + timedelta(hours=5)
    await on_record(tmp_path, database, Caller(1, at=late).enters("hello"))

    utc = await traffic(database, since=NOON, until=NOON + DAY)
    china = timedelta(hours=8)
    there = await traffic(database, since=NOON, until=NOON + DAY, ahead=china)

    assert [it.day.day for it in (*utc.steps, *there.steps)] == [21, 22]


ENTERED = """
SELECT body ->> 'flow', body ->> 'step', count(*) FROM facts
WHERE kind = 'step_entered' GROUP BY 1, 2
"""
GAVE_UP = """
SELECT body ->> 'flow', body ->> 'step', count(*) FROM facts
WHERE kind = 'flow_ended' AND body ->> 'ending' = 'caller_left' GROUP BY 1, 2
"""
CHOSEN = """
SELECT k.body ->> 'flow', k.body ->> 'step', k.body ->> 'key', count(*)
FROM facts k JOIN facts s ON s.call_id = k.call_id AND s.kind = 'step_entered'
    AND (s.body ->> 'nth')::int = (k.body ->> 'nth')::int + 1
WHERE k.kind = 'key_pressed' AND (k.body ->> 'is_choice')::bool GROUP BY 1, 2, 3
"""


def wanderers(count: int) -> Iterator[Caller]:
    """Callers who wander about at random, each to an end of some kind."""
    chance = random.Random(7)  # noqa: S311 - the same callers each time
    steps = ["hello", "menu", "more", "fault"]
    for n in range(1, count + 1):
        caller = Caller(n, version=chance.choice([1, 2]))
        for _ in range(chance.randrange(1, 8)):
            caller.enters(chance.choice(steps), chance.choice(["main", "vip"]))
            for _ in range(chance.randrange(3)):
                if chance.random() < 0.3:
                    caller.waits()
                else:
                    caller.presses(
                        chance.choice("123"), is_choice=chance.random() < 0.7
                    )
        if chance.random() < 0.5:
            caller.is_routed()
        elif chance.random() < 0.8:
            caller.ends(chance.choice([*FlowEnding]))
        yield caller


async def test_the_counts_are_those_of_the_facts(tmp_path: Path, database: str) -> None:
    await on_record(tmp_path, database, *wanderers(150))

    found = await traffic(database, since=NOON, until=NOON + DAY)

    connection = await asyncpg.connect(database)
    try:
        told = [
            {tuple(row)[:-1]: row["count"] for row in await connection.fetch(question)}
            for question in (ENTERED, GAVE_UP, CHOSEN)
        ]
    finally:
        await connection.close()
    entered: dict[tuple[str, ...], int] = {}
    gave_up: dict[tuple[str, ...], int] = {}
    for it in found.steps:
        here = (it.flow, it.step)
        entered[here] = entered.get(here, 0) + it.entered
        if it.gave_up:
            gave_up[here] = gave_up.get(here, 0) + it.gave_up
    chosen: dict[tuple[str, ...], int] = {}
    for way in found.ways:
        if way.way.startswith("key "):
            key = (way.flow, way.step, way.way.removeprefix("key "))
            chosen[key] = chosen.get(key, 0) + way.calls
    assert [entered, gave_up, chosen] == told
    assert sum(entered.values()) > 400
