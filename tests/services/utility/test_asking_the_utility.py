"""A utility that is slow, broken or hostile costs a caller two seconds at most.

Threat T-22 and fault F-15, over real sockets.
"""

import asyncio
import json
from decimal import Decimal

import pytest

from ivr.lookups import LookUps
from ivr.turns import AskFailed, Found, NotFound, Question, QuestionKind
from ivr.values import Secret, Value
from services.utility.back_office import MOST_BYTES, HttpBackOffice
from services.utility.breaker import Breaker, BreakerState
from services.utility.egress import Place, is_public
from tests.services.utility.bad_server import (
    Serve,
    answering,
    dripping,
    found,
    pouring,
    reset,
    response,
    sending,
    serving,
    silence,
)

LIMIT_S = 0.4
PATIENT_S = 10.0
"""Where an answer is expected: a busy machine takes its time."""
DECLARED = LookUps.model_validate(
    {
        "look_ups": {
            "balance": {
                "asks": "balance",
                "takes": {"account": "digits", "pin": "secret"},
                "gives": {"amount": "money"},
                "limit_s": PATIENT_S,
            },
            "impatient": {"asks": "balance", "limit_s": LIMIT_S},
        },
        "orders": {
            "fault": {
                "code": "FAULT",
                "takes": {"account": "digits"},
                "limit_s": PATIENT_S,
            }
        },
    }
)
CALL = "3f2a"


def balance(**arguments: Value) -> Question:
    return Question(
        kind=QuestionKind.LOOK_UP, name="balance", arguments=arguments or {}
    )


def impatient() -> Question:
    return Question(kind=QuestionKind.LOOK_UP, name="impatient", arguments={})


def office(url: str, **other: object) -> HttpBackOffice:
    place = Place(url=url, **({"is_private_ok": True} | other))  # type: ignore[arg-type]
    return HttpBackOffice(place, DECLARED)


async def asked(serve: Serve, **arguments: Value) -> Found | NotFound | AskFailed:
    async with serving(serve) as server, office(server.url) as utility:
        return await utility.ask(CALL, balance(**arguments))


async def why(serve: Serve) -> str:
    answer = await asked(serve)
    assert isinstance(answer, AskFailed)
    place, _, what = answer.detail.partition(": ")
    assert place.startswith("utility 127.0.0.1:")
    return what


async def test_an_answer_becomes_the_declared_values() -> None:
    answer = await asked(found(amount="86.50", more="passed over"))

    assert answer == Found(values={"amount": Decimal("86.50")})


async def test_one_utility_is_asked_for_what_each_set_of_flows_declares() -> None:
    other = LookUps.model_validate(
        {"look_ups": {"balance": {"asks": "owed", "gives": {"owed": "text"}}}}
    )
    async with (
        serving(found(amount="86.50", owed="86.50")) as server,
        office(server.url) as utility,
    ):
        before = await utility.declaring(DECLARED).ask(CALL, balance())
        after = await utility.declaring(other).ask(CALL, balance())

    assert before == Found(values={"amount": Decimal("86.50")})
    assert after == Found(values={"owed": "86.50"})
    assert b" /look-ups/owed HTTP" in server.requests[1]


async def test_what_is_not_there_is_not_found() -> None:
    assert await asked(answering({"found": False})) == NotFound()


async def test_a_secret_goes_out_in_the_body_alone() -> None:
    async with serving(found(amount="1")) as server, office(server.url) as utility:
        await utility.ask(CALL, balance(account="5301000001", pin=Secret("246801")))

    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert b"246801" not in head
    assert b"5301000001" not in head
    assert json.loads(body) == {
        "call_id": CALL,
        "arguments": {"account": "5301000001", "pin": "246801"},
    }


async def test_a_secret_does_not_leave_as_what_is_not_declared_secret() -> None:
    async with serving(found(amount="1")) as server, office(server.url) as utility:
        answer = await utility.ask(CALL, balance(account=Secret("246801")))

    assert isinstance(answer, AskFailed)
    assert server.requests == []
    assert "246801" not in answer.detail


async def test_what_is_not_declared_is_not_sent() -> None:
    async with serving(found(amount="1")) as server, office(server.url) as utility:
        await utility.ask(CALL, balance(account="1", name="Alice"))

    assert b"Alice" not in server.requests[0]


async def test_questions_share_a_connection() -> None:
    async with serving(found(amount="1")) as server, office(server.url) as utility:
        for _ in range(5):
            assert isinstance(await utility.ask(CALL, balance()), Found)

    assert (len(server.requests), server.connections) == (5, 1)


async def test_an_order_gives_its_number() -> None:
    question = Question(kind=QuestionKind.ORDER, name="fault", arguments={})
    serve = found(id="261122000001", tail="0001")
    async with serving(serve) as server, office(server.url) as utility:
        answer = await utility.ask(CALL, question)

    assert answer == Found(values={"id": "261122000001", "tail": "0001"})
    assert server.requests[0].startswith(b"POST /orders/FAULT HTTP/1.1")


async def test_what_no_file_declares_is_not_asked() -> None:
    question = Question(kind=QuestionKind.LOOK_UP, name="secrets", arguments={})
    async with serving(found()) as server, office(server.url) as utility:
        answer = await utility.ask(CALL, question)

    assert answer == AskFailed(
        detail="look_up 'secrets' is not declared; dialplans/lookups.yaml declares them"
    )
    assert server.requests == []


@pytest.mark.parametrize(
    ("serve", "sentence"),
    [
        (pouring, f"an answer of more than {MOST_BYTES} bytes"),
        (
            sending(b"HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n"),
            f"an answer of more than {MOST_BYTES} bytes",
        ),
        (sending(response(b"{}", status=500)), "answered 500, not 200"),
        (
            sending(response(b"{}", status=404)),
            "answered 404, so it does not know the question",
        ),
        (sending(response(b"")), "an answer that is no JSON"),
        (sending(response(b"[" * 60_000)), "an answer that is no JSON"),
        (sending(response(b'{"found": NaN}')), "an answer that is no JSON"),
        (sending(response(b"9" * 5000)), "an answer that is no JSON"),
        (answering([1, 2]), "an answer that is no JSON object"),
        (answering({"found": "yes"}), "found: should be true or false"),
        (
            found(amount="much"),
            "amount: is declared as money, found str that is none",
        ),
        (found(), "amount: is declared as money, and not in the answer"),
        (
            sending(response(b'{"found":true,"values":{"amount":1e999999}}')),
            "amount: is declared as money, found Decimal that is none",
        ),
        (
            sending(response(b"x", more=("Content-Encoding: gzip",))),
            "a packed answer, which was not asked for",
        ),
    ],
)
async def test_a_bad_answer_is_a_failure_in_words(serve: Serve, sentence: str) -> None:
    assert await why(serve) == sentence


@pytest.mark.parametrize("serve", [reset, sending(b"\x00\xff garbage\r\n\r\n")])
async def test_a_broken_connection_is_a_failure_in_words(serve: Serve) -> None:
    assert (await why(serve)).startswith("no connection, or it broke: ")


@pytest.mark.parametrize("serve", [silence, dripping])
async def test_what_is_not_answered_whole_in_time_has_failed(serve: Serve) -> None:
    # A drip would take eight seconds, each byte in time.
    async with serving(serve) as server, office(server.url) as utility:
        answer = await utility.ask(CALL, impatient())

    assert isinstance(answer, AskFailed)
    assert answer.detail.endswith(": no whole answer within 0.4 s")


async def test_nobody_is_led_elsewhere() -> None:
    async with serving(found(amount="1")) as inside:
        to = f"Location: {inside.url}/latest/meta-data"
        assert await why(sending(response(b"", status=302, more=(to,)))) == (
            "answered 302, not 200"
        )

    assert inside.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}",
        "http://localhost:{port}",
        "http://2130706433:{port}",
        "http://0x7f000001:{port}",
        "http://127.1:{port}",
        "http://0.0.0.0:{port}",
        "http://[::ffff:127.0.0.1]:{port}",
        "http://[::1]:{port}",
        "http://169.254.169.254",
        "http://10.0.0.1",
        "http://[fe80::1]",
    ],
)
async def test_no_address_of_this_machine_or_network_is_asked(url: str) -> None:
    async with serving(found(amount="1")) as server:
        there = url.format(port=server.port)
        async with office(there, is_private_ok=False) as utility:
            answer = await utility.ask(CALL, balance())

    assert isinstance(answer, AskFailed)
    assert "an address of this machine or network" in answer.detail
    assert server.requests == []


async def test_a_host_that_is_not_on_the_list_is_not_asked() -> None:
    async with serving(found(amount="1")) as server:
        allowed = frozenset({"backoffice.example.org"})
        async with office(server.url, hosts=allowed) as utility:
            answer = await utility.ask(CALL, balance())

    assert isinstance(answer, AskFailed)
    assert "is not among the hosts that may be asked" in answer.detail
    assert server.requests == []


async def test_a_name_that_turns_to_another_address_is_asked_where_it_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    asked_for: list[str] = []

    async def rebinding(host: str, port: int, **_other: object) -> list[object]:
        # The world's address to who looks, and this machine's to who connects.
        asked_for.append(host)
        address = "192.88.99.1" if len(asked_for) == 1 else "127.0.0.1"
        return [(2, 1, 6, "", (address, port))]

    monkeypatch.setattr(loop, "getaddrinfo", rebinding)
    async with serving(found(amount="1")) as server:
        url = f"http://rebind.example.org:{server.port}"
        async with office(url, is_private_ok=False) as utility:
            answer = await utility.ask(CALL, impatient())

    assert isinstance(answer, AskFailed)
    assert server.requests == []


def test_what_is_written_as_ipv6_and_is_none_is_seen_through() -> None:
    private = ("::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "fd00::1", "::")

    assert not any(is_public(one) for one in private)
    assert is_public("8.8.8.8")
    assert is_public("2001:4860:4860::8888")


async def test_after_five_failures_callers_are_not_kept_waiting() -> None:
    serve = sending(response(b"", status=500))
    async with serving(serve) as server, office(server.url) as utility:
        for _ in range(5):
            await utility.ask(CALL, balance())
        answer = await utility.ask(CALL, balance())

        assert utility.state is BreakerState.OPEN
        assert utility.problem is not None
    assert isinstance(answer, AskFailed)
    assert "not asked, since it failed again and again" in answer.detail
    assert len(server.requests) == 5


async def test_a_utility_that_is_mended_is_asked_again() -> None:
    async with serving(reset) as server:
        place = Place(url=server.url, is_private_ok=True)
        breaker = Breaker(rest_s=0.05)
        async with HttpBackOffice(place, DECLARED, breaker=breaker) as utility:
            for _ in range(5):
                await utility.ask(CALL, balance())
            server.serve = found(amount="2")
            await asyncio.sleep(0.1)

            assert await utility.ask(CALL, balance()) == Found(
                values={"amount": Decimal(2)}
            )
            assert utility.problem is None


async def test_wrong_fields_of_one_look_up_do_not_shut_off_the_others() -> None:
    serve = found(amount="much")
    async with serving(serve) as server, office(server.url) as utility:
        for _ in range(9):
            await utility.ask(CALL, balance())

        assert utility.state is BreakerState.CLOSED


async def test_where_nobody_listens_is_a_failure_in_words() -> None:
    async with serving(silence) as server:
        port = server.port

    async with office(f"http://127.0.0.1:{port}") as utility:
        answer = await utility.ask(CALL, balance())

    assert isinstance(answer, AskFailed)
    assert "no connection, or it broke" in answer.detail


async def test_hundreds_who_ask_at_once_all_have_their_answer_in_time() -> None:
    async with serving(silence) as server, office(server.url) as utility:
        asking = [utility.ask(CALL, impatient()) for _ in range(300)]
        answers = await asyncio.gather(*asking)

    assert all(isinstance(one, AskFailed) for one in answers)
