"""``tieline simulate --from-records`` on the records of an instance."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

import asyncpg
import pytest

from acd.vocabulary.agent_facts import AgentReady, AgentSignedIn
from services.runtime import published
from services.store.versions import sum_of
from tests.services.api.conftest import JournaledFloor, tieline
from tests.support.builders import ALICE, BOB, arrived, at, caller_leg, hung_up, queued

FLOOR = """\
province: YJ
numbers: {6000: {name: faults, flow: main}}
skills: {fault: faults, bill: bills}
choice: {rule: longest_idle}
queues:
  q_fault: {name: faults, skills: [fault]}
  q_bill: {name: bills, skills: [bill]}
agents:
  alice: {name: Alice, skills: [fault]}
  bob: {name: Bob, skills: [fault, bill]}
"""
LAST = "SELECT max(seq) FROM facts"
FLOW = """\
name: main
language: zh
entry: desk
person: desk
steps: {desk: {queue: q_fault}}
"""


def two_calls(floor: JournaledFloor) -> None:
    for n, who in enumerate((ALICE, BOB)):
        floor.take(AgentSignedIn(at=at(-9 + n), agent_id=who))
        floor.take(AgentReady(at=at(-9 + n), agent_id=who))
    for n in (1, 2):
        floor.take(arrived(n, 2 * n), queued(n, 2 * n + 1))
    floor.take(hung_up(caller_leg(1), 9), hung_up(caller_leg(2), 10))


async def on_record(floor: JournaledFloor) -> None:
    """Wait until the last fact is shipped."""
    connection = await asyncpg.connect(floor.database_url)
    try:
        async with asyncio.timeout(30):
            last_seq = floor.journal.last_seq
            # A database has no event for it.
            while last_seq != await connection.fetchval(LAST):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


def publish(data: Path, text: str) -> None:
    version = published.Published(
        number=1, sum=sum_of(text), file_sum=sum_of(text), text=text
    )
    path = data / published.FILE
    path.parent.mkdir()
    path.write_text(json.dumps(asdict(version)), encoding="utf-8")


@pytest.mark.parametrize(("has_alice", "same"), [(True, 2), (False, 0)])
async def test_a_day_is_lived_again_with_the_floor_of_the_instance_it_is_of(
    running: Path,
    floor: JournaledFloor,
    monkeypatch: pytest.MonkeyPatch,
    *,
    has_alice: bool,
    same: int,
) -> None:
    flows = running / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text(FLOW, encoding="utf-8")
    monkeypatch.setenv("TIELINE_FLOWS", str(flows))
    two_calls(floor)
    await on_record(floor)
    publish(running, FLOOR if has_alice else FLOOR.replace("  alice", "  anna"))

    words = ("simulate", "--from-records", f"{at(0):%Y-%m-%d}", "--json")
    result = await tieline(*words, "--data", str(running))

    assert result.exit_code == 0, result.output
    [decisions] = json.loads(result.stdout)["decisions"].values()
    assert (decisions["recorded"], decisions["same"]) == (2, same)
