"""Values are spoken while a caller waits, or left out of the call in time."""

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import structlog.testing

from ivr.sounds import Language, Recorded, Spoken
from services.prompts.speech import SpeechProgram
from services.prompts.store import PromptStore
from tests.services.prompts.test_a_prompt_store import espeak, sound_in, store

BALANCE = Spoken(language=Language.ZH, text="十二元五角")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a machine that does other things take its time."""
    monkeypatch.setattr("services.prompts.store.NOW_LIMIT_S", 120.0)


def script(tmp_path: Path, words: str) -> SpeechProgram:
    """Return an espeak-ng that does something before it speaks."""
    file = tmp_path / "slow-espeak"
    file.write_text(f'#!/bin/sh\n{words}\nexec {espeak().argv_prefix[0]} "$@"\n')
    file.chmod(0o755)
    return SpeechProgram(
        argv_prefix=(str(file),), env={"PATH": os.defpath, **espeak().env}
    )


def run(wanted: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await wanted()

    asyncio.run(whole())


def test_a_value_is_spoken_and_then_kept(tmp_path: Path) -> None:
    prompts = store(tmp_path)

    async def asked() -> None:
        first = await prompts.ready_now(BALANCE)
        assert first is not None
        assert len(sound_in(Path(f"{first}.wav"))) > 4000
        mute = store(tmp_path, SpeechProgram(argv_prefix=("/bin/false",)))
        assert await mute.ready_now(BALANCE) == first

    run(asked)


def test_a_text_that_was_made_ahead_is_not_made_again(tmp_path: Path) -> None:
    prompts = store(tmp_path)

    async def asked() -> None:
        ready = await prompts.prepare_sounds([BALANCE])
        assert await prompts.ready_now(BALANCE) == ready[BALANCE]

    run(asked)
    assert list(prompts.values.iterdir()) == []


def test_many_who_ask_for_the_same_have_it_made_once(tmp_path: Path) -> None:
    program = script(tmp_path, f'echo x >> "{tmp_path}/asked"')
    prompts = store(tmp_path, program)

    async def asked() -> None:
        made = await asyncio.gather(*(prompts.ready_now(BALANCE) for _ in range(20)))
        assert len(set(made)) == 1

    run(asked)
    assert (tmp_path / "asked").read_text() == "x\n"


def test_a_voice_that_hangs_is_left_out_in_time_and_told_without_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.prompts.store.NOW_LIMIT_S", 0.4)
    prompts = store(tmp_path, script(tmp_path, "exec sleep 30"))

    async def asked() -> None:
        begun = time.monotonic()
        assert await prompts.ready_now(BALANCE) is None
        assert time.monotonic() - begun < 10

    with structlog.testing.capture_logs() as logs:
        run(asked)
    assert [line["event"] for line in logs] == ["prompt_left_out"]
    assert BALANCE.text not in str(logs)


@pytest.mark.parametrize(
    "sound",
    [
        Spoken(language=Language.ZH, text="€"),
        Recorded(name="no/such"),
        Recorded(name="../outside"),
    ],
)
def test_what_cannot_be_played_is_nothing(
    tmp_path: Path, sound: Spoken | Recorded
) -> None:
    (tmp_path / "outside.wav").write_bytes(b"RIFF")

    async def asked() -> None:
        assert await store(tmp_path).ready_now(sound) is None

    run(asked)


def test_a_recorded_file_is_played_as_it_is(tmp_path: Path) -> None:
    prompts = store(tmp_path)
    (prompts.recorded / "storm.wav").write_bytes(b"RIFF")

    async def asked() -> None:
        made = await prompts.ready_now(Recorded(name="storm"))
        assert made == str(prompts.recorded.resolve() / "storm")

    run(asked)


def test_more_than_can_be_spoken_in_time_are_left_out_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.prompts.store.MOST_WAITING", 2)
    # Until the third was asked for.
    program = script(tmp_path, f'until [ -e "{tmp_path}/go" ]; do sleep 0.02; done')
    prompts = store(tmp_path, program)

    async def asked() -> None:
        two = [
            asyncio.create_task(
                prompts.ready_now(Spoken(language=Language.EN, text=it))
            )
            for it in ("one", "two")
        ]
        await asyncio.sleep(0)
        third = await prompts.ready_now(Spoken(language=Language.EN, text="three"))
        (tmp_path / "go").touch()
        assert third is None
        await asyncio.gather(*two)

    with structlog.testing.capture_logs() as logs:
        run(asked)
    assert logs[0]["reason"] == "2 wait already"


def test_a_caller_who_leaves_does_not_take_the_sound_from_another(
    tmp_path: Path,
) -> None:
    prompts = store(tmp_path)

    async def asked() -> None:
        one, other = (asyncio.create_task(prompts.ready_now(BALANCE)) for _ in range(2))
        await asyncio.sleep(0)
        one.cancel()
        assert await other is not None

    run(asked)


def test_the_least_used_values_go_and_texts_of_flows_stay(tmp_path: Path) -> None:
    plain = store(tmp_path)
    prompts = PromptStore(
        spoken=plain.spoken,
        recorded=plain.recorded,
        program=plain.program,
        most_values=5,
    )
    words = ("one", "two", "three", "four", "five", "six")
    sounds = [Spoken(language=Language.EN, text=word) for word in words]

    async def asked() -> None:
        ready = await prompts.prepare_sounds([BALANCE])
        made = [await prompts.ready_now(sound) for sound in sounds[:5]]
        for age, one in enumerate(made):
            os.utime(f"{one}.wav", (1000 + age, 1000 + age))
        # The oldest is asked for again, so the next one is the least used.
        assert await prompts.ready_now(sounds[0]) == made[0]
        last = await prompts.ready_now(sounds[5])
        left = {path.with_suffix("").name for path in prompts.values.iterdir()}
        assert left == {Path(str(it)).name for it in (made[0], made[3], made[4], last)}
        assert prompts.found(BALANCE) == Path(ready[BALANCE])

    run(asked)


def test_the_folder_may_be_emptied_at_any_time(tmp_path: Path) -> None:
    prompts = store(tmp_path)

    async def asked() -> None:
        first = await prompts.ready_now(BALANCE)
        shutil.rmtree(prompts.spoken)
        assert await prompts.ready_now(BALANCE) == first

    run(asked)
