"""How a caller came to an agent, told to who takes the call and to no other."""

import httpx
import pytest
from fastapi import FastAPI

from acd.vocabulary.flow_facts import KeyPressed, StepEntered
from services.api import call_way
from services.api.call_way import Names
from tests.services.api.conftest import JournaledFloor
from tests.support.builders import FAULT, arrived, at, call_id, queued

NAMES = Names(numbers={"6000": "Hotline"}, queues={FAULT: "Faults"})


@pytest.fixture
def with_ways(client: httpx.AsyncClient) -> httpx.AsyncClient:
    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    assert isinstance(transport.app, FastAPI)
    call_way.install(transport.app, lambda: NAMES)
    return client


def entered(step: str, nth: int) -> StepEntered:
    return StepEntered(at=at(nth), call_id=call_id(1), flow="main", step=step, nth=nth)


async def test_a_way_has_its_steps_and_names_and_no_key(
    with_ways: httpx.AsyncClient, floor: JournaledFloor
) -> None:
    floor.take(
        arrived(1, 0),
        entered("menu", 1),
        KeyPressed(
            at=at(2),
            call_id=call_id(1),
            flow="main",
            step="menu",
            key="7",
            nth=2,
            is_choice=True,
        ),
        entered("to_faults", 3),
        queued(1, 4),
    )

    answer = await with_ways.get(f"/calls/{call_id(1)}/way")

    told = answer.json()
    assert (told["number_name"], told["queue_name"]) == ("Hotline", "Faults")
    assert [it["step"] for it in told["steps"]] == ["menu", "to_faults"]
    assert told["is_complete"]
    assert "7" not in {value for it in told["steps"] for value in it.values()}


async def test_of_a_call_that_never_was_nothing_is_told(
    with_ways: httpx.AsyncClient,
) -> None:
    answer = await with_ways.get(f"/calls/{call_id(7)}/way")

    assert answer.status_code == 404
