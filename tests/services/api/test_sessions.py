"""Logging in over HTTP: the cookie, who may send it, and how it ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message
from websockets.asyncio.server import ServerConnection, serve

from acd.core.engine import Engine
from services.api import page_phone
from services.api.app import create_app
from services.api.figures import Figures
from services.live.errors import TicketRefused
from services.live.fan_out import FanOut
from services.live.viewers import Viewers
from services.page_phone.keys import PageKeys
from services.runtime.live_view import LiveView
from services.store.audit import Act, latest
from services.store.journal import Journal
from services.store.migrate import upgrade
from tests.services.api.conftest import JournaledFloor
from tests.services.api.test_rights import A_SWITCH, NoRecords
from tests.support.builders import ALICE, BOB, a_floor
from tests.support.doors import AS_OPERATOR, doors_to
from tests.support.postgres import fresh_database

HERE = "http://127.0.0.1:16001"
OWN_PAGE = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
PASSWORD = "correct horse battery"
COOKIE = "tieline-16001"


@dataclass
class Edge:
    """The HTTP edge with people in its tables, and one browser."""

    app: FastAPI
    browser: httpx.AsyncClient
    database: str
    phones: page_phone.PhoneSockets

    async def audit(self) -> list[Mapping[str, Any]]:
        return [dict(row) for row in await latest(self.database, 100)]

    async def add(self, name: str, *roles: dict[str, str], **told: str) -> str:
        """Have the operator add somebody; return the secret that was made."""
        body = {"name": name, "roles": list(roles), **told}
        async with self.other() as operator:
            answer = await operator.post("/people", json=body, headers=AS_OPERATOR)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["secret"])

    async def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        said = {"name": name, "password": password}
        return await self.browser.post("/session", json=said, headers=OWN_PAGE)

    def other(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url=HERE)


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Edge]:
    async with fresh_database() as url, Journal(tmp_path) as journal:
        await upgrade(url)
        floor = JournaledFloor(journal)
        floor.engine = Engine(a_floor())
        floor.fan_out = FanOut(LiveView(floor.engine.floor, now=floor.now))
        doors = doors_to(url, now=floor.now)
        await doors.log_ins.read()
        app = create_app(
            floor,
            fan_out=floor.fan_out,
            figures=Figures(),
            shipping=NoRecords(),
            database=url,
            doors=doors,
        )
        phones = page_phone.install(app, PageKeys(), A_SWITCH)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as browser:
            yield Edge(app, browser, url, phones)
        await doors.notes.tell_all()


async def test_a_log_in_is_a_cookie_that_no_page_reads_and_no_site_gets(
    edge: Edge,
) -> None:
    await edge.add("carol", {"role": "supervisor"}, password=PASSWORD)

    begun = await edge.log_in("carol")

    assert begun.status_code == 201, begun.text
    name, _, attributes = begun.headers["set-cookie"].partition("=")
    assert name == COOKIE
    told = {one.strip().lower() for one in attributes.split(";")[1:]}
    assert told == {"httponly", "path=/", "samesite=strict"}
    assert edge.browser.cookies[COOKIE] not in begun.text
    seen = await edge.browser.get("/agents")
    assert seen.status_code == 200


async def test_over_https_the_cookie_is_of_that_host_and_https_alone(
    edge: Edge,
) -> None:
    await edge.add("carol", {"role": "supervisor"}, password=PASSWORD)
    said = {"name": "carol", "password": PASSWORD}
    transport = httpx.ASGITransport(edge.app)
    base = "https://127.0.0.1:16001"
    async with httpx.AsyncClient(transport=transport, base_url=base) as secret:
        begun = await secret.post("/session", json=said, headers={"Origin": base})

    cookie = begun.headers["set-cookie"]
    assert cookie.startswith(f"__Host-{COOKIE}=")
    assert "; secure" in cookie.lower()


async def test_a_wish_by_a_session_comes_from_our_own_page_or_not_at_all(
    edge: Edge,
) -> None:
    await edge.add("alice", {"role": "agent"}, agent_id=ALICE, password=PASSWORD)
    await edge.log_in("alice")
    wish = f"/agents/{ALICE}/sign-in"

    for headers, kind in (
        ({}, "foreign_page"),
        (OWN_PAGE | {"Sec-Fetch-Site": "cross-site"}, "foreign_page"),
        # Another port of this machine is the same site to a browser.
        (OWN_PAGE | {"Sec-Fetch-Site": "same-site"}, "foreign_page"),
        ({"Origin": "http://127.0.0.1:9"}, "foreign_origin"),
    ):
        answer = await edge.browser.post(wish, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (403, kind), headers
    state = (await edge.browser.get(f"/agents/{ALICE}")).json()["state"]
    assert state == "signed_out"
    assert (await edge.browser.post(wish, headers=OWN_PAGE)).status_code == 202


async def test_an_agent_acts_for_themselves_and_for_nobody_else(edge: Edge) -> None:
    await edge.add("alice", {"role": "agent"}, agent_id=ALICE, password=PASSWORD)
    await edge.log_in("alice")

    own = await edge.browser.post(f"/agents/{ALICE}/sign-in", headers=OWN_PAGE)
    others = await edge.browser.post(f"/agents/{BOB}/sign-in", headers=OWN_PAGE)
    listed = (await edge.browser.get("/agents")).json()

    assert (own.status_code, others.status_code) == (202, 404)
    assert [one["agent_id"] for one in listed] == [ALICE]


async def test_the_telephone_in_a_page_is_its_own_agents_until_log_out(
    edge: Edge,
) -> None:
    await edge.add("alice", {"role": "agent"}, agent_id=ALICE, password=PASSWORD)
    await edge.add("carol", {"role": "supervisor"}, password=PASSWORD)
    keys: PageKeys = edge.app.state.page_keys
    phone = f"/agents/{ALICE}/phone"
    await edge.log_in("carol")
    others = await edge.browser.post(phone, headers=OWN_PAGE)
    program = await edge.browser.post(phone, headers=AS_OPERATOR)
    await edge.log_in("alice")
    early = await edge.browser.post(phone, headers=OWN_PAGE)
    await edge.browser.post(f"/agents/{ALICE}/sign-in", headers=OWN_PAGE)

    made = await edge.browser.post(phone, headers=OWN_PAGE)

    assert (others.status_code, others.json()["type"]) == (403, "no_right")
    assert (program.status_code, program.json()["type"]) == (409, "not_for_programs")
    assert (early.status_code, early.json()["type"]) == (409, "signed_out")
    assert made.status_code == 201
    assert made.json()["user"] == f"web-{ALICE}"
    assert len(keys) == 1
    assert await socket_of(edge, edge.browser.cookies[COOKIE]) == "no switch"
    assert await socket_of(edge, "another") == "no key"
    cookie = edge.browser.cookies[COOKIE]
    await edge.browser.delete("/session", headers=OWN_PAGE)
    assert len(keys) == 0
    assert await socket_of(edge, cookie) == "no key"


async def test_an_agent_whose_page_never_came_or_stays_away_is_rung_no_more(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_phone, "GONE_S", 0.05)
    monkeypatch.setattr(page_phone, "LOOK_S", 0.05)
    await edge.add("alice", {"role": "agent"}, agent_id=ALICE, password=PASSWORD)
    await edge.log_in("alice")
    own, wish = f"/agents/{ALICE}", edge.browser.post
    await wish(f"{own}/sign-in", headers=OWN_PAGE)
    chosen = await wish(f"{own}/device", json={"is_on_page": True}, headers=OWN_PAGE)
    await wish(f"{own}/ready", headers=OWN_PAGE)

    watching = asyncio.create_task(edge.phones.watch())

    assert chosen.json()["device_id"] == f"web-{ALICE}"
    async with asyncio.timeout(20):
        while (await edge.browser.get(own)).json()["state"] == "ready":  # noqa: ASYNC110 - another task brings it about
            await asyncio.sleep(0.05)
    told = (await edge.browser.get(own)).json()
    assert (told["state"], told["reason"]) == ("not_ready", "phone_gone")
    watching.cancel()


async def test_who_has_a_socket_in_the_page_or_another_telephone_stays_ready(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_phone, "GONE_S", 0.0)
    monkeypatch.setattr(page_phone, "LOOK_S", 0.01)
    await edge.add("alice", {"role": "agent"}, agent_id=ALICE, password=PASSWORD)
    await edge.log_in("alice")
    own, wish = f"/agents/{ALICE}", edge.browser.post
    await wish(f"{own}/sign-in", headers=OWN_PAGE)
    await wish(f"{own}/phone", headers=OWN_PAGE)
    await wish(f"{own}/ready", headers=OWN_PAGE)
    states: list[str] = []

    async def looks(_socket: ServerConnection) -> None:
        watching = asyncio.create_task(edge.phones.watch())
        for _ in range(20):
            await asyncio.sleep(0.01)
        states.append((await edge.browser.get(own)).json()["state"])
        chosen = {"is_on_page": True}
        await edge.browser.post(f"{own}/device", json=chosen, headers=OWN_PAGE)
        for _ in range(20):
            await asyncio.sleep(0.01)
        states.append((await edge.browser.get(own)).json()["state"])
        watching.cancel()

    await through(edge, looks)

    assert states == ["ready", "ready"]


async def test_a_page_is_told_when_the_switch_dies_without_a_word(edge: Edge) -> None:
    await edge.add("alice", {"role": "agent"}, agent_id=ALICE, password=PASSWORD)
    await edge.log_in("alice")

    async def dies(socket: ServerConnection) -> None:
        socket.transport.abort()

    await edge.browser.post(f"/agents/{ALICE}/sign-in", headers=OWN_PAGE)
    await edge.browser.post(f"/agents/{ALICE}/phone", headers=OWN_PAGE)

    assert await through(edge, dies) == "no switch"


async def through(
    edge: Edge, switch_does: Callable[[ServerConnection], Awaitable[None]]
) -> str:
    """Open a telephone's socket to a switch; return why it was closed."""
    sip = [page_phone.SIP]
    async with serve(switch_does, "127.0.0.1", 0, subprotocols=sip) as switch:
        port = next(iter(switch.sockets)).getsockname()[1]
        of_it = replace(A_SWITCH, url=f"ws://127.0.0.1:{port}/ws")
        edge.phones = page_phone.install(edge.app, edge.app.state.page_keys, of_it)
        routes = edge.app.router.routes
        routes.insert(0, routes.pop())
        return await socket_of(edge, edge.browser.cookies[COOKIE])


async def socket_of(edge: Edge, cookie: str) -> str:
    """Ask for a telephone's socket; return why it is not opened."""
    scope = {
        "type": "websocket",
        "scheme": "ws",
        "path": "/phone",
        "raw_path": b"/phone",
        "root_path": "",
        "query_string": b"",
        "headers": [
            (b"host", b"127.0.0.1:16001"),
            (b"origin", HERE.encode()),
            (b"cookie", f"{COOKIE}={cookie}".encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 16001),
        "subprotocols": ["sip"],
    }
    said: list[int] = []

    connects: list[Message] = [{"type": "websocket.connect"}]

    async def receive() -> Message:
        if connects:
            return connects.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "websocket.close":
            said.append(message["code"])

    await edge.app(scope, receive, send)
    return {4401: "no key", 1013: "no switch"}[said[-1]]


async def test_a_wrong_password_is_refused_and_after_some_waits(edge: Edge) -> None:
    await edge.add("carol", {"role": "supervisor"}, password=PASSWORD)

    answers = [await edge.log_in("carol", "wrong") for _ in range(12)]

    # The clock goes on meanwhile: how many are looked at is told in test_tries.
    assert [answer.status_code for answer in answers[:5]] == [401] * 5
    assert {answer.status_code for answer in answers[5:]} == {401, 429}
    waits = [
        int(one.headers["retry-after"]) for one in answers if one.status_code == 429
    ]
    assert min(waits) >= 1
    assert PASSWORD not in answers[-1].text
    assert not edge.browser.cookies


async def test_who_logs_out_is_a_stranger_though_the_cookie_comes_back(
    edge: Edge,
) -> None:
    await edge.add("carol", {"role": "supervisor"}, password=PASSWORD)
    await edge.log_in("carol")
    kept = edge.browser.cookies[COOKIE]

    ended = await edge.browser.delete("/session", headers=OWN_PAGE)

    assert ended.status_code == 204
    async with edge.other() as thief:
        again = await thief.get("/agents", headers={"Cookie": f"{COOKIE}={kept}"})
    assert again.status_code == 401


async def test_rights_that_are_taken_are_gone_with_their_streams_and_tickets(
    edge: Edge,
) -> None:
    await edge.add("carol", {"role": "supervisor"}, password=PASSWORD)
    await edge.log_in("carol")
    viewers: Viewers = edge.app.state.viewers
    tickets = []
    for _ in range(2):
        told = await edge.browser.post("/live/tickets", json={}, headers=OWN_PAGE)
        tickets.append(told.json()["ticket"])
    watching = viewers.redeem(tickets[0])

    async with edge.other() as operator:
        path = "/people/carol/disable"
        taken = await operator.post(path, headers=AS_OPERATOR)

    assert taken.status_code == 200, taken.text
    assert watching.reach is None
    with pytest.raises(TicketRefused):
        viewers.redeem(tickets[1])
    assert (await edge.browser.get("/agents")).status_code == 401


async def test_a_program_has_a_token_of_its_own_and_what_its_roles_say(
    edge: Edge,
) -> None:
    told = {"name": "wallboard", "is_program": True, "roles": [{"role": "operations"}]}
    async with edge.other() as client:
        made = await client.post("/people", json=told, headers=AS_OPERATOR)
        own = {"Authorization": f"Bearer {made.json()['secret']}"}
        seen = await client.get("/agents", headers=own)
        people = await client.get("/people", headers=own)
        path = "/people/wallboard/password"
        await client.put(path, json={"password": None}, headers=AS_OPERATOR)
        old = await client.get("/agents", headers=own)

    assert (seen.status_code, people.status_code) == (200, 403)
    assert old.status_code == 401


async def test_a_person_who_acts_for_an_agent_stands_in_the_audit(edge: Edge) -> None:
    await edge.add("carol", {"role": "supervisor"}, password=PASSWORD)
    await edge.log_in("carol")

    wish = await edge.browser.post(f"/agents/{BOB}/sign-in", headers=OWN_PAGE)

    assert wish.status_code == 202
    await edge.app.state.notes.tell_all()
    rows = [(row["actor"], row["act"], row["object"]) for row in await edge.audit()]
    assert ("carol", Act.ACTED_FOR.value, BOB) in rows
