"""The matrix of rights: each role, each path of the OpenAPI file, kinds of things."""

import itertools
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from acd.core.engine import Engine
from acd.policy import FloorPolicy
from acd.vocabulary.ids import AgentId, Place
from services.api import (
    call_sound,
    call_way,
    desk,
    estimates,
    flags,
    floor,
    flow_replaying,
    flows,
    page_phone,
    recordings,
)
from services.api.app import create_app
from services.api.call_reach import CallReach
from services.api.figures import Figures
from services.api.rights import ANYBODY, DECLARED
from services.live.fan_out import FanOut
from services.page_phone.keys import PageKeys
from services.people.register import sum_of
from services.people.rights import (
    RIGHTS,
    Asker,
    Grant,
    Kind,
    Right,
    Role,
    Scope,
    Thing,
    holds,
    may,
)
from services.runtime.live_view import LiveView
from services.store.journal import Journal
from services.store.people import PersonRow, RoleRow
from services.store.queries import CallsOf
from tests.services.api.conftest import JournaledFloor
from tests.support.builders import (
    ALICE,
    BILL,
    BOB,
    CAROL,
    FAULT,
    a_floor,
    arrived,
    at,
    call_id,
    queued,
    seen,
)
from tests.support.doors import AS_OPERATOR, doors_to

A_SWITCH = page_phone.SwitchSocket(url="ws://127.0.0.1:1/ws", secret="nobody's")
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
OWN, NEAR, FAR = ALICE, BOB, CAROL
"""Alice and Bob are in YJ/YZ, Carol in HL."""
SCOPES: Mapping[str, Scope] = {
    "whole": Scope(),
    "province": Scope(province="YJ"),
    "unit": Scope(province="YJ", unit="YZ"),
    "queue": Scope(queue_id="q_fault"),
}
AWAY = {401, 403}
GONE = "9999"
"""An agent who is not on the floor now."""


def askers() -> Iterator[tuple[str, Grant]]:
    for role, (name, scope) in itertools.product(Role, SCOPES.items()):
        yield f"{role.value}-{name}", Grant(role=role, scope=scope)


ASKERS = dict(askers())


def asker(name: str) -> Asker:
    is_agent = ASKERS[name].role is Role.AGENT
    return Asker(
        name=name,
        kind=Kind.PROGRAM,
        agent_id=OWN if is_agent else None,
        grants=(ASKERS[name],),
    )


def as_(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer token-of-{name}"}


def spread() -> FloorPolicy:
    policy = a_floor()
    far = replace(policy.agents[FAR], place=Place(province="HL", unit="HH"))
    return replace(policy, agents={**policy.agents, FAR: far})


class NoRecords:
    journaled_seq = 0
    shipped_seq = 0

    async def caught_up(self, within_s: float) -> bool:
        return True


@asynccontextmanager
async def running(
    folder: Path, *, is_open_here: bool = False, more: Iterable[PersonRow] = ()
) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """Give the app with every path that the engine serves; no database answers."""
    async with Journal(folder) as journal:
        shown = JournaledFloor(journal)
        shown.engine = Engine(spread())
        shown.fan_out = FanOut(LiveView(shown.engine.floor, now=shown.now))
        shown.take(seen(-100), arrived(1, 1), queued(1, 2, FAULT))
        shown.take(arrived(2, 3), queued(2, 4, BILL))
        doors = replace(doors_to(NOWHERE, now=shown.now), is_open_here=is_open_here)
        doors.register.begin([*rows(), *more])
        app = create_app(
            shown,
            fan_out=shown.fan_out,
            figures=Figures(),
            shipping=NoRecords(),
            database=NOWHERE,
            doors=doors,
        )
        nothing: Any = None
        estimates.install(app, nothing)
        floor.install(app, nothing)
        flows.install(app, nothing, database=NOWHERE)
        flags.install(app, nothing)
        flow_replaying.install(app, nothing)
        recordings.install(app, nothing)
        desk.install(app, desk.DeskPages(folder / "desk"))
        call_way.install(app, lambda: call_way.Names(numbers={}, queues={}))
        app.include_router(call_sound.router)
        page_phone.install(app, PageKeys(), A_SWITCH)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:16001"
        ) as client:
            yield app, client


def rows() -> Iterator[PersonRow]:
    for name, grant in ASKERS.items():
        scope = grant.scope
        yield PersonRow(
            name=name,
            kind=Kind.PROGRAM.value,
            shown_name=name,
            agent_id=asker(name).agent_id,
            password=None,
            token_sum=sum_of(f"token-of-{name}"),
            made_at=at(0),
            roles=(
                RoleRow(
                    role=grant.role.value,
                    province=scope.province,
                    unit=scope.unit,
                    queue_id=scope.queue_id,
                ),
            ),
        )


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with running(tmp_path) as (_, client):
        yield client


def operations(schema: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    return [
        (method, path, told.get(DECLARED))
        for path, methods in sorted(schema["paths"].items())
        for method, told in sorted(methods.items())
    ]


def address(path: str) -> str:
    given = {
        "agent_id": OWN,
        "queue_id": FAULT,
        "call_id": call_id(1),
        "offer_id": call_id(9),
        "viewer_id": "nobody",
        "number": "1",
        "name": "nobody",
    }
    return path.format(**given)


async def test_every_path_declares_its_right(client: httpx.AsyncClient) -> None:
    schema = (await client.get("/openapi.json")).json()

    found = operations(schema)

    assert len(found) > 45
    undeclared = [(method, path) for method, path, told in found if told is None]
    assert undeclared == [], "declare **needs(Right.…, of=…) on these paths"
    public = {path for _, path, told in found if told == ANYBODY}
    # Who lives, whether it serves, its figures for this machine, and the log-in itself.
    assert public == {"/health", "/readiness", "/metrics", "/session"}
    for method, path, told in found:
        if told != ANYBODY:
            assert {"401", "403"} <= set(schema["paths"][path][method]["responses"])
            assert Right(told["right"])
    known = schema["components"]["securitySchemes"]
    assert {kind["type"] for kind in known.values()} == {"apiKey", "http"}


def routes_of(router: Any) -> Iterator[Any]:
    """Give all routes, also of routers that were included."""
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        yield from [route] if inner is None else routes_of(inner)


async def test_what_the_openapi_file_leaves_out_is_the_desks_pages_and_the_socket(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as (app, client):
        hidden = {
            route.path: getattr(route, "openapi_extra", None)
            for route in routes_of(app.router)
            if not getattr(route, "include_in_schema", False)
        }
        page = await client.get("/desk/")

    # One socket needs a ticket, one a key, and the file itself tells of nobody.
    assert {path for path, extra in hidden.items() if extra is None} == {
        "/live",
        "/phone",
        "/openapi.json",
    }
    assert {path for path, extra in hidden.items() if extra is not None} == {
        "/desk",
        "/desk/{path:path}",
    }
    assert page.json()["type"] == "desk_not_built"


async def test_a_path_without_a_right_is_nobodys(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, client):

        @app.get("/forgotten")
        async def forgotten() -> str:
            return "secret"

        for headers in ({}, AS_OPERATOR):
            answer = await client.get("/forgotten", headers=headers)
            assert answer.status_code == 500
            assert answer.json()["type"] == "right_undeclared"


async def test_a_stranger_gets_nothing_but_what_is_anybodys(
    client: httpx.AsyncClient,
) -> None:
    schema = (await client.get("/openapi.json")).json()
    own = {"Origin": "http://127.0.0.1:16001"}
    strangers: tuple[dict[str, str], ...] = (
        # Over loopback, with nothing: as every program of before came.
        {},
        own,
        {"Authorization": "Bearer wrong"},
        own | {"Cookie": "tieline-16001=x"},
    )

    for method, path, told in operations(schema):
        if told == ANYBODY or told["of"] == "recording":
            continue
        for headers in strangers:
            answer = await client.request(
                method, address(path), headers=headers, json={}
            )
            assert answer.status_code == 401, (method, path, headers, answer.text)


@pytest.mark.parametrize("role", list(Role), ids=[role.value for role in Role])
async def test_a_role_may_what_the_table_says_and_nothing_else(
    client: httpx.AsyncClient, role: Role
) -> None:
    schema = (await client.get("/openapi.json")).json()

    for method, path, told in operations(schema):
        if told == ANYBODY or told["of"] == "recording":
            continue
        headers = as_(f"{role.value}-whole")
        answer = await client.request(method, address(path), headers=headers, json={})
        if told["of"] in {"centre", "reach"} and role is Role.AGENT:
            # A whole scope is nothing to an agent: their own work alone is theirs.
            assert answer.status_code == 403, (method, path, answer.text)
        elif Right(told["right"]) in RIGHTS[role]:
            assert answer.status_code not in AWAY, (method, path, answer.text)
        else:
            assert answer.status_code == 403, (method, path, answer.text)
            assert answer.json()["right"] == told["right"]


@pytest.mark.parametrize("name", sorted(ASKERS))
async def test_what_is_the_centres_is_for_a_whole_scope_alone(
    client: httpx.AsyncClient, name: str
) -> None:
    schema = (await client.get("/openapi.json")).json()

    for method, path, told in operations(schema):
        if told == ANYBODY or told["of"] != "centre":
            continue
        answer = await client.request(method, address(path), headers=as_(name), json={})
        allowed = may(asker(name), Right(told["right"]), Thing()).is_allowed
        assert (answer.status_code != 403) == allowed, (method, path, answer.text)


@pytest.mark.parametrize("name", sorted(ASKERS))
async def test_agents_are_those_in_reach_and_others_are_as_if_they_were_not(
    client: httpx.AsyncClient, name: str
) -> None:
    who, reached = asker(name), []
    for agent_id, province, unit in (
        (OWN, "YJ", "YZ"),
        (NEAR, "YJ", "YZ"),
        (FAR, "HL", "HH"),
    ):
        thing = Thing(place=Place(province=province, unit=unit), agent_id=agent_id)
        one = await client.get(f"/agents/{agent_id}", headers=as_(name))
        wish = await client.post(f"/agents/{agent_id}/sign-in", headers=as_(name))
        expected = {
            answer: 403
            if not holds(who, right)
            else (fine if may(who, right, thing).is_allowed else 404)
            for answer, right, fine in (
                (one, Right.SEE_AGENTS, 200),
                (wish, Right.ACT_AS_AGENT, 202),
            )
        }
        for answer, status in expected.items():
            assert answer.status_code == status, (agent_id, answer.text)
        if one.status_code == 200:
            reached.append(agent_id)

    listed = await client.get("/agents", headers=as_(name))
    if holds(who, Right.SEE_AGENTS):
        assert [told["agent_id"] for told in listed.json()] == reached
    else:
        assert listed.status_code == 403


@pytest.mark.parametrize("name", sorted(ASKERS))
async def test_calls_are_those_in_reach_and_numbers_for_whom_they_are(
    client: httpx.AsyncClient, name: str
) -> None:
    who = asker(name)
    calls = {
        call_id(n): Thing(place=Place(province="YJ", unit="YZ"), queue_id=queue)
        for n, queue in ((1, FAULT), (2, BILL))
    }

    listed = await client.get("/calls/live", headers=as_(name))

    if not holds(who, Right.SEE_CALLS):
        assert listed.status_code == 403
        return
    shown = {told["call_id"]: told for told in listed.json()}
    for its_id, thing in calls.items():
        one = await client.get(f"/calls/{its_id}", headers=as_(name))
        if may(who, Right.SEE_CALLS, thing).is_allowed:
            assert one.status_code == 200, one.text
            is_whole = not one.json()["caller_number"].startswith("***")
            assert is_whole == may(who, Right.SEE_NUMBERS, thing).is_allowed
            assert shown[its_id]["caller_number"] == one.json()["caller_number"]
        else:
            assert one.status_code == 404, one.text
            assert its_id not in shown


REACHES: tuple[tuple[dict[str, str], Thing], ...] = (
    ({}, Thing()),
    ({"province": "YJ"}, Thing(place=Place(province="YJ", unit="-"))),
    ({"province": "YJ", "unit": "YZ"}, Thing(place=Place(province="YJ", unit="YZ"))),
    ({"province": "HL"}, Thing(place=Place(province="HL", unit="-"))),
    (
        {"agent_id": OWN},
        Thing(place=Place(province="YJ", unit="YZ"), agent_id=AgentId(OWN)),
    ),
    (
        {"agent_id": FAR},
        Thing(place=Place(province="HL", unit="HH"), agent_id=AgentId(FAR)),
    ),
)


@pytest.mark.parametrize("name", sorted(ASKERS))
async def test_a_stream_shows_no_more_than_who_watches_may_see(
    client: httpx.AsyncClient, name: str
) -> None:
    who = asker(name)

    for reach, thing in REACHES:
        for numbers in (False, True):
            wanted = reach | ({"shows_numbers": True} if numbers else {})
            answer = await client.post("/live/tickets", headers=as_(name), json=wanted)
            allowed = may(who, Right.WATCH, thing).is_allowed and (
                not numbers or may(who, Right.SEE_NUMBERS, thing).is_allowed
            )
            status = 201 if allowed else 403
            assert answer.status_code == status, (wanted, answer.text)


async def test_who_may_not_see_numbers_cannot_look_for_them(
    client: httpx.AsyncClient,
) -> None:
    asked = {"caller_number": "13800138000"}

    answer = await client.get("/calls", headers=as_("operations-whole"), params=asked)

    assert answer.status_code == 403
    assert answer.json()["right"] == Right.SEE_NUMBERS.value


@pytest.mark.parametrize(
    ("name", "grants", "status"),
    [
        ("admin-whole", [{"role": "admin"}], 503),
        ("admin-province", [{"role": "supervisor", "province": "YJ"}], 503),
        ("admin-province", [{"role": "supervisor", "province": "HL"}], 403),
        ("admin-province", [{"role": "supervisor"}], 403),
        ("admin-province", [], 403),
        ("admin-unit", [{"role": "agent", "province": "YJ"}], 403),
        ("admin-queue", [{"role": "agent", "queue_id": "q_fault"}], 503),
        ("supervisor-whole", [{"role": "agent"}], 403),
    ],
)
async def test_nobody_gives_a_role_beyond_their_own_reach(
    client: httpx.AsyncClient, name: str, grants: list[dict[str, str]], status: int
) -> None:
    body = {"name": "dave", "roles": grants}

    answer = await client.post("/people", headers=as_(name), json=body)

    # With the right it comes as far as the database, which is away.
    assert answer.status_code == status, answer.text


async def test_nobody_makes_themselves_an_agent_of_elsewhere(
    client: httpx.AsyncClient,
) -> None:
    role = {"role": "agent", "province": "YJ"}
    statuses = {}
    for agent_id in (NEAR, FAR, GONE):
        body = {"name": "dave", "agent_id": agent_id, "roles": [role]}
        answer = await client.post("/people", headers=as_("admin-province"), json=body)
        statuses[agent_id] = answer.status_code

    assert statuses == {NEAR: 503, FAR: 403, GONE: 403}


async def test_nobody_takes_over_an_agent_of_elsewhere(tmp_path: Path) -> None:
    far = replace(next(rows()), name="carol", agent_id=FAR, token_sum=None)
    near = replace(far, name="bob", agent_id=NEAR)
    role = RoleRow(role="agent", province="YJ", unit=None, queue_id=None)
    more = [replace(one, roles=(role,)) for one in (far, near)]
    statuses = {}
    async with running(tmp_path, more=more) as (_, client):
        for name in ("bob", "carol"):
            path, body = f"/people/{name}/password", {"password": None}
            answer = await client.put(path, headers=as_("admin-province"), json=body)
            statuses[name] = answer.status_code

    assert statuses == {"bob": 503, "carol": 403}


def test_a_number_is_looked_for_where_it_may_be_seen_alone() -> None:
    nothing: Any = None
    grants = (
        Grant(role=Role.OPERATIONS, scope=Scope()),
        Grant(role=Role.SUPERVISOR, scope=Scope(province="YJ")),
    )
    both = Asker(name="erin", kind=Kind.PERSON, grants=grants)
    reach = CallReach(nothing, both)

    assert CallsOf() in reach.bounds()
    assert reach.bounds(Right.SEE_NUMBERS) == (CallsOf(province="YJ"),)


async def test_nobody_takes_over_who_has_more_than_they(
    client: httpx.AsyncClient,
) -> None:
    for what, body in (
        ("password", {"password": None}),
        ("roles", {"roles": [{"role": "agent", "province": "YJ"}]}),
    ):
        path = f"/people/admin-whole/{what}"
        answer = await client.put(path, headers=as_("admin-province"), json=body)
        assert answer.status_code == 403, answer.text
    path = "/people/admin-whole/disable"
    answer = await client.post(path, headers=as_("admin-province"))
    assert answer.status_code == 403
    listed = (await client.get("/people", headers=as_("admin-province"))).json()
    assert "admin-whole" not in {told["name"] for told in listed}
    assert "token" not in json.dumps(listed)


async def test_from_another_machine_only_https_is_answered(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, _):
        app.state.names = ("hotline.example",)
        transport = httpx.ASGITransport(app, client=("192.0.2.7", 50_000))
        async with httpx.AsyncClient(transport=transport) as far:
            answers = {
                scheme: await far.get(
                    f"{scheme}://hotline.example/agents", headers=AS_OPERATOR
                )
                for scheme in ("http", "https")
            }

    assert answers["http"].status_code == 403
    assert answers["http"].json()["type"] == "https_needed"
    assert answers["https"].status_code == 200


async def test_a_laptop_may_be_open_to_its_own_programs(tmp_path: Path) -> None:
    async with running(tmp_path, is_open_here=True) as (_, client):
        schema = (await client.get("/openapi.json")).json()
        for method, path, told in operations(schema):
            if told == ANYBODY or told["of"] in {"recording", "self"}:
                continue
            answer = await client.request(method, address(path), json={})
            assert answer.status_code not in AWAY, (method, path, answer.text)
        # Who is it stays told: the operator, and no person.
        told = (await client.get("/session")).json()
        assert (told["name"], told["kind"]) == ("operator", "operator")


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic eDp5"},
        {"Cookie": "tieline-16001=x"},
        {"Cookie": "other=x"},
        {"Origin": "http://127.0.0.1:16001"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Forwarded": "for=192.0.2.7"},
        {"Via": "1.1 proxy"},
        {"X-Forwarded-For": "192.0.2.7"},
        {"X-Forwarded-Host": "hotline.example"},
        {"X-Real-IP": "192.0.2.7"},
    ],
    ids=lambda headers: "-".join(*headers.items()),
)
async def test_an_open_laptop_is_shut_to_browsers_proxies_and_wrong_tokens(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with running(tmp_path, is_open_here=True) as (_, client):
        answer = await client.get("/agents", headers=headers)

    assert answer.status_code == 401


async def test_an_open_laptop_is_shut_to_other_machines(tmp_path: Path) -> None:
    async with running(tmp_path, is_open_here=True) as (app, _):
        app.state.names = ("hotline.example",)
        transport = httpx.ASGITransport(app, client=("192.0.2.7", 50_000))
        async with httpx.AsyncClient(transport=transport) as far:
            answer = await far.get("https://hotline.example/agents")

    assert answer.status_code == 401
