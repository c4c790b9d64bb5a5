"""The desk's pages as a browser gets them."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from services.api import desk, problems
from services.api.safe_headers import POLICY, SafeHeaders

SCRIPT = b"export const a = 1;\n" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pages = tmp_path / "desk"
    (pages / "assets").mkdir(parents=True)
    (pages / "index.html").write_text("<!doctype html>", encoding="utf-8")
    (pages / "assets" / "index-Ab12.js").write_bytes(SCRIPT)
    packed = gzip.compress(SCRIPT, mtime=0)
    (pages / "assets" / "index-Ab12.js.gz").write_bytes(packed)
    (pages / "made-of").write_text("sum", encoding="ascii")
    (tmp_path / "secret.js").write_text("secret", encoding="ascii")
    (pages / "way-out.js").symlink_to(tmp_path / "secret.js")
    return pages


@pytest.fixture
async def browser(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    desk.install(app, desk.DeskPages(folder))
    problems.install(app)
    app.add_middleware(SafeHeaders)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        yield client


async def test_the_page_is_asked_for_anew_and_runs_no_script_inside(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.get("/desk/")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_has_its_hash_in_its_name_is_kept_and_packed(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.get("/desk/assets/index-Ab12.js")

    assert answer.content == SCRIPT
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")


async def test_who_takes_no_gzip_gets_none(browser: httpx.AsyncClient) -> None:
    given = {"Accept-Encoding": "identity"}
    answer = await browser.get("/desk/assets/index-Ab12.js", headers=given)

    assert answer.content == SCRIPT
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "made-of",
        "assets",
        "assets/",
        "assets/index-Ab12.js.gz",
        "way-out.js",
        "../secret.js",
        "%2e%2e/secret.js",
        "assets/../../secret.js",
        "assets//index-Ab12.js",
        "/etc/passwd",
        "nothing.js",
        "nul%00.js",
        "x" * 5000 + ".js",
    ],
)
async def test_nothing_else_is_given(browser: httpx.AsyncClient, path: str) -> None:
    request = browser.build_request("GET", "/desk/")
    request.url = request.url.copy_with(raw_path=f"/desk/{path}".encode())

    answer = await browser.send(request)

    assert answer.status_code == 404
    assert b"secret" not in answer.content.replace(b"secret.js", b"")


async def test_the_desk_is_found_without_its_last_stroke(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.get("/desk")

    assert (answer.status_code, answer.headers["location"]) == (308, "/desk/")


async def test_a_desk_that_is_not_built_says_what_builds_it(
    browser: httpx.AsyncClient, folder: Path
) -> None:
    (folder / "index.html").unlink()

    answer = await browser.get("/desk/")

    assert answer.status_code == 503
    assert "./tieline desk build" in answer.json()["detail"]
