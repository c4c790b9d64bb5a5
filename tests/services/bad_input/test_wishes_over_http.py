"""What a program may ask wrongly, on an instance: a problem with words each time."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.instance import RunningInstance

TOO_LARGE = json.dumps({"reason": "a" * 70_000}).encode()


@pytest.fixture
def http(instance: RunningInstance) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=instance.http, headers=instance.headers, trust_env=False, timeout=10
    ) as client:
        yield client


def problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == answer.status_code
    assert {"type", "title", "detail"} <= told.keys()
    return told


def test_a_wish_that_has_no_place_is_refused_with_what_has(http: httpx.Client) -> None:
    told = problem(http.post("/agents/1002/ready"))

    assert told["status"] == 409
    assert told["detail"] == (
        "agent '1002' is signed_out, which has no place for AgentReady; it takes"
        " AgentSignedIn, CallConnected"
    )


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"", 422, "body: is required, got nothing"),
        (b"{", 422, "body: is not JSON, "),
        (b"[]", 422, "body: should be an object, sent as content-type application/"),
        (b'{"reason": "br\xff"}', 400, "body: cannot be read; send JSON in UTF-8"),
        (b"[" * 30_000, 400, "body: cannot be read; send JSON in UTF-8, not too deep"),
        (b'{"reason": "break", "x": 1}', 422, "body.x: is not an option here"),
        (b"{}", 422, "body.reason: is required, got nothing"),
        (b'{"reason": "A break"}', 422, "body.reason: should match ^[a-z]"),
        (b'{"reason": 7}', 422, "body.reason: input should be a valid string, got 7"),
        (TOO_LARGE, 413, "body: at most 65536 bytes are taken"),
    ],
)
def test_a_body_that_will_not_do_is_told_by_its_place(
    http: httpx.Client, body: bytes, status: int, detail: str
) -> None:
    answer = http.post(
        "/agents/1002/not-ready",
        content=body,
        headers={"content-type": "application/json"},
    )

    told = problem(answer)
    assert told["status"] == status
    assert told["detail"].startswith(detail)
    assert len(told["detail"]) < 300


def test_a_body_of_untold_length_is_cut_off_too(http: httpx.Client) -> None:
    answer = http.post(
        "/agents/1002/not-ready",
        content=(TOO_LARGE[at : at + 1000] for at in range(0, len(TOO_LARGE), 1000)),
        headers={"content-type": "application/json"},
    )

    assert problem(answer)["status"] == 413


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"origin": "http://evil.example"}, "foreign_origin"),
        ({"origin": "null"}, "foreign_origin"),
        ({"host": "evil.example"}, "foreign_host"),
        ({"host": "127.0.0.1.evil.example"}, "foreign_host"),
    ],
)
def test_a_page_of_elsewhere_is_not_answered_and_changes_nothing(
    http: httpx.Client, headers: dict[str, str], kind: str
) -> None:
    told = problem(http.post("/agents/1002/sign-in", headers=headers))

    assert (told["status"], told["type"]) == (403, kind)
    assert http.get("/agents/1002").json()["state"] == "signed_out"


def test_a_path_or_a_method_that_is_not_there_is_told(http: httpx.Client) -> None:
    assert problem(http.get("/nothing"))["detail"] == (
        "path '/nothing': nothing is here; /openapi.json lists what is"
    )
    assert problem(http.delete("/agents"))["detail"] == (
        "path '/agents': does not take DELETE; it takes GET"
    )


@pytest.mark.parametrize(
    "path",
    [
        "/agents/%00",
        "/agents/1001%0d%0aAction:%20Logoff",
        "/calls/%00",
        "/calls/%00/story",
        "/calls/%27%20OR%201=1",
        "/calls/..%2f..%2fetc",
        "/calls/" + "a" * 60,
    ],
)
def test_an_id_that_is_none_is_unknown_and_no_more(
    http: httpx.Client, path: str
) -> None:
    assert problem(http.get(path))["status"] == 404
