"""The pages of docs/howto, carried out as they are written, on one instance."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.runtime.asking import ask
from services.runtime.instance import find
from services.runtime.settings import CHECKOUT
from tests.support.instance import RunningInstance, running_instance
from tests.support.pages import Command, Edit, steps_of

PAGES = ("storm-choice.en.md", "storm-choice.zh.md")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as a reader has it: the files, and the instance's folder."""
    folder = tmp_path_factory.mktemp("howto")
    shutil.copytree(CHECKOUT / "dialplans", folder / "dialplans")
    return folder


@pytest.fixture(scope="module")
def shipped(place: Path) -> Iterator[RunningInstance]:
    """Run an instance as it is shipped."""
    floor = (CHECKOUT / "dialplans" / "floor.yaml").read_text(encoding="utf-8")
    settings = {"TIELINE_FLOWS": str(place / "dialplans" / "flows")}
    with running_instance(floor=floor, flows={}, settings=settings) as running:
        (place / ".tieline").symlink_to(running.data)
        yield running


@pytest.mark.parametrize("name", PAGES)
def test_a_page_does_what_it_says_from_its_first_line_to_its_last(
    name: str,
    place: Path,
    shipped: RunningInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("TIELINE_DATA", str(shipped.data))
    monkeypatch.setenv("TIELINE_FLOWS", str(place / "dialplans" / "flows"))
    before = ask(find(shipped.data), "/flows")["number"]
    was = _texts(place)

    done = list(steps_of(CHECKOUT / "docs/howto" / name, versions_before=before - 1))
    for step in done:
        step.carry_out(place)

    assert sum(isinstance(step, Command) for step in done) >= 10
    assert any(isinstance(step, Edit) for step in done)
    assert _texts(place) == was
    picture = (place / "storm.svg").read_text(encoding="utf-8")
    assert "charging" in picture
    assert (place / "heard.wav").stat().st_size > 3 * 16_000


def _texts(place: Path) -> dict[str, str]:
    return {
        str(path): path.read_text(encoding="utf-8")
        for path in sorted((place / "dialplans").rglob("*.yaml"))
    }
