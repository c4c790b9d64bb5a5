"""Engine and watchdog as units of their own: found, and killed when they stall."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from services.runtime.embedded import asterisk
from services.runtime.part import _launch
from services.runtime.privileges import service_user
from services.runtime.settings import CHECKOUT
from tests.support.instance import _copy_prompts, _prompts_kept, free_base
from tests.support.postgres import fresh_database

pytestmark = pytest.mark.asterisk
_LIMIT_S = 240.0


@contextmanager
def unit(
    part: str, data: Path, environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """Run a part as systemd would, and hear what it tells."""
    address = str(data / f"{part}.notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.setblocking(False)
        heard.bind(address)
        command = (sys.executable, "-P", "-m", "services.runtime.part", part)
        paths = {"PYTHONPATH": str(CHECKOUT), "NOTIFY_SOCKET": address}
        with (data / f"{part}.log").open("wb") as log:
            process = subprocess.Popen(
                (*command, "--data", str(data)),
                env={**environment, **paths},
                stdout=log,
                stderr=log,
            )
        try:
            yield process, heard
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(60)


def said(heard: socket.socket) -> set[str]:
    found = set()
    with suppress(BlockingIOError):
        while True:
            found.add(heard.recv(100).decode())
    return found


async def until(holds: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not await asyncio.to_thread(holds):
        assert time.monotonic() - began < _LIMIT_S
        await asyncio.sleep(0.2)


async def test_a_stalled_engine_that_is_a_unit_is_killed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for folder in (data, *tmp_path.parents[:2], tmp_path):
        folder.chmod(0o711)  # asterisk may run as another user
    _copy_prompts(_prompts_kept(), data / "prompts")
    base = free_base()
    async with fresh_database() as url:
        settings = {
            "TIELINE_DATABASE__URL": url,
            "TIELINE_BASE_PORT": str(base),
            "TIELINE_DATA": str(data),
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        launch = replace(_launch(None), user=service_user(None))
        switch = await asterisk.start(launch.asterisk())
        environment = {**os.environ, **settings}
        try:
            with unit("engine", data, environment) as (engine, heard):
                await until(lambda: "READY=1" in said(heard))
                with unit("watchdog", data, environment) as (_, watching):
                    await until(lambda: "READY=1" in said(watching))
                    await until(lambda: light("engine", base) == "green")

                    engine.send_signal(signal.SIGSTOP)
                    await asyncio.sleep(0.5)
                    said(heard)
                    code = await asyncio.to_thread(engine.wait, _LIMIT_S)

                    assert code == -signal.SIGKILL
                    assert said(heard) == set(), "it said that it lived"
        finally:
            await asterisk.stop(switch)


async def test_the_simulated_utility_is_a_unit_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    base = free_base()
    settings = {
        # Asked for nothing: it only has no supervisor of ours.
        "TIELINE_DATABASE__URL": "postgresql://tieline:x@127.0.0.1:1/tieline",
        "TIELINE_BASE_PORT": str(base),
        "TIELINE_DATA": str(data),
    }
    environment = {**os.environ, **settings}

    with unit("simulated-utility", data, environment) as (_, heard):
        await until(lambda: "READY=1" in said(heard))
        await until(lambda: "WATCHDOG=1" in said(heard))

        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            answer = await client.get(f"http://127.0.0.1:{base + 6}/health")
        assert answer.json()["simulated"] is True


def light(component: str, base: int) -> str:
    url = f"http://127.0.0.1:{base + 5}/health/components"
    told = httpx.get(url, timeout=10, trust_env=False).json()["components"]
    return next((o["light"] for o in told if o["component"] == component), "")
