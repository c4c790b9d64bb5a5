"""Announcements that are changed while calls go on."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import structlog.testing

from acd.vocabulary.ids import Place, QueueId
from ivr.sounds import Heard, Language, Recorded, Spoken
from services.floor.floor import Number
from services.runtime.announcing import Announcer
from tests.services.prompts.test_a_prompt_store import store

NOW = datetime(2026, 7, 1, 4, tzinfo=UTC)
HOTLINE = Number(
    number="6000",
    name="hotline",
    flow="main",
    place=Place(province="YJ", unit="-"),
    open_queue_id=QueueId("q_fault"),
)
STORM = "{say: {zh: 台风}, from: 2026-07-01 08:00, until: 2026-07-01 20:00}"
FILED = STORM.replace("台风", "台风, file: storm")


def written(path: Path, storm: str) -> None:
    path.write_text(f"announcements: {{storm: {storm}}}\n", encoding="utf-8")
    # Files of one size that are written within a tick are otherwise the same.
    os.utime(path, ns=(0, path.stat().st_mtime_ns + len(storm)))


def opening(announcer: Announcer) -> tuple[Heard, ...]:
    told = announcer.opening(HOTLINE, Language.ZH, NOW)
    assert {one.name for one in told} <= {"storm"}
    return tuple(sound for one in told for sound in one.sounds)


def test_a_changed_file_is_heard_and_a_wrong_one_changes_nothing(
    tmp_path: Path,
) -> None:
    path, prompts = tmp_path / "announcements.yaml", store(tmp_path)
    announcer = Announcer(path, prompts)
    storm = Spoken(language=Language.ZH, text="台风")

    async def lived() -> None:
        await announcer.look()
        assert opening(announcer) == ()

        written(path, STORM)
        await announcer.look()
        assert opening(announcer) == (storm,)
        # It is spoken already, so that no caller waits for it.
        assert prompts.found(storm)

        for wrong in ("{}", STORM.replace("台风", "€")):
            written(path, wrong)
            with structlog.testing.capture_logs() as logs:
                await announcer.look()
                await announcer.look()
            refused = [it for it in logs if it["event"] == "announcements_refused"]
            assert len(refused) == 1
            assert opening(announcer) == (storm,)

        path.unlink()
        await announcer.look()
        assert opening(announcer) == ()

    asyncio.run(lived())


def test_a_recording_is_told_where_it_is_and_its_text_where_it_is_not(
    tmp_path: Path,
) -> None:
    path, prompts = tmp_path / "announcements.yaml", store(tmp_path)

    async def lived() -> None:
        written(path, FILED)
        announcer = Announcer(path, prompts)
        await announcer.look()
        assert opening(announcer) == (Spoken(language=Language.ZH, text="台风"),)

        (prompts.recorded / "storm.wav").write_bytes(b"RIFF")
        await announcer.look()
        assert opening(announcer) == (Recorded(name="storm", may_be_missing=True),)

    asyncio.run(lived())
