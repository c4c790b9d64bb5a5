"""Which numbers take nobody while their queues are full, and how it is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from acd.core.engine import Engine
from cti_bridge.ami.connection import Connection
from services.floor.floor import Floor
from services.floor.load import load_floor
from services.runtime.door import Door, full_numbers
from tests.support.builders import BILL, FAULT, arrived, queued, seen
from tests.support.eventually import eventually
from tests.support.fake_pbx import fake_pbx
from tests.support.small_floor import in_force

FLOOR = """\
province: YJ
numbers:
  6000: {name: both, flow: both}
  6001: {name: faults only, flow: faults}
  6002: {name: faults in danger, flow: faults, reserved: 5}
  6003: {name: by another flow, flow: outer}
  6004: {name: by another number, flow: passing}
  6005: {name: by language, flow: spoken}
skills: {fault: faults, bill: bills}
queues:
  q_fault: {name: faults, skills: [fault], max_waiting: 2}
  q_bill: {name: bills, skills: [bill], max_waiting: 1}
agents:
  1001: {name: Alice, skills: [fault, bill]}
"""
FAULTS = """\
name: faults
language: en
entry: agent
person: agent
steps:
  agent: {queue: q_fault}
"""
BOTH = """\
name: both
language: en
entry: welcome
person: agent
steps:
  welcome: {menu: {en: Press one.}, keys: {1: bills}}
  agent: {queue: q_fault}
  bills: {queue: q_bill}
"""
OUTER = """\
name: outer
language: en
entry: inner
person: agent
steps:
  inner: {flow: inner, goto: agent}
  agent: {queue: q_fault}
"""
INNER = """\
name: inner
language: en
entry: which
person: agent
steps:
  which: {menu: {en: Press one for bills.}, keys: {1: bills}, give_up: back}
  bills: {queue: q_bill}
  back: {return: true}
  agent: {return: person}
"""
PASSING = """\
name: passing
language: en
entry: which
person: agent
steps:
  which: {menu: {en: Press one for all.}, keys: {1: over}}
  over: {transfer: 6000}
  agent: {queue: q_fault}
"""
SPOKEN = """\
name: spoken
language: en
entry: agent
person: agent
steps:
  agent: {queue: q_fault, by_language: {zh: q_bill}}
"""
FLOWS = {
    "faults": FAULTS,
    "both": BOTH,
    "outer": OUTER,
    "inner": INNER,
    "passing": PASSING,
    "spoken": SPOKEN,
}


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    (tmp_path / "flows").mkdir()
    for name, text in FLOWS.items():
        (tmp_path / "flows" / f"{name}.yaml").write_text(text)
    (tmp_path / "floor.yaml").write_text(FLOOR)
    return load_floor(tmp_path / "floor.yaml", tmp_path / "flows")


def an_engine(floor: Floor) -> Engine:
    engine = Engine(floor.policy)
    engine.apply(seen(-10))
    return engine


def test_a_number_is_full_when_all_queues_it_leads_to_are(floor: Floor) -> None:
    engine = an_engine(floor)
    found = []
    for n, queue_id in enumerate((FAULT, FAULT, BILL)):
        engine.apply(arrived(n, n))
        engine.apply(queued(n, n, queue_id))
        found.append(full_numbers(floor, engine.floor))

    assert found == [
        frozenset(),
        {"6001"},
        {"6000", "6001", "6003", "6004", "6005"},
    ]


def test_a_call_that_is_put_back_leaves_no_number_full(floor: Floor) -> None:
    engine = an_engine(floor)
    roomy = replace(floor.policy.queues[FAULT], max_waiting=3)
    queues = {**floor.policy.queues, FAULT: roomy}
    engine.apply(arrived(1, 1))
    engine.apply(queued(1, 1))

    found = full_numbers(
        replace(floor, policy=replace(floor.policy, queues=queues)), engine.floor
    )

    assert found == frozenset()


async def test_the_switch_is_told_for_some_seconds_and_when_it_is_over(
    floor: Floor,
) -> None:
    engine = an_engine(floor)
    for n in range(2):
        engine.apply(arrived(n, n))
        engine.apply(queued(n, n))
    async with fake_pbx() as pbx:
        link = await Connection.open(
            pbx.peer, epoch=1, nonce="n", sink=lambda _message: None
        )
        door = Door(
            in_force(floor),
            engine.floor,
            link=lambda: link,
            wall_s=lambda: 1000.5,
        )
        await door.keep(link)
        shut = dict(pbx.actions[-2])
        engine.floor.forget_call(next(iter(engine.floor.calls.values())))
        await door.keep(link)
        await eventually(lambda: pbx.count("Setvar") == 2)
        opened = [a for a in pbx.actions if a["Action"] == "Setvar"][-1]
        await door.keep(link)
        link.close()

    assert (shut["Variable"], shut["Value"]) == ("CC_FULL_6001", "1003")
    assert (opened["Variable"], opened["Value"]) == ("CC_FULL_6001", "0")
    assert pbx.count("Setvar") == 2, "a number that is not full costs nothing"
