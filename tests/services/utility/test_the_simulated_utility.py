"""The simulated utility, asked as the hotline asks it, over real HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import httpx
import pytest

from ivr.lookups import LookUps, load_look_ups
from ivr.turns import AskFailed, Found, NotFound, Question, QuestionKind
from ivr.values import Secret, Value, Values
from services.runtime.settings import CHECKOUT
from services.utility.back_office import HttpBackOffice
from services.utility.egress import Place
from services.utility.simulator.customers import CROWD, everybody
from services.utility.simulator.desk import Desk
from services.utility.simulator.door import SimulatorDoor
from services.utility.simulator.looking_up import LOOK_UPS
from services.utility.simulator.orders import KINDS
from services.utility.simulator.outages import HERE, outages
from services.utility.simulator.world import World

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
WRITTEN = load_look_ups(CHECKOUT / "dialplans" / "lookups.yaml").look_ups
SHORT = "tariff"
"""The one look-up that is not waited for: a busy machine answers late."""
CALL = "3f2a"


def patient(written: LookUps) -> LookUps:
    limits = dict.fromkeys(written.look_ups, 10.0) | {SHORT: 0.5}
    look_ups = {
        name: one.model_copy(update={"limit_s": limits[name]})
        for name, one in written.look_ups.items()
    }
    orders = {
        name: one.model_copy(update={"limit_s": 10.0})
        for name, one in written.orders.items()
    }
    return LookUps(look_ups=look_ups, orders=orders, sms_limit_s=10)


DECLARED = patient(WRITTEN)
OF_PERSONA: dict[str, Value] = {
    "account": "5301000004",
    "number": "7004",
    "nth": 1,
    "hall": "h1",
    "pin": Secret("246804"),
    "code": Secret("000000"),
    "tail": "",
}

FOR_THIS: dict[str, dict[str, Value]] = {
    "account": {"number": "5301000004"},
    "order": {"account": "5301000003"},
    "crew_order": {"number": "7401"},
    "outage": {"account": "5301000005"},
}


@dataclass(slots=True, kw_only=True)
class Stand:
    """The simulated utility with a clock of its own, and one who asks it."""

    url: str
    desk: Desk
    office: HttpBackOffice
    at: datetime = NOON

    async def look_up(self, name: str, **given: Value) -> Found | NotFound | AskFailed:
        return await self._ask(QuestionKind.LOOK_UP, name, given)

    async def order(self, name: str, call: str = CALL, **given: Value) -> Values:
        question = Question(kind=QuestionKind.ORDER, name=name, arguments=given)
        answer = await self.office.ask(call, question)
        assert isinstance(answer, Found), answer
        return answer.values

    async def values(self, name: str, **given: Value) -> Values:
        answer = await self.look_up(name, **given)
        assert isinstance(answer, Found), answer
        return answer.values

    async def send(self, to: str, text: str) -> Found | NotFound | AskFailed:
        return await self._ask(QuestionKind.SMS, "sms", {"to": to, "text": text})

    async def _ask(
        self, kind: QuestionKind, name: str, given: Values
    ) -> Found | NotFound | AskFailed:
        question = Question(kind=kind, name=name, arguments=given)
        return await self.office.ask(CALL, question)


@asynccontextmanager
async def standing() -> AsyncIterator[Stand]:
    stand: Stand
    desk = Desk(World(NOON), now=lambda: stand.at)
    door = SimulatorDoor(desk, chance=Random(1))  # noqa: S311 - no secret
    server = await door.start("127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with (
        server,
        HttpBackOffice(Place(url=url, is_private_ok=True), DECLARED) as office,
    ):
        stand = Stand(url=url, desk=desk, office=office)
        yield stand


@pytest.mark.parametrize("name", sorted(DECLARED.look_ups))
async def test_every_look_up_that_is_declared_gives_what_is_declared(name: str) -> None:
    async with standing() as stand:
        # Somebody for whom there is everything.
        given = OF_PERSONA | FOR_THIS.get(name, {})
        answer = await stand.look_up(name, **given)

    assert isinstance(answer, Found), answer
    assert set(answer.values) == set(DECLARED.look_ups[name].gives)


def test_what_is_declared_is_what_the_simulated_utility_has() -> None:
    assert {one.asks for one in DECLARED.look_ups.values()} == set(LOOK_UPS)
    codes = {one.code for one in DECLARED.orders.values()}
    assert codes <= set(KINDS)


@pytest.mark.parametrize("name", sorted(DECLARED.orders))
async def test_every_order_that_is_declared_can_be_made(name: str) -> None:
    async with standing() as stand:
        fault = await stand.order("fault", account="5301000004")
        made = await stand.order(name, order=fault["id"], note="n", number="7004")

    assert str(made["id"]).endswith(str(made["tail"]))


async def test_the_same_seed_brings_the_same_people() -> None:
    assert everybody(7) == everybody(7)
    assert everybody(7) != everybody(8)
    assert len(everybody()) == 14 + CROWD
    assert len({one.account for one in everybody()}) == 14 + CROWD
    assert len({one.meter for one in everybody()}) == 14 + CROWD


async def test_an_unknown_number_is_not_found() -> None:
    async with standing() as stand:
        assert await stand.look_up("caller", number="13800138000") == NotFound()


@pytest.mark.parametrize(
    ("number", "so"),
    [
        ("7001", {"elder": True, "mobile": "", "outage": False}),
        ("7002", {"vip": True, "outage": False}),
        ("7003", {"sensitive": True, "order": True, "order_kind": "投诉"}),
        ("7004", {"repeat": True, "topic": "fault"}),
        ("7005", {"outage": True, "outage_area": "云州新桥片区", "order": False}),
        ("7008", {"english": True}),
        ("7009", {"tibetan": True, "outage": True, "outage_cause": "雷击"}),
        ("7010", {"notice": True, "notice_id": "TD-0007"}),
        ("7012", {"staff": True}),
        ("7013", {"relayed": True}),
        ("7014", {"accounts": 2}),
    ],
)
async def test_each_persona_is_known_for_what_they_are(
    number: str, so: dict[str, Value]
) -> None:
    async with standing() as stand:
        found = await stand.values("caller", number=number)

    assert {name: found[name] for name in so} == so


async def test_a_pin_is_the_accounts_own() -> None:
    async with standing() as stand:
        right = await stand.values("pin", account="5301000001", pin=Secret("246801"))
        wrong = await stand.values("pin", account="5301000001", pin=Secret("246802"))

    assert (right["right"], wrong["right"]) == (True, False)


async def test_after_five_wrong_pins_none_is_right_for_a_quarter_of_an_hour() -> None:
    async with standing() as stand:
        for _ in range(5):
            await stand.values("pin", account="5301000001", pin=Secret("000000"))
        right: dict[str, Value] = {"account": "5301000001", "pin": Secret("246801")}
        locked = await stand.values("pin", **right)
        stand.at += timedelta(minutes=15)
        later = await stand.values("pin", **right)

    assert (locked["right"], later["right"]) == (False, True)


async def test_a_code_by_sms_proves_once_and_for_five_minutes() -> None:
    async with standing() as stand:
        sent = await stand.values("code_sent", account="5301000014")
        code = Secret(stand.desk.world.texts[-1].text[9:15])
        right = await stand.values("code", account="5301000014", code=code)
        again = await stand.values("code", account="5301000014", code=code)
        await stand.values("code_sent", account="5301000014")
        other = Secret(stand.desk.world.texts[-1].text[9:15])
        stand.at += timedelta(minutes=5)
        late = await stand.values("code", account="5301000014", code=other)

    assert sent["mobile_tail"] == "7014"
    assert (right["right"], again["right"], late["right"]) == (True, False, False)


async def test_no_code_is_sent_to_a_landline() -> None:
    async with standing() as stand:
        assert await stand.look_up("code_sent", account="5301000001") == NotFound()


async def test_money_and_dates_come_as_what_they_are() -> None:
    async with standing() as stand:
        balance = await stand.values("balance", account="5301000007")
        bill = await stand.values("bill", account="5301000007")

    assert (balance["owed"], balance["arrears"]) == (Decimal("215.30"), True)
    assert bill["month"] == date(2026, 10, 1)


async def test_an_account_is_found_by_its_meter_too() -> None:
    async with standing() as stand:
        found = await stand.values("account", number="88000007")

    assert found["account"] == "5301000007"


async def test_two_accounts_are_told_one_after_the_other() -> None:
    async with standing() as stand:
        first = await stand.values("account_of_caller", number="7014", nth=1)
        second = await stand.values(
            "account_of_caller", number="7014", nth=first["next"]
        )
        third = await stand.look_up("account_of_caller", number="7014", nth=3)

    assert (first["account_tail"], first["more"]) == ("0014", True)
    assert (second["account_tail"], second["more"]) == ("0114", False)
    assert third == NotFound()


def test_there_are_always_the_eight_notices_and_one_is_on_now() -> None:
    for hours in (0, 7, 200):
        at = NOON + timedelta(hours=hours)
        notices = {one.outage_id: one for one in outages(at)}

        assert sorted(notices) == [f"TD-000{n}" for n in range(1, 9)]
        assert notices["TD-0004"].is_on(at)
        assert notices["TD-0004"].until_at == at + timedelta(hours=2)
        assert not notices["TD-0001"].is_on(at)
        assert notices["TD-0006"].from_at.astimezone(HERE).hour == 19


async def test_what_an_account_owes_is_told_to_nobody_else() -> None:
    async with standing() as stand:
        own = await stand.values("outage", account="5301000007", nth=1)
        others = await stand.look_up("outage", account="5301000005", nth=2)

    assert (own["id"], own["public"]) == ("TD-0008", False)
    assert others == NotFound()


async def test_an_order_is_numbered_and_then_open_for_its_account() -> None:
    async with standing() as stand:
        made = await stand.order("fault", account="5301000006", caller="7006")
        found = await stand.values("order", account="5301000006", nth=1)
        caller = await stand.values("caller", number="7006")

    assert found["id"] == made["id"]
    assert caller["order_tail"] == made["tail"]
    assert isinstance(made["due"], datetime)
    assert made["due"] - NOON == timedelta(minutes=45)


async def test_a_call_that_asks_twice_has_one_order() -> None:
    async with standing() as stand:
        first = await stand.order("fault", account="5301000006")
        again = await stand.order("fault", account="5301000006")
        other = await stand.order("fault", call="4b1c", account="5301000006")

    assert first["id"] == again["id"]
    assert other["id"] != first["id"]


async def test_urging_is_counted_on_the_order() -> None:
    async with standing() as stand:
        made = await stand.order("fault", account="5301000006")
        await stand.order("urge", order=made["id"])
        found = await stand.values("order", account="5301000006", nth=1)

    assert (found["urged"], found["count"]) == (1, 1)


async def test_an_order_that_is_not_there_cannot_be_urged() -> None:
    question = Question(
        kind=QuestionKind.ORDER, name="urge", arguments={"order": "none"}
    )
    async with standing() as stand:
        assert await stand.office.ask(CALL, question) == NotFound()


async def test_a_crew_says_that_power_is_back_and_the_order_is_closed() -> None:
    async with standing() as stand:
        of_crew = await stand.values("crew_order", number="7401", tail="")
        await stand.order("crew_word", order=of_crew["id"], word="restored")
        after = await stand.look_up("crew_order", number="7401", tail="")

    assert of_crew["street"]
    assert after == NotFound()


async def test_a_notice_that_was_confirmed_is_not_told_again() -> None:
    async with standing() as stand:
        await stand.order("confirmation", notice="TD-0007", account="5301000010")
        caller = await stand.values("caller", number="7010")

    assert caller["notice"] is False


async def test_a_text_is_kept_and_sent_nowhere() -> None:
    async with standing() as stand:
        await stand.send("7004", "抢修人员已出发")
        async with httpx.AsyncClient() as client:
            told = (await client.get(f"{stand.url}/sms")).json()

    assert [(one["to"], one["text"]) for one in told["sms"]] == [
        ("7004", "抢修人员已出发")
    ]


@pytest.mark.parametrize("path", ["/health", "/sms", "/orders", "/customers", "/none"])
async def test_whatever_is_shown_says_that_it_is_simulated(path: str) -> None:
    async with standing() as stand, httpx.AsyncClient() as client:
        answer = await client.get(f"{stand.url}{path}")

    assert answer.headers["x-simulated"] == "yes"
    assert answer.json()["simulated"] is True
    assert answer.json()["label"].startswith("SIMULATED: ")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"delay_s": 30}, "no whole answer within 0.5 s"),
        ({"errors": 1}, "answered 500, not 200"),
        ({"is_garbage": True}, "no connection, or it broke"),
        ({"is_huge": True}, "an answer of more than 65536 bytes"),
        ({"is_absent": True}, "no connection, or it broke"),
        ({"is_dripping": True}, "no whole answer within 0.5 s"),
    ],
)
async def test_it_fails_as_it_is_told_and_is_mended(
    wrong: dict[str, object], why: str
) -> None:
    async with standing() as stand, httpx.AsyncClient() as client:
        broken = await client.put(f"{stand.url}/troubles", json=wrong)
        is_late = "within" in why
        answer = await stand.look_up(SHORT if is_late else "reading")
        # What it takes to mend it works whatever is broken.
        mended = await client.put(f"{stand.url}/troubles", json={})
        after = await stand.look_up("caller", number="7001")

    assert broken.status_code == mended.status_code == 200
    assert isinstance(answer, AskFailed)
    assert why in answer.detail
    assert isinstance(after, Found)


async def test_what_cannot_be_broken_so_is_refused() -> None:
    async with standing() as stand, httpx.AsyncClient() as client:
        answer = await client.put(f"{stand.url}/troubles", json={"errors": 5})

    assert answer.status_code == 422
    assert answer.json()["why"].startswith("errors: ")
    assert not stand.desk.troubles.are_any


async def test_a_page_elsewhere_that_points_here_is_told_nothing() -> None:
    async with standing() as stand, httpx.AsyncClient() as client:
        answer = await client.get(
            f"{stand.url}/customers", headers={"Host": "evil.example.org"}
        )
        form = await client.put(f"{stand.url}/troubles", data={"errors": "1"})

    assert answer.status_code == 403
    assert form.status_code == 415
