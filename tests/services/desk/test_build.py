"""The desk is built once of its sources, and a machine that cannot says why."""

import asyncio
from pathlib import Path

import pytest

from services.runtime.desk import aside, build, node
from services.runtime.desk.aside import build_aside
from services.runtime.desk.build import MADE_OF, serve_kept, sum_of_sources
from services.runtime.desk.errors import DeskNotBuilt
from services.runtime.settings import CHECKOUT


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Return a cache in which the pages of now were built."""
    built = tmp_path / "cache" / f"desk-{sum_of_sources()[:16]}"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("now", encoding="utf-8")
    (built / MADE_OF).write_text(sum_of_sources(), encoding="ascii")
    return built.parent


def test_pages_that_were_built_are_served_by_the_next_instance(
    cache: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    (data / "desk").mkdir(parents=True)
    (data / "desk" / "index.html").write_text("before", encoding="utf-8")

    assert serve_kept(data, cache=cache)

    assert (data / "desk" / "index.html").read_text(encoding="utf-8") == "now"
    assert [path.name for path in data.iterdir()] == ["desk"]


def test_pages_of_other_sources_are_not_taken_for_these(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(build, "sum_of_sources", lambda: "of another release")

    assert not serve_kept(tmp_path / "data", cache=cache)


def test_the_sum_is_of_what_the_pages_are_made_of() -> None:
    names = {str(path.relative_to(CHECKOUT)) for path in build.sources()}

    assert {
        "services/desk/package-lock.json",
        "services/desk/src/stream/reducer.ts",
        "services/live/wording.py",
        "acd/vocabulary/offer_facts.py",
    } <= names
    assert not [name for name in names if "node_modules" in name]


def test_the_list_of_packages_names_no_registry() -> None:
    lock = (build.SOURCES / "package-lock.json").read_text(encoding="utf-8")

    assert "resolved" not in lock
    assert '"integrity"' in lock


@pytest.mark.parametrize("version", ["v18.19.0", "v21.7.0", "v22.11.0", "v23.4.0"])
def test_a_node_that_does_not_fit_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    old = tmp_path / "bin" / "node"
    old.parent.mkdir()
    old.write_text(f"#!/bin/sh\necho {version}\n", encoding="ascii")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(old.parent))

    assert node._on_machine() is None


async def test_an_instance_goes_on_without_a_desk_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(data: Path, *, cache: Path | None) -> bool:
        raise DeskNotBuilt("npm ci", "no such host")

    monkeypatch.setattr(aside, "serve_kept", refuse)
    told: list[str] = []

    async with asyncio.timeout(10):
        await build_aside(tmp_path, None, told.append)

    assert told == [
        "desk: npm ci failed: no such host; calls go on without it,"
        " ./tieline desk build tries again"
    ]
