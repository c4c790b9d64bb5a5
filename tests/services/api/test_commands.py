import asyncio
import contextlib
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from acd.vocabulary.agent_facts import AgentReady, AgentSignedIn
from acd.vocabulary.facts import ALL_FACTS
from acd.vocabulary.flow_facts import CallAnswered, CallRouted, KeyPressed, StepEntered
from acd.vocabulary.ids import LegId
from acd.vocabulary.leg_facts import LegAnswered, LegJoined, LegRang
from services.live.board import Board
from services.runtime import instance
from services.runtime.commands.replay import offset
from services.runtime.errors import RuntimeProblem
from services.runtime.instance import Instance
from services.runtime.timeline import WORDS
from services.runtime.watching import watch
from tests.services.api.conftest import JournaledFloor, tieline
from tests.support.builders import (
    ALICE,
    FAULT,
    arrived,
    at,
    call_id,
    caller_leg,
    hung_up,
    queued,
)
from tests.support.postgres import free_port

ONE = call_id(1)


def one_call(floor: JournaledFloor) -> None:
    floor.take(
        AgentSignedIn(at=at(-2), agent_id=ALICE), AgentReady(at=at(-1), agent_id=ALICE)
    )
    floor.take(
        arrived(1, 0),
        CallAnswered(at=at(0.1), call_id=ONE),
        StepEntered(at=at(0.2), call_id=ONE, flow="main", step="menu", nth=1),
        KeyPressed(
            at=at(4.312),
            call_id=ONE,
            flow="main",
            step="menu",
            key="1",
            nth=2,
            is_choice=True,
        ),
        CallRouted(
            at=at(4.312),
            call_id=ONE,
            flow="main",
            step="fault",
            nth=3,
            queue_id=FAULT,
            skills=(),
        ),
        queued(1, 4.4),
    )
    offer = floor.engine.floor.calls[ONE].offer_id
    assert offer is not None
    leg = LegId(offer)
    floor.take(
        LegRang(at=at(4.6), leg_id=leg),
        LegAnswered(at=at(6), leg_id=leg),
        LegJoined(at=at(6), leg_id=caller_leg(1), bridge_id="b"),
        LegJoined(at=at(6), leg_id=leg, bridge_id="b"),
        hung_up(caller_leg(1), 16),
        hung_up(leg, 16.1),
    )


async def test_replay_tells_a_call_in_plain_words(
    running: Path, floor: JournaledFloor
) -> None:
    one_call(floor)

    shown = await tieline("replay", ONE[:8], "--data", str(running))

    assert shown.exit_code == 0, shown.output
    clock = re.compile(r"  \d\d:\d\d:\d\d\.\d{3}  ")
    lines = [clock.sub(" ", line) for line in shown.output.splitlines()]
    assert lines[0] == f"call {ONE}"
    assert lines[1] == "+00:00.000 caller     13800130001 dialled 6000"
    assert "+00:04.312 caller     pressed 1 at menu (stands for fault)" in lines
    assert "+00:04.312 flow       is for queue q_fault" in lines
    assert "+00:04.600 switch     agent alice is ringing" in lines
    assert "+00:06.000 engine     caller and agent alice hear each other" in lines
    assert "+00:16.000 engine     call closed: completed, ended by caller" in lines


async def test_replay_as_json_is_the_record_with_its_timeline(
    running: Path, floor: JournaledFloor
) -> None:
    one_call(floor)

    shown = await tieline("replay", ONE, "--json", "--data", str(running))

    told = json.loads(shown.output)
    assert told["call"]["call_id"] == ONE
    assert told["offers"][0]["outcome"] == "answered"
    first = told["timeline"][0]
    assert (first["source"], first["offset_s"]) == ("caller", 0.0)
    assert first["at"] == "2026-11-01T08:00:00.000000Z"


@pytest.mark.parametrize("name", ["ffffffff", "nonsense", "../health", ""])
async def test_replay_of_no_call_is_said_in_a_sentence(
    running: Path, name: str
) -> None:
    shown = await tieline("replay", name, "--data", str(running))

    assert isinstance(shown.exception, RuntimeProblem)
    assert shown.exception.exit_code == 1
    assert str(shown.exception).startswith(f"call {name!r}: ")
    assert "tieline calls lists them" in str(shown.exception)


async def test_calls_are_listed_as_a_table_and_as_json(
    running: Path, floor: JournaledFloor
) -> None:
    one_call(floor)
    floor.take(arrived(2, 30))

    table = await tieline("calls", "--data", str(running))
    told = await tieline("calls", "--json", "--data", str(running))
    one = await tieline(
        "calls", "--json", "--number", "13800130001", "--data", str(running)
    )
    since = "2026-11-01T08:00:20Z"
    late = await tieline("calls", "--json", "--since", since, "--data", str(running))
    none = await tieline("calls", "--number", "1", "--data", str(running))

    assert ONE[:8] in table.output
    assert "in flow" in table.output
    assert [call["call_id"] for call in json.loads(told.output)] == [call_id(2), ONE]
    assert [call["call_id"] for call in json.loads(one.output)] == [ONE]
    assert [call["call_id"] for call in json.loads(late.output)] == [call_id(2)]
    assert none.output == "no calls\n"


async def test_a_name_cannot_move_the_cursor(
    running: Path, floor: JournaledFloor
) -> None:
    floor.take(replace(arrived(1, 0), caller_name="\x1b[2J[red]王\n"))

    shown = await tieline("replay", ONE, "--data", str(running))

    assert "\x1b" not in shown.output
    assert "[2J[red]王" in shown.output


async def test_an_instance_that_gives_no_answer_is_said(tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    instance.write(
        Instance(
            data=tmp_path,
            sip="",
            http=address,
            ami="",
            agi="",
            database="",
            numbers=(),
            pids={"supervisor": os.getpid()},
        )
    )

    shown = await tieline("calls", "--data", str(tmp_path))
    nowhere = await tieline("calls", "--data", str(tmp_path / "none"))

    assert isinstance(shown.exception, RuntimeProblem)
    assert shown.exception.exit_code == 3
    assert str(shown.exception).startswith(f"{address}: gives no answer: ")
    assert isinstance(nowhere.exception, RuntimeProblem)
    assert nowhere.exception.exit_code == 3


async def test_a_since_that_is_none_is_refused(running: Path) -> None:
    shown = await tieline("calls", "--since", "yesterday", "--data", str(running))

    assert shown.exit_code == 2
    assert "should be as 15m, 2h, 1d or" in shown.output


def test_every_fact_has_its_words() -> None:
    assert set(WORDS) == set(ALL_FACTS)


def test_an_offset_goes_on_beyond_the_hour() -> None:
    assert offset(4.312) == "+00:04.312"
    assert offset(59.9996) == "+01:00.000"
    assert offset(3725.05) == "+62:05.050"


async def test_live_shows_what_is_so_now(running: Path, floor: JournaledFloor) -> None:
    floor.take(arrived(1, 0), queued(1, 1))

    told = await tieline("live", "--once", "--json", "--data", str(running))
    page = await tieline("live", "--once", "--data", str(running))

    board = json.loads(told.stdout)
    fault = next(q for q in board["queues"] if q["queue_id"] == FAULT)
    assert fault["waiting"] == 1
    assert [call["call_id"] for call in board["calls"]] == [ONE]
    assert [agent["state"] for agent in board["agents"]] == ["signed_out"] * 3
    assert ONE[:8] in page.stdout
    assert "queued" in page.stdout


async def test_live_tells_each_fact_as_it_comes(
    running: Path, floor: JournaledFloor
) -> None:
    spreading = asyncio.create_task(floor.fan_out.run())
    board = Board()
    async with contextlib.aclosing(watch(instance.find(running), board)) as messages:
        await anext(messages)
        floor.take(arrived(1, 0))
        told = await anext(messages)
    spreading.cancel()

    assert [fact["kind"] for fact in told["facts"]] == ["call_arrived"]
    assert board.calls[ONE]["state"] == "in_flow"
