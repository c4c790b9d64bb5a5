"""A recorded day lived through again, under its own policy and others."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from acd.policy import FloorPolicy
from acd.simulation.again import Again, Compared
from acd.simulation.crowd import DAY_S
from acd.simulation.figures import figures_of
from acd.simulation.record import Record, record_of
from acd.simulation.run import the_engine
from acd.simulation.scenario import Arrivals, Kind, Scenario
from acd.simulation.tally import Tally
from acd.vocabulary.facts import Fact
from acd.vocabulary.leg_facts import CallQueued
from services.runtime.errors import RuntimeProblem
from services.runtime.simulate.policies import policy
from services.runtime.simulate.report import Report
from services.runtime.simulate.running import Job, Ran, curve


class NotOfTheEngine(RuntimeProblem):
    """A modelled policy cannot go on from a record."""

    exit_code = 2

    def __init__(self, name: str) -> None:
        """Name it."""
        super().__init__(
            f"policy {name!r}: is a model of another system, which cannot go on from a"
            " record; it lives through scenarios"
        )


class NothingOnRecord(RuntimeProblem):
    """No call waited in that time."""

    exit_code = 2

    def __init__(self, since: datetime) -> None:
        """Say which day."""
        super().__init__(
            f"{since.astimezone():%Y-%m-%d}: no call that waited is on record; tieline"
            " calls lists those there are"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAgain:
    """What a recorded day came to under several policies."""

    report: Report
    compared: Mapping[str, Compared]
    """Of each policy, how its decisions compare with those on record."""


def live_again(
    facts: Sequence[Fact], *, floor: FloorPolicy, since: datetime, names: Sequence[str]
) -> DayAgain:
    """Live a day through again.

    Args:
        facts: What is on record, in order.
        floor: Queues and agents of the day, with its policy.
        since: When the day begins.
        names: Of the policies.

    Raises:
        NotOfTheEngine: One of them is a model of another system.
        NothingOnRecord: Nobody waited on that day.
    """
    for name in names:
        if policy(name).make is not the_engine:
            raise NotOfTheEngine(name)
    record = record_of(facts, since)
    queued = [it for it in facts if isinstance(it, CallQueued) and it.at >= since]
    if not queued:
        raise NothingOnRecord(since)
    day = _day(record, floor, since, len(queued))
    ran: dict[str, list[Ran]] = {}
    compared: dict[str, Compared] = {}
    for name in names:
        ran[name], compared[name] = _lived(day, record, name, since)
    return DayAgain(report=Report(scenario=day, policies=ran), compared=compared)


def _lived(
    day: Scenario, record: Record, name: str, since: datetime
) -> tuple[list[Ran], Compared]:
    chosen = policy(name).of(day)
    tally, begun_s = Tally(chosen, since), time.process_time()
    compared = Again(record, chosen.floor, hear=tally.hear).run()
    figures = figures_of(tally)
    ran = Ran(
        job=Job(scenario=day, policy=name, seed=1),
        figures=figures,
        answered_within=curve(tally.waits_s(), figures),
        busy={},
        calls=tally.arrived,
        cpu_s=time.process_time() - begun_s,
    )
    return [ran], compared


def _day(record: Record, floor: FloorPolicy, since: datetime, calls: int) -> Scenario:
    kinds = tuple(
        Kind(
            queue_id=queue.queue_id,
            share=1,
            handling_s=record.talk_s(queue.queue_id, 0),
            spread=0,
            patience_s=record.patience_s or 0.0,
            within_s=queue.target.within_s,
        )
        for queue in floor.queues.values()
    )
    return Scenario(
        name=f"{since.astimezone():%Y-%m-%d} on record",
        floor=floor,
        kinds=kinds,
        arrivals=Arrivals(calls_a_day=calls),
        open_s=DAY_S,
    )


def day_of(date: datetime) -> tuple[datetime, datetime]:
    """Return where a day begins and ends, by this machine's clock."""
    since = date.replace(hour=0, minute=0, second=0, microsecond=0).astimezone()
    return since, (since + timedelta(days=1, hours=1)).replace(hour=0)
