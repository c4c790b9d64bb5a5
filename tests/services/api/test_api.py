import uuid
from collections.abc import AsyncIterator

import httpx
import pytest

from acd.vocabulary.ids import LegId
from acd.vocabulary.leg_facts import LegAnswered, LegEnding, LegJoined
from services.api.gate import MOST_BODY_BYTES
from tests.services.api.conftest import JournaledFloor
from tests.support.builders import arrived, at, call_id, caller_leg, hung_up, queued

ONE = call_id(1)


async def ready(client: httpx.AsyncClient, agent: str = "alice") -> None:
    assert (await client.post(f"/agents/{agent}/sign-in")).status_code == 202
    assert (await client.post(f"/agents/{agent}/ready")).status_code == 202


def joined(floor: JournaledFloor, n: int) -> LegId:
    """Bring a call to the agent who is ready, and join both."""
    floor.take(arrived(n, 10), queued(n, 11))
    offer = floor.engine.floor.calls[call_id(n)].offer_id
    assert offer is not None
    leg = LegId(offer)
    floor.take(
        LegAnswered(at=at(13), leg_id=leg),
        LegJoined(at=at(13), leg_id=caller_leg(n), bridge_id="b"),
        LegJoined(at=at(13), leg_id=leg, bridge_id="b"),
    )
    return leg


async def test_an_agent_signs_in_and_out_by_wishes(client: httpx.AsyncClient) -> None:
    said = []
    for wish in ("sign-in", "ready", "sign-out"):
        answer = await client.post(f"/agents/alice/{wish}")
        assert answer.status_code == 202
        said.append(answer.json()["state"])

    assert said == ["not_ready", "ready", "signed_out"]


async def test_an_agent_who_wants_no_work_says_why(client: httpx.AsyncClient) -> None:
    await ready(client)

    answer = await client.post("/agents/alice/not-ready", json={"reason": "lunch"})

    assert answer.json()["state"] == "not_ready"
    assert (await client.get("/agents/alice")).json()["reason"] == "lunch"


async def test_all_agents_are_listed_with_what_they_can_do(
    client: httpx.AsyncClient,
) -> None:
    agents = (await client.get("/agents")).json()

    bob = next(agent for agent in agents if agent["agent_id"] == "bob")
    assert bob == {
        "agent_id": "bob",
        "name": "Bob",
        "state": "signed_out",
        "reason": "",
        "device_id": "dev-bob",
        "skills": ["bill", "fault"],
        "call_id": None,
        "offer_id": None,
        "since": "2026-11-01T07:58:20Z",
    }


async def test_a_wish_that_does_not_fit_is_a_conflict_in_a_sentence(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/agents/alice/ready")

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["type"] == "illegal_transition"
    assert told["status"] == 409
    assert "which has no place for AgentReady; it takes" in told["detail"]


@pytest.mark.parametrize("path", ["/agents/zoe", "/agents/zoe/sign-in"])
async def test_an_agent_who_is_not_on_the_floor_is_not_found(
    client: httpx.AsyncClient, path: str
) -> None:
    method = "POST" if path.endswith("in") else "GET"

    answer = await client.request(method, path)

    assert answer.status_code == 404
    assert answer.json() == {
        "type": "unknown_agent",
        "title": "Not Found",
        "status": 404,
        "detail": "agent 'zoe': not on the floor; the floor file lists who is",
        "agent_id": "zoe",
    }


@pytest.mark.parametrize(
    "body",
    [{}, {"reason": ""}, {"reason": "Lunch!"}, {"reason": "a", "b": 1}, [], None],
)
async def test_a_reason_that_is_none_is_refused(
    client: httpx.AsyncClient, body: object
) -> None:
    answer = await client.post("/agents/alice/not-ready", json=body)

    assert answer.status_code == 422
    assert answer.json()["type"] == "invalid_request"
    assert answer.json()["problems"]


async def test_a_call_is_shown_live_then_on_record_without_a_gap(
    client: httpx.AsyncClient, floor: JournaledFloor
) -> None:
    await ready(client)
    leg = joined(floor, 1)

    live = (await client.get(f"/calls/{ONE}")).json()
    listed = (await client.get("/calls/live")).json()
    floor.take(hung_up(caller_leg(1), 23), hung_up(leg, 23))
    ended = (await client.get(f"/calls/{ONE}")).json()

    assert (live["state"], live["agent_id"]) == ("talking", "alice")
    assert [call["call_id"] for call in listed] == [ONE]
    assert (ended["state"], ended["close_reason"]) == ("closed", "completed")
    assert (ended["waited_s"], ended["talked_s"]) == (2.0, 10.0)
    assert ended["arrived_at"] == live["arrived_at"]
    assert (await client.get("/calls/live")).json() == []


async def test_calls_are_found_live_and_on_record_by_the_same_filters(
    client: httpx.AsyncClient, floor: JournaledFloor
) -> None:
    floor.take(arrived(1, 0), hung_up(caller_leg(1), 4, LegEnding.HUNG_UP))
    assert (await client.get(f"/calls/{ONE}")).json()["state"] == "closed"
    floor.take(arrived(2, 50))

    async def found(**wanted: object) -> list[str]:
        answer = await client.get("/calls", params=wanted)  # type: ignore[arg-type]
        return [call["call_id"] for call in answer.json()]

    assert await found() == [call_id(2), ONE]
    assert await found(limit=1) == [call_id(2)]
    assert await found(sip_call_id="1@sipp") == [ONE]
    assert await found(caller_number="13800130002") == [call_id(2)]
    assert await found(since="2026-11-01T08:00:30Z") == [call_id(2)]
    assert await found(since="2026-11-01T08:00:30") == [call_id(2)]
    assert await found(sip_call_id="' OR 1=1 --") == []


async def test_a_call_that_never_was_is_not_found(client: httpx.AsyncClient) -> None:
    for path in ("", "/story"):
        for name in (str(uuid.uuid4()), "nonsense", "%00"):
            answer = await client.get(f"/calls/{name}{path}")

            assert answer.status_code == 404
            assert answer.json()["type"] == "unknown_record"


async def test_a_call_is_told_whole_also_by_the_beginning_of_its_id(
    client: httpx.AsyncClient, floor: JournaledFloor
) -> None:
    await ready(client)
    leg = joined(floor, 1)
    floor.take(hung_up(caller_leg(1), 23), hung_up(leg, 23))

    whole = (await client.get(f"/calls/{ONE}/story")).json()
    short = (await client.get(f"/calls/{ONE[:8]}/story")).json()

    assert whole == short
    assert whole["call"]["close_reason"] == "completed"
    assert [offer["outcome"] for offer in whole["offers"]] == ["answered"]
    assert "call_closed" in [fact["kind"] for fact in whole["facts"]]
    caller = [it for it in whole["segments"] if it["kind"] != "wrap_up"]
    [talk] = [it for it in caller if it["kind"] == "talk"]
    assert (talk["agent_id"], talk["leg_id"]) == ("alice", leg)
    assert caller[0]["started_at"] == whole["call"]["arrived_at"]
    assert caller[-1]["ended_at"] == whole["call"]["ended_at"]


async def test_a_disposition_is_kept_with_the_call(
    client: httpx.AsyncClient, floor: JournaledFloor
) -> None:
    await ready(client)
    leg = joined(floor, 1)
    floor.take(hung_up(caller_leg(1), 23), hung_up(leg, 23))

    path = f"/calls/{ONE}/disposition"
    answer = await client.post(path, json={"disposition": "fault"})

    assert answer.status_code == 202
    story = (await client.get(f"/calls/{ONE}/story")).json()
    assert story["call"]["disposition"] == "fault"


async def test_a_call_that_no_agent_had_cannot_be_disposed(
    client: httpx.AsyncClient, floor: JournaledFloor
) -> None:
    floor.take(arrived(1, 0))

    path = f"/calls/{ONE}/disposition"
    answer = await client.post(path, json={"disposition": "fault"})

    assert answer.status_code == 409
    assert answer.json()["type"] == "not_with_an_agent"


async def test_health_answers_and_readiness_names_the_part_that_fails(
    client: httpx.AsyncClient, floor: JournaledFloor
) -> None:
    told = (await client.get("/health")).json()
    assert told["status"] == "alive"
    assert 0 <= told["shipped_seq"] <= told["journaled_seq"]
    assert (await client.get("/readiness")).status_code == 200

    floor.database = "connection refused"
    answer = await client.get("/readiness")

    assert answer.status_code == 503
    assert answer.json()["parts"] == [
        {
            "part": "database",
            "is_ready": False,
            "sentence": "database: connection refused",
        }
    ]


async def test_health_lists_the_calls_that_live_by_their_ids(
    client: httpx.AsyncClient, floor: JournaledFloor
) -> None:
    floor.take(arrived(1, 0))

    assert (await client.get("/health/calls")).json() == {"call_ids": [ONE]}


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil", "10.0.0.1", ""]
)
async def test_a_name_that_is_not_this_machines_is_refused(
    client: httpx.AsyncClient, host: str
) -> None:
    answer = await client.post("/agents/alice/sign-in", headers={"host": host})

    assert answer.status_code == 403
    assert answer.json()["type"] == "foreign_host"
    assert (await client.get("/agents/alice")).json()["state"] == "signed_out"


@pytest.mark.parametrize("host", ["localhost:16001", "127.0.0.1", "[::1]:16001"])
async def test_names_of_this_machine_are_answered(
    client: httpx.AsyncClient, host: str
) -> None:
    answer = await client.get("/health", headers={"host": host})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:9999"]
)
async def test_a_page_of_elsewhere_is_refused(
    client: httpx.AsyncClient, origin: str
) -> None:
    answer = await client.post("/agents/alice/sign-in", headers={"origin": origin})

    assert answer.status_code == 403
    assert answer.json()["type"] == "foreign_origin"
    assert "access-control-allow-origin" not in answer.headers


async def test_our_own_page_is_answered(client: httpx.AsyncClient) -> None:
    own = {"origin": "http://127.0.0.1:16001"}

    assert (await client.get("/health", headers=own)).status_code == 200


async def test_a_body_that_is_too_large_is_refused_told_or_not(
    client: httpx.AsyncClient,
) -> None:
    body = b"x" * (MOST_BODY_BYTES + 1)

    async def dribble() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield body[: MOST_BODY_BYTES // 2]

    for content in (body, dribble()):
        answer = await client.post(
            "/agents/alice/not-ready",
            content=content,
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 413
        assert answer.json()["detail"] == "body: at most 65536 bytes are taken"


async def test_what_is_not_there_is_a_problem_too(client: httpx.AsyncClient) -> None:
    assert (await client.get("/nowhere")).json()["type"] == "not_found"
    assert (await client.put("/agents")).json()["type"] == "method_not_allowed"


async def test_openapi_tells_of_every_path_with_examples(
    client: httpx.AsyncClient,
) -> None:
    schema = (await client.get("/openapi.json")).json()

    assert {"/agents/{agent_id}/ready", "/calls/{call_id}/story", "/readiness"} <= set(
        schema["paths"]
    )
    assert schema["components"]["schemas"]["AgentOut"]["example"]["agent_id"] == "1001"
