"""What systemd is told, and what its units say."""

import asyncio
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from services.runtime.notify import Notifier
from services.runtime.settings import CHECKOUT
from tests.support.eventually import eventually

UNITS = sorted((CHECKOUT / "docs" / "systemd").glob("*.service"))


@pytest.fixture(params=["file", "abstract"])
def systemd(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    """A socket as systemd has one, and its address in our environment."""
    name = f"@tieline-{os.getpid()}"
    address = str(tmp_path / "n") if request.param == "file" else name
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.setblocking(False)
        heard.bind(address.replace("@", "\0"))
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        yield heard


def said(heard: socket.socket) -> list[str]:
    found = []
    with suppress(BlockingIOError):
        while True:
            found.append(heard.recv(100).decode())
    return found


async def test_readiness_is_told_once_and_life_only_while_the_work_moves(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runtime.notify.BEAT_EVERY_S", 0.01)
    moves = asyncio.Event()

    async def moved() -> None:
        await moves.wait()

    notifier = Notifier.taken()
    telling = asyncio.create_task(notifier.keep_telling(moved, is_ready_then=True))
    await asyncio.sleep(0.05)
    assert said(systemd) == []

    moves.set()
    await asyncio.sleep(0.1)
    heard = said(systemd)
    assert heard[0] == "READY=1"
    assert set(heard[1:]) == {"WATCHDOG=1"}

    moves.clear()
    await asyncio.sleep(0.05)
    said(systemd)
    await asyncio.sleep(0.1)
    assert said(systemd) == []
    telling.cancel()


def test_our_parts_are_not_given_the_socket(systemd: socket.socket) -> None:
    Notifier.taken().tell("READY=1")

    assert said(systemd) == ["READY=1"]
    assert "NOTIFY_SOCKET" not in os.environ


async def test_without_systemd_nothing_is_told_and_nothing_goes_on() -> None:
    telling = asyncio.create_task(Notifier("").keep_telling(asyncio.Event().wait))

    await eventually(telling.done)


def test_a_systemd_that_is_gone_harms_nobody(tmp_path: Path) -> None:
    Notifier(str(tmp_path / "nobody")).tell("READY=1")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_what_is_there(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    command = re.search(r"^ExecStart=/opt/tieline/(\S+)(.*)$", text, re.MULTILINE)

    assert command is not None
    if module := re.search(r"-m (\S+)", command[2]):
        assert (CHECKOUT / f"{module[1].replace('.', '/')}.py").is_file()
    else:
        assert (CHECKOUT / command[1]).is_file()
    assert "Restart=always" in text
    assert "User=tieline" in text


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd is not on this machine"
)
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        # What would stand there is not installed here.
        text = re.sub(
            r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE
        )
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    units = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run(
        ("systemd-analyze", "verify", "--man=no", *units),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
