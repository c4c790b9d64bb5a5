"""Looks become lights, faults and alarms; a look that hangs or raises is one, too."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from services.watchdog.bell import Bell
from services.watchdog.faults import FaultBook, read
from services.watchdog.light import Light, Reading
from services.watchdog.senders import Webhook
from services.watchdog.watch import Check, Watch
from tests.services.watchdog.receivers import WebhookReceiver
from tests.support.eventually import eventually

GREEN, RED = Light.GREEN, Light.RED


def now() -> datetime:
    return datetime.now(UTC)


class Parts:
    """Two components that are as the test wants them."""

    def __init__(self) -> None:
        self.lights = {"engine": GREEN, "agi": GREEN}
        self.hangs = False
        self.raises = False

    def checks(self) -> list[Check]:
        return [self._check("engine"), self._check("agi")]

    def _check(self, name: str) -> Check:
        async def look() -> Reading:
            if self.hangs:
                await asyncio.Event().wait()
            if self.raises:
                raise RuntimeError("a fault of ours")
            light = self.lights[name]
            return Reading(light=light, sentence=f"{name}: is {light}")

        return Check(
            name=name, look=look, period_s=0.01, limit_s=0.1, would_do="see its log"
        )


@asynccontextmanager
async def watching(parts: Parts, folder: Path, url: str = "") -> AsyncIterator[Watch]:
    senders = [Webhook(url=url, is_private_ok=True)] if url else []
    bell = Bell(senders, instance="tests", now=now, gather_s=0.1)
    watch = Watch(parts.checks(), book=FaultBook(folder), bell=bell, now=now)
    running = [asyncio.create_task(watch.run()), asyncio.create_task(bell.run())]
    try:
        yield watch
    finally:
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def lights(watch: Watch) -> dict[str, str]:
    return {one["component"]: one["light"] for one in watch.as_dict()["components"]}


def is_now(watch: Watch, **wanted: Light) -> Callable[[], bool]:
    return lambda: lights(watch) == wanted


async def test_a_fault_is_told_once_and_its_end_once(tmp_path: Path) -> None:
    parts = Parts()
    async with WebhookReceiver() as web, watching(parts, tmp_path, web.url) as watch:
        await eventually(is_now(watch, engine=GREEN, agi=GREEN))
        parts.lights["engine"] = RED
        await eventually(lambda: len(web.came) == 1)
        parts.lights["engine"] = GREEN
        await eventually(lambda: len(web.came) == 2)

        began, ended = (body["changes"][0] for body in web.came)
        assert (began["before"], began["after"]) == ("green", "red")
        assert began["sentence"] == "engine: is red"
        assert (ended["before"], ended["after"]) == ("red", "green")
        assert ended["duration_s"] > 0
    (fault,) = read(tmp_path / "faults.jsonl")
    assert fault.duration_s == ended["duration_s"]


async def test_what_fails_with_its_cause_says_so(tmp_path: Path) -> None:
    parts = Parts()
    async with watching(parts, tmp_path) as watch:
        parts.lights = {"engine": RED, "agi": RED}
        await eventually(is_now(watch, engine=RED, agi=RED))

        engine, agi = watch.as_dict()["components"]
        assert (engine["because"], agi["because"]) == (None, "engine")
        assert watch.light is RED


async def test_a_look_that_hangs_is_a_bad_one(tmp_path: Path) -> None:
    parts = Parts()
    async with watching(parts, tmp_path) as watch:
        await eventually(is_now(watch, engine=GREEN, agi=GREEN))
        parts.hangs = True
        await eventually(is_now(watch, engine=RED, agi=RED))

        engine, _ = watch.as_dict()["components"]
        assert engine["sentence"] == "engine: no answer within 0.1 s; see its log"


async def test_a_look_that_raises_is_yellow_and_the_next_is_taken(
    tmp_path: Path,
) -> None:
    parts = Parts()
    async with watching(parts, tmp_path) as watch:
        parts.raises = True
        await eventually(is_now(watch, engine=Light.YELLOW, agi=Light.YELLOW))
        parts.raises = False
        await eventually(is_now(watch, engine=GREEN, agi=GREEN))


async def test_a_fault_that_goes_on_is_known_after_a_restart(tmp_path: Path) -> None:
    parts = Parts()
    parts.lights["engine"] = RED
    async with watching(parts, tmp_path) as watch:
        await eventually(is_now(watch, engine=RED, agi=GREEN))
        since = watch.as_dict()["components"][0]["since"]

    async with watching(parts, tmp_path) as watch:
        assert lights(watch)["engine"] == RED
        assert watch.as_dict()["components"][0]["since"] == since
        parts.lights["engine"] = GREEN
        await eventually(is_now(watch, engine=GREEN, agi=GREEN))
    (fault,) = read(tmp_path / "faults.jsonl")
    assert fault.ended_at is not None
