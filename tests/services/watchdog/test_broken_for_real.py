"""Each component is broken for real: red in time, told, kept with its duration."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from services.runtime.bench.small_disks import CAN_BE, small_disks
from services.watchdog.eye import Eye, ReadingAccount
from tests.services.watchdog.receivers import SmtpReceiver, WebhookReceiver
from tests.support.eventually import eventually as has_come
from tests.support.instance import RunningInstance, running_instance
from tests.support.small_floor import STRAIGHT, small_floor

pytestmark = [pytest.mark.asterisk, pytest.mark.xdist_group("watchdog")]

CONTRACT_S = 10.0
"""Red by then, on a machine that has time for us."""
_LIMIT_S = 4 * CONTRACT_S
_MENDED_S = 120.0
own_disks = pytest.mark.skipif(
    not CAN_BE, reason="only root can give an instance small disks of its own"
)


class People:
    """Who gets the alarms: a web server and a mail server, in a thread."""

    def __init__(self) -> None:
        self.web = WebhookReceiver()
        self.post = SmtpReceiver()
        self._ready: Future[None] = Future()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._ready.result(30)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    def told_of(self, component: str, after: str) -> bool:
        changes = [one for body in self.web.came for one in body["changes"]]
        by_web = any(
            one["component"] == component and one["after"] == after for one in changes
        )
        letters = [letter.get_content() for letter in self.post.came]
        line = f"{component}: "
        by_mail = any(
            found.startswith(line) and f"-> {after}" in found
            for letter in letters
            for found in letter.splitlines()
        )
        return by_web and by_mail

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._begin())
        self._ready.set_result(None)
        self._loop.run_forever()
        self._loop.run_until_complete(self._end())

    async def _begin(self) -> None:
        await self.web.__aenter__()
        await self.post.__aenter__()

    async def _end(self) -> None:
        await self.web.__aexit__()
        await self.post.__aexit__()


@pytest.fixture(scope="module")
def people() -> Iterator[People]:
    people = People()
    people.start()
    yield people
    people.stop()


@pytest.fixture(scope="module")
def instance(people: People) -> Iterator[RunningInstance]:
    """One whose journal and recordings have small disks where root runs us."""
    settings = {
        "TIELINE_ALARM__WEBHOOK": people.web.url,
        "TIELINE_ALARM__IS_PRIVATE_OK": "true",
        "TIELINE_ALARM__MAIL_TO": "ann@example.org",
        "TIELINE_ALARM__SMTP_HOST": "127.0.0.1",
        "TIELINE_ALARM__SMTP_PORT": str(people.post.port),
        "TIELINE_WATCHDOG__CALL_EVERY_S": "5",
        "TIELINE_ENGINE__HAS_SPARE": "true",
        # The machine of the tests may be as busy as it likes.
        "TIELINE_WATCHDOG__LOAD_PER_CPU": "1000",
    }
    with running_instance(
        floor=small_floor(),
        flows={"main.yaml": STRAIGHT},
        within=small_disks(dict.fromkeys(("journal", "recordings"), "2m"))
        if CAN_BE
        else lambda _data: (),
        settings=settings,
    ) as running:
        eventually(lambda: not bad(running), _MENDED_S)
        yield running


def eventually(holds: Callable[[], bool], limit_s: float) -> float:
    """Wait until it holds, and return how long that took, in seconds."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < limit_s
        time.sleep(0.1)
    return time.monotonic() - began


def components(running: RunningInstance) -> dict[str, dict[str, Any]]:
    url = f"http://127.0.0.1:{running.base_port + 5}/health/components"
    told = httpx.get(url, timeout=10, trust_env=False).json()["components"]
    return {one["component"]: one for one in told}


def bad(running: RunningInstance) -> set[str]:
    """Return what is not well; one that nobody looked at yet counts."""
    return {
        name
        for name, one in components(running).items()
        if one["light"] in {"red", "yellow"} or one["since"] is None
    }


def red(running: RunningInstance) -> set[str]:
    found = components(running).items()
    return {name for name, one in found if one["light"] == "red"}


def faults(running: RunningInstance) -> list[dict[str, Any]]:
    done = running.done("health", "--history", "--json")
    done.check_returncode()
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


def is_another(running: RunningInstance, part: str, pid: int) -> bool:
    """Whether a part runs again, in another process."""
    return running.pid(part) not in {None, pid}


def turns_red(running: RunningInstance, *wanted: str) -> None:
    """Wait for it, and print how long it took; the contract is for a calm machine."""
    took: dict[str, float] = {}
    began = time.monotonic()

    def all_red() -> bool:
        for name in red(running) & set(wanted):
            took.setdefault(name, round(time.monotonic() - began, 1))
        return took.keys() >= set(wanted)

    eventually(all_red, _LIMIT_S)
    load = os.getloadavg()[0]
    sys.stdout.write(f"\nred after (s, load {load:.0f}): {took}\n")


def is_over(running: RunningInstance, people: People, *names: str) -> None:
    """See that all is well again, that it was told, and that it was kept."""
    eventually(lambda: not bad(running), _MENDED_S)
    for name in names:
        eventually(partial(people.told_of, name, "red"), _LIMIT_S)
        eventually(partial(people.told_of, name, "green"), _LIMIT_S)
        ended = [one for one in faults(running) if one["component"] == name]
        assert ended[0]["duration_s"] > 0
        assert ended[0]["worst"] == "red"
        assert ended[0]["sentence"].startswith(f"{name}: ")


@contextmanager
def stopped(pid: int | None) -> Iterator[int]:
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def test_a_stalled_engine_is_red_and_is_killed_and_started_again(
    instance: RunningInstance, people: People
) -> None:
    began = time.monotonic()
    with stopped(instance.pid("engine")) as pid:
        eventually(lambda: instance.pid("engine") != pid, _LIMIT_S)
        sys.stdout.write(f"\nkilled after {time.monotonic() - began:.1f} s\n")
        turns_red(instance, "engine", "http", "agi")
    eventually(partial(is_another, instance, "engine", pid), _MENDED_S)

    is_over(instance, people, "engine")
    (fault, *_) = [one for one in faults(instance) if one["component"] == "engine"]
    assert f"was killed, process {pid}" in fault["sentence"]
    assert fault["because"] is None
    (agi, *_) = [one for one in faults(instance) if one["component"] == "agi"]
    assert agi["because"] == "engine"


def test_an_asterisk_that_stands_still_is_red_at_all_its_ports(
    instance: RunningInstance, people: People
) -> None:
    with stopped(instance.pid("asterisk")):
        turns_red(instance, "ami", "sip", "call")

    is_over(instance, people, "ami", "sip", "call")


def test_a_database_that_is_silent_is_red(
    instance: RunningInstance, people: People
) -> None:
    engine = instance.pid("engine")
    with stopped(instance.pid("postgresql")):
        turns_red(instance, "database")
        assert "engine" not in red(instance)

    is_over(instance, people, "database")
    assert instance.pid("engine") == engine


def test_records_that_are_delayed_are_red_though_the_database_answers(
    instance: RunningInstance, people: People
) -> None:
    async def with_tables_locked() -> None:
        connection = await asyncpg.connect(instance.told["database"])
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE facts IN ACCESS EXCLUSIVE MODE")
                await instance.ask("POST", "/agents/1001/sign-in")
                await asyncio.to_thread(turns_red, instance, "shipping")
                assert "database" not in red(instance)
        finally:
            await connection.close()

    asyncio.run(with_tables_locked())

    is_over(instance, people, "shipping")


def test_the_watchdogs_account_can_ask_and_do_nothing(
    instance: RunningInstance,
) -> None:
    async def tried() -> dict[str, str]:
        secret = (instance.data / "secrets" / "watchdog").read_text().strip()
        host, _, port = str(instance.told["ami"]).rpartition(":")
        eye = Eye(
            ReadingAccount(
                host=host, port=int(port), username="watchdog", secret=secret
            )
        )
        running = asyncio.create_task(eye.run())
        await has_come(lambda: eye.problem is None)
        leg = {"Channel": "Local/s@cc-end", "Variable": "CC_HB", "Value": "1"}
        wanted = {
            "Originate": leg | {"Application": "Wait", "Data": "1"},
            "Setvar": {"Variable": "CC_HB", "Value": "1"},
            "Command": {"Command": "core show version"},
            "GetConfig": {"Filename": "manager.conf"},
            "Hangup": {"Channel": "all"},
            "Redirect": leg,
            "Getvar": {"Variable": "CC_HB"},
            "CoreSettings": {},
        }
        found = {
            action: (await eye.ask(action, limit_s=5.0, **fields))["response"]
            for action, fields in wanted.items()
        }
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        return found

    found = asyncio.run(tried())

    assert {action for action, said in found.items() if said == "Success"} == {
        "Getvar",
        "CoreSettings",
    }


@own_disks
@pytest.mark.parametrize("name", ["journal", "recordings"])
def test_a_disk_that_is_full_is_red(
    instance: RunningInstance, people: People, name: str
) -> None:
    root = Path(f"/proc/{instance.pid('engine')}/root")
    filler = root / str(instance.data / name).lstrip("/") / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as out:
        while True:
            out.write(b"\0" * 65536)
    try:
        turns_red(instance, name)
    finally:
        filler.unlink()

    is_over(instance, people, name)


def test_a_recording_that_nobody_fetches_is_red(
    instance: RunningInstance, people: People
) -> None:
    spool = instance.data / "asterisk" / "spool" / "monitor"
    left = spool / "left.raw"
    left.write_bytes(b"\0" * 320)
    hour_ago = time.time() - 3600
    os.utime(left, (hour_ago, hour_ago))
    try:
        turns_red(instance, "recordings")
    finally:
        left.unlink()

    is_over(instance, people, "recordings")


def test_a_watchdog_that_is_killed_or_stands_still_is_started_again(
    instance: RunningInstance,
) -> None:
    engine = instance.pid("engine")
    for blow in (signal.SIGKILL, signal.SIGSTOP):
        pid = instance.pid("watchdog")
        assert pid is not None
        os.kill(pid, blow)
        eventually(partial(is_another, instance, "watchdog", pid), _MENDED_S)
    eventually(lambda: not bad(instance), _MENDED_S)

    assert instance.pid("engine") == engine


def test_health_ends_with_1_while_something_is_red(instance: RunningInstance) -> None:
    well = instance.done("health", "--json")
    with stopped(instance.pid("postgresql")):
        turns_red(instance, "database")
        ill = instance.done("health", "--json")
    eventually(lambda: not bad(instance), _MENDED_S)

    assert (well.returncode, json.loads(well.stdout)["light"]) == (0, "green")
    assert (ill.returncode, json.loads(ill.stdout)["light"]) == (1, "red")
