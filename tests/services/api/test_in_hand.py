"""Calls in hand over HTTP, on a real engine and a real record."""

import httpx
import pytest

from acd.vocabulary.leg_facts import LegParted
from tests.services.api.conftest import JournaledFloor
from tests.services.api.test_api import ONE, joined, ready
from tests.support.builders import arrived, at, call_id, caller_leg, hung_up, queued


async def test_a_call_in_hand_is_held_and_its_record_tells(
    client: httpx.AsyncClient, floor: JournaledFloor
) -> None:
    await ready(client)
    leg = joined(floor, 1)
    which = {"call_id": ONE}

    asked = await client.post("/agents/alice/hold", json=which)
    assert asked.status_code == 202
    assert asked.json()["asked"] == "hold_asked"
    assert (await client.post("/agents/alice/hold", json=which)).status_code == 409
    for one in (caller_leg(1), leg):
        floor.take(LegParted(at=at(15), leg_id=one, bridge_id="b"))
    assert (await client.get(f"/calls/{ONE}")).json()["state"] == "held"
    floor.take(hung_up(caller_leg(1), 23), hung_up(leg, 23))

    story = (await client.get(f"/calls/{ONE}/story")).json()
    assert story["conversations"][0]["hold_s"] == 8


async def test_a_click_that_comes_late_does_not_hit_another_call(
    client: httpx.AsyncClient, floor: JournaledFloor
) -> None:
    await ready(client)
    joined(floor, 1)
    floor.take(arrived(2, 20), queued(2, 20))

    waits = await client.post("/agents/alice/hold", json={"call_id": call_id(2)})
    gone = await client.post("/agents/alice/hold", json={"call_id": call_id(9)})

    assert (waits.status_code, waits.json()["type"]) == (409, "not_in_hand")
    assert gone.status_code == 404
    assert (await client.get(f"/calls/{ONE}")).json()["state"] == "talking"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"call_id": ONE, "number": "+4312345"},
        {"call_id": ONE, "exten": "900@trunk"},
        {"call_id": "100&PJSIP/trunk/900"},
    ],
)
async def test_a_transfer_can_name_no_number(
    client: httpx.AsyncClient, floor: JournaledFloor, body: dict[str, str]
) -> None:
    await ready(client)
    joined(floor, 1)

    answer = await client.post("/agents/alice/transfer", json=body)

    assert answer.status_code == 422


@pytest.mark.parametrize("queue", ["900", "cc-open", "q_bill,s,1)", "PJSIP/trunk"])
async def test_a_transfer_leads_to_queues_alone(
    client: httpx.AsyncClient, floor: JournaledFloor, queue: str
) -> None:
    await ready(client)
    joined(floor, 1)

    body = {"call_id": ONE, "queue_id": queue}
    answer = await client.post("/agents/alice/transfer", json=body)

    assert (answer.status_code, answer.json()["type"]) == (409, "unknown_queue")
