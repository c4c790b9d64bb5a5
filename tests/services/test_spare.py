"""An engine that has loaded its code beforehand takes over, or ends unseen."""

import asyncio
import os
import signal
import ssl
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from services.runtime.embedded import engine
from services.runtime.embedded.engine import EnginePlace, Engines
from services.runtime.settings import CHECKOUT
from tests.support.postgres import free_port

_TALE = """
import sys
sys.path.insert(0, {folder!r})
import {module}
from services.runtime import spare
spare.CHECKOUT = __import__("pathlib").Path({folder!r})
look = spare.written_at
def looked():
    found = look()
    print("looked", {module}.WORD, flush=True)
    return found
spare.written_at = looked
spare.wait_for_turn()
print("at work", {module}.WORD, flush=True)
"""


def waiting(folder: Path) -> subprocess.Popen[str]:
    """Start a process that has loaded a module of ``folder`` and waits."""
    (folder / "said.py").write_text("WORD = 'old'\n")
    (folder / "tale.py").write_text(_TALE.format(folder=str(folder), module="said"))
    process = subprocess.Popen(
        (sys.executable, str(folder / "tale.py")),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "looked old\n"
    assert process.stdout.readline() == "waits\n"
    return process


def test_a_spare_does_nothing_until_it_is_told(tmp_path: Path) -> None:
    with waiting(tmp_path) as process:
        told, _ = process.communicate("go\n", timeout=30)

    assert (told, process.returncode) == ("looked old\nat work old\n", 0)


def test_a_spare_ends_with_its_supervisor(tmp_path: Path) -> None:
    with waiting(tmp_path) as process:
        told, _ = process.communicate("", timeout=30)

    assert (told, process.returncode) == ("", 0)


def test_a_spare_whose_code_was_changed_loads_it_anew(tmp_path: Path) -> None:
    with waiting(tmp_path) as process:
        changed = tmp_path / "said.py"
        changed.write_text("WORD = 'changed'\n")
        os.utime(changed, (1, 1))
        told, _ = process.communicate("go\n", timeout=30)

    # This little one waits in its second life too, and has no input any more.
    assert told == "looked old\nlooked changed\nwaits\n"


@pytest.fixture
def place(tmp_path: Path) -> EnginePlace:
    port = free_port()
    return EnginePlace(
        module="tests.support.small_engine",
        data=tmp_path,
        http=f"http://127.0.0.1:{port}",
        trust=ssl.create_default_context(),
        variables={"SMALL_PORT": str(port)},
    )


def spares(place: EnginePlace) -> list[int]:
    """Return the processes that wait beside an engine."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if engine.SPARE.encode() in words and os.fsencode(place.data) in words:
            found.append(int(process.name))
    return found


async def one_spare(place: EnginePlace) -> int:
    """Wait until there is one, and return its process."""
    async with asyncio.timeout(20):
        while not (found := spares(place)):  # noqa: ASYNC110 - a process sets no event
            await asyncio.sleep(0.02)
    return found[0]


async def test_the_spare_becomes_the_next_engine(place: EnginePlace) -> None:
    engines = Engines(lambda: place, rest_s=0)
    first = await engines.start()
    waits = await one_spare(place)

    os.kill(first.pid, signal.SIGKILL)
    await first.wait()
    second = await engines.start()
    await one_spare(place)
    await engines.stop(second)

    assert second.pid == waits
    assert spares(place) == [], "none is left when the engine is stopped"


async def test_a_spare_of_other_settings_is_not_taken(place: EnginePlace) -> None:
    now = [place]
    engines = Engines(lambda: now[0], rest_s=0)
    first = await engines.start()
    waits = await one_spare(place)
    now[0] = replace(place, variables={**place.variables, "TIELINE_X": "1"})

    os.kill(first.pid, signal.SIGKILL)
    await first.wait()
    second = await engines.start()
    await engines.stop(second)

    assert second.pid != waits
    assert spares(place) == []


async def test_a_renewed_engine_stops_when_the_one_of_now_is_loaded(
    place: EnginePlace,
) -> None:
    engines = Engines(lambda: place, rest_s=0)
    first = await engines.start()
    before = await one_spare(place)

    await engines.renew(first)

    [waits] = spares(place)
    assert first.exit_code is not None
    second = await engines.start()
    await engines.stop(second)
    assert second.pid == waits != before, "the one of before has the code of before"


async def test_an_engine_is_renewed_though_no_spare_can_be_loaded(
    place: EnginePlace,
) -> None:
    now = [place]
    engines = Engines(lambda: now[0], rest_s=60)
    first = await engines.start()
    now[0] = replace(place, module="tests.support.of_which_there_is_none")

    await engines.renew(first)

    assert first.exit_code is not None


async def test_a_small_machine_has_no_spare(place: EnginePlace) -> None:
    engines = Engines(lambda: place, has_spare=False, rest_s=0)

    first = await engines.start()
    await asyncio.sleep(0.5)
    found = spares(place)
    await engines.stop(first)

    assert found == []
