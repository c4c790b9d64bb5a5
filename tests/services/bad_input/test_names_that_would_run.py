"""T-08: names that would be a program where a dialplan believes text; none is run."""

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.phone.sipp import (
    CallerPlan,
    DevicePlan,
    Load,
    devices_ringing,
    place_calls,
    register_devices,
)
from services.runtime.bench.chaos.intruder import Intruder
from tests.services.bad_input.test_the_engines_account import console
from tests.support.instance import RunningInstance

OF_A_FAILED_RING = {"ActionID", "Reason", "TechCause"}
"""Headers that an agent brings who is rung for a caller who has left just then."""
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
RUNS_TEXT = {
    *("AGI", "Exec", "ExecIf", "MixMonitor", "System", "TryExec"),
    "UserEvent",
}
"""Applications whose argument is run, is a file's name, or is read by the engine."""
OURS = {
    *("CC_CALL_ID", "CC_OFFER_ID", "CC_QUEUE", "CC_SKILLS", "CC_ARRIVAL"),
    *("CC_CLASS", "CC_LANGUAGE", "CHANNEL(endpoint)", "BRIDGERESULT"),
}
"""What only the dialplan, the engine, our own settings of devices and Asterisk itself
fill: ids, times, names once filtered, words for an outcome."""


def names(file: Path) -> list[str]:
    return [
        f"${{SHELL(touch {file})}}",
        f"^{{SHELL(touch {file})}}",
        f"$(touch {file})",
        f"`touch {file}`",
        f"x,Agent: 1,{file}",
        f"|touch {file}|",
    ]


@pytest.fixture
def scratch(instance: RunningInstance) -> Iterator[Path]:
    """A file that any program of ours could make, and that must not come to be."""
    folder = instance.data / "scratch"
    folder.mkdir()
    folder.chmod(0o777)
    yield folder / "ran"
    assert list(folder.iterdir()) == []
    folder.rmdir()


class Tap:
    """Reads what Asterisk tells the engine's account, and the spool, all the while."""

    def __init__(self, instance: RunningInstance) -> None:
        self.told = b""
        self.spooled: set[str] = set()
        self._spool = instance.data / "asterisk" / "spool" / "monitor"
        host, _, port = str(instance.told["ami"]).partition(":")
        self._link = socket.create_connection((host, int(port)), timeout=0.1)
        secret = (instance.data / "secrets" / "ami").read_text().strip()
        login = f"Action: Login\r\nUsername: tieline\r\nSecret: {secret}\r\n\r\n"
        self._link.sendall(login.encode())
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while not self._is_over.is_set():
            self.spooled |= {file.name for file in self._spool.iterdir()}
            try:
                self.told += self._link.recv(65536)
            except TimeoutError:
                continue

    def headers(self) -> set[str]:
        return {
            line.partition(":")[0]
            for line in self.told.decode(errors="replace").splitlines()
            if ":" in line
        }

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
        self._link.close()


@contextmanager
def tapped(instance: RunningInstance) -> Iterator[Tap]:
    tap = Tap(instance)
    try:
        yield tap
    finally:
        tap.close()


async def called(instance: RunningInstance, folder: Path, shown: list[str]) -> None:
    """Have an agent ready, and callers of these names; the first ones are answered."""
    device = instance.devices.of("1001")
    port = instance.peer_port()
    await register_devices(
        {device.device_id: device.password},
        server=instance.sip,
        port=port,
        folder=folder / "device",
    )
    async with devices_ringing(DevicePlan(), port=port, folder=folder / "device"):
        await instance.ask("POST", "/agents/1001/sign-in", {})
        await instance.ask("POST", "/agents/1001/ready", {})
        outcome = await place_calls(
            CallerPlan(
                number="6000",
                callers=[(f"1380000{n:04}", name) for n, name in enumerate(shown)],
                hang_up_after_ms=(6000,),
            ),
            Load(calls=len(shown), per_s=10, timeout_s=60),
            server=instance.sip,
            port=instance.peer_port(),
            folder=folder / "callers",
        )
        assert [call.status for call in outcome.calls] == [200] * len(shown)
    await instance.ask("POST", "/agents/1001/sign-out", {})


def test_a_name_is_no_program_no_header_and_no_files_name(
    instance: RunningInstance, scratch: Path, tmp_path: Path
) -> None:
    with tapped(instance) as plain:
        asyncio.run(called(instance, tmp_path / "plain", ["Alice"]))
    with tapped(instance) as tap:
        asyncio.run(called(instance, tmp_path / "evil", names(scratch)))
        for name in (f'\\";touch {scratch};\\"', f";touch {scratch};"):
            with Intruder(server=instance.sip, name=name) as phone:
                assert phone.invite("6000") == 200

    assert not scratch.exists()
    assert b"Event: Hangup" in tap.told
    assert str(scratch.parent).encode() not in tap.told
    assert tap.headers() - plain.headers() <= OF_A_FAILED_RING
    assert tap.spooled
    for file in (*plain.spooled, *tap.spooled):
        assert re.fullmatch(f"{UUID}_{UUID}\\.raw", file), file


def test_the_dialplan_gives_no_callers_text_to_what_would_run_it(
    instance: RunningInstance,
) -> None:
    shown = console(instance, "dialplan show")
    steps = re.findall(r"\d+\. (\w+)\((.*)\)\s+\[extensions", shown)
    used = [(app, args) for app, args in steps if app in RUNS_TEXT]

    assert {app for app, _ in used} >= {"AGI", "MixMonitor", "UserEvent"}
    assert {
        v for _, a in used for v in re.findall(r"[$^]\{(\w+(?:\(endpoint\))?)", a)
    } <= OURS
    assert "SHELL" not in shown
    assert not re.search(r"'_[^']*[.!]'", shown), "no number is open at its end"
