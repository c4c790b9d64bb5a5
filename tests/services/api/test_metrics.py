"""What Prometheus reads: by its own parser, and without anybody's name in it."""

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.api.figures import Figures
from tests.services.api.conftest import JournaledFloor
from tests.services.api.test_api import joined, ready
from tests.support.builders import arrived, caller_leg, hung_up, queued

NUMBER = "13800130001"


async def read(client: httpx.AsyncClient) -> dict[str, dict[tuple[str, ...], float]]:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        sample.name: {
            tuple(other.labels.values()): other.value
            for other in family.samples
            if other.name == sample.name
        }
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_figures_tell_calls_queues_and_agents_as_they_are(
    client: httpx.AsyncClient, floor: JournaledFloor
) -> None:
    await ready(client)
    joined(floor, 1)
    floor.take(arrived(2, 20), queued(2, 21))

    told = await read(client)

    assert told["tieline_calls"][("talking",)] == 1
    assert told["tieline_calls"][("queued",)] == 1
    assert told["tieline_calls"][("in_flow",)] == 0
    assert told["tieline_agents"][("talking",)] == 1
    assert told["tieline_queue_waiting"][("q_fault",)] == 1
    assert told["tieline_queue_oldest_wait_seconds"][("q_bill",)] == 0


async def test_figures_count_what_became_of_calls_and_offers(
    client: httpx.AsyncClient, floor: JournaledFloor
) -> None:
    await ready(client)
    joined(floor, 1)
    floor.take(hung_up(caller_leg(1), 30))
    floor.take(arrived(2, 40), hung_up(caller_leg(2), 41))
    floor.fan_out._spread(100)

    told = await read(client)

    assert told["tieline_calls_arrived_total"] == {("YJ",): 2}
    assert told["tieline_calls_closed_total"] == {
        ("YJ", "completed"): 1,
        ("YJ", "abandoned_in_flow"): 1,
    }
    assert told["tieline_offers_started_total"] == {(): 1}
    assert told["tieline_offers_ended_total"] == {("answered",): 1}


async def test_figures_tell_the_process(client: httpx.AsyncClient) -> None:
    told = await read(client)

    assert told["process_resident_memory_bytes"][()] > 1 << 20
    assert told["process_open_fds"][()] > 3


async def test_no_figure_tells_who_called(
    client: httpx.AsyncClient, floor: JournaledFloor
) -> None:
    await ready(client)
    joined(floor, 1)
    floor.fan_out._spread(100)

    text = (await client.get("/metrics")).text

    agent = floor.engine.floor.agents
    assert NUMBER not in text
    assert "sipp" not in text
    assert not any(
        who.profile.name in text or id_ in text for id_, who in agent.items()
    )


async def test_figures_are_for_this_machine_alone(client: httpx.AsyncClient) -> None:
    app = client._transport.app  # type: ignore[attr-defined]
    elsewhere = httpx.ASGITransport(app, client=("192.0.2.7", 5000))

    async with httpx.AsyncClient(
        transport=elsewhere, base_url="http://127.0.0.1:16001"
    ) as far:
        answer = await far.get("/metrics")

    assert answer.status_code == 403
    assert answer.json()["type"] == "foreign_reader"


def test_a_figure_has_a_name_of_its_own() -> None:
    figures = Figures()
    figures.gauge("tieline_moons", "Moons.", lambda: 1)

    with pytest.raises(ValueError, match="there is one of that name already"):
        figures.counter("tieline_moons", "Moons.", lambda: 1)
