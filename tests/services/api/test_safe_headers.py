import httpx
import pytest
from fastapi import FastAPI, Response

from services.api.gate import Gate
from services.api.safe_headers import ALWAYS_HTTPS, HEADERS, SafeHeaders


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()

    @app.get("/kept")
    def kept() -> Response:
        return Response("x", headers={"Cache-Control": "max-age=60"})

    app.add_middleware(Gate)
    app.add_middleware(SafeHeaders)
    return app


async def get(app: FastAPI, url: str, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport) as client:
        return await client.get(url, headers=headers)


@pytest.mark.parametrize("path", ["/kept", "/none", "/openapi.json"])
async def test_every_answer_tells_the_browser_to_trust_nothing(
    app: FastAPI, path: str
) -> None:
    answer = await get(app, f"http://127.0.0.1{path}")

    for name in set(HEADERS) - {"Cache-Control"}:
        assert answer.headers[name] == HEADERS[name]
    assert "strict-transport-security" not in answer.headers


async def test_over_https_a_browser_is_told_to_come_no_other_way(app: FastAPI) -> None:
    answer = await get(app, "https://127.0.0.1/none")

    assert (
        ALWAYS_HTTPS.items()
        <= {k.title(): v for k, v in answer.headers.items()}.items()
    )


async def test_a_refusal_at_the_gate_has_them_too(app: FastAPI) -> None:
    answer = await get(app, "http://evil.example/kept")

    assert answer.status_code == 403
    assert answer.headers["content-security-policy"]


async def test_what_an_answer_says_itself_stays(app: FastAPI) -> None:
    assert (await get(app, "http://127.0.0.1/kept")).headers["cache-control"] == (
        "max-age=60"
    )
    assert (await get(app, "http://127.0.0.1/none")).headers["cache-control"] == (
        "no-store"
    )


async def test_names_of_the_certificate_are_answered_and_no_others(
    app: FastAPI,
) -> None:
    app.state.names = frozenset({"hotline.example", "::2"})

    for url, status in (
        ("https://hotline.example:16001/kept", 200),
        ("https://HOTLINE.example/kept", 200),
        ("https://[::2]:16001/kept", 200),
        ("https://hotline.example.evil.example/kept", 403),
        ("https://evil.example/kept", 403),
    ):
        assert (await get(app, url)).status_code == status, url


async def test_over_https_only_pages_that_came_by_it_are_answered(
    app: FastAPI,
) -> None:
    url = "https://127.0.0.1:16001/kept"

    right = await get(app, url, origin="https://127.0.0.1:16001")
    wrong = await get(app, url, origin="http://127.0.0.1:16001")

    assert (right.status_code, wrong.status_code) == (200, 403)
