"""A prompt recorded from an agent's telephone, by a code, on a real instance."""

import asyncio
import re
import wave
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.sounds import Language
from services.phone.errors import CallIsOver, CallNotAnswered
from services.phone.phone_call import PhoneCall
from services.phone.softphone import Line, Softphone, open_softphone
from services.phone.sound import CALLER_HZ, loudness_at, voice_like
from services.prompts.loudness import speech_level_dbov
from services.prompts.wave_file import read_wave
from services.runtime.prompt_code import PromptCode
from services.runtime.secrets_kept import FOLDER as SECRETS
from services.runtime.studio import NUMBER
from tests.support.instance import RunningInstance

LIMIT_S = 60.0
PROMPT = "storm/spoken"


async def until(holds: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
    async with asyncio.timeout(limit_s):
        while not holds():  # noqa: ASYNC110 - a file in a folder sets no event
            await asyncio.sleep(0.1)


def device(instance: RunningInstance) -> Line:
    found = instance.devices.of("1001")
    return Line(user=found.device_id, server=instance.sip, password=found.password)


async def dialled(phone: Softphone) -> PhoneCall:
    call = await phone.dial(NUMBER)
    await call.wait_answered(LIMIT_S)
    assert await call.wait_heard(0.3, timeout_s=LIMIT_S)
    return call


async def entered(call: PhoneCall, code: str, is_in: Callable[[], bool]) -> None:
    """Enter the code; once more where a key was lost on a slow machine."""
    for _ in range(3):
        await call.press(code)
        for _ in range(150):
            if is_in() or call.ending is not None:
                return
            await asyncio.sleep(0.1)


def code_for(instance: RunningInstance, *names: str) -> str:
    said = instance.done("prompts", "code", *names, "--language", "en")
    found = re.match(r"code (\d{8}), until", said.stdout)
    assert found, said.stdout + said.stderr
    return found[1]


def made_for(instance: RunningInstance) -> str:
    """Return a code that holds, without the command, which takes its time."""
    until = datetime.now(UTC) + timedelta(hours=1)
    code = PromptCode(instance.data / SECRETS)
    return code.make([PROMPT], until=until, language=Language.EN)


def kept(instance: RunningInstance) -> Path:
    return instance.data / "prompts" / f"{PROMPT}.wav"


def told_anywhere(instance: RunningInstance, code: str) -> list[str]:
    """Return the files of the instance's folder in which the code stands."""
    folders = ("log", "journal", "secrets", "asterisk/log", "asterisk/spool")
    files = (it for name in folders for it in (instance.data / name).rglob("*"))
    return [
        it.name for it in files if it.is_file() and code.encode() in it.read_bytes()
    ]


async def test_a_prompt_is_spoken_heard_back_and_kept(
    instance: RunningInstance,
) -> None:
    code, spool = code_for(instance, PROMPT), instance.data / "asterisk/spool/studio"
    async with open_softphone(device(instance)) as phone:
        await phone.register()
        call = await dialled(phone)
        await entered(call, code, lambda: any(spool.glob("*.wav")))
        call.say(voice_like(CALLER_HZ), repeat=True)
        await until(
            lambda: any(it.stat().st_size > 48_000 for it in spool.glob("*.wav"))
        )
        call.say(b"")
        await call.press("#")
        await until(lambda: any(spool.glob("*/draft.wav")))
        while not kept(instance).exists() and call.ending is None:
            await call.press("1")
            await call.wait_ended(1.5)
        assert await call.wait_ended(LIMIT_S) is not None

    with wave.open(str(kept(instance)), "rb") as sound:
        pcm = sound.readframes(sound.getnframes())
    assert loudness_at(pcm, CALLER_HZ) > 10 * loudness_at(pcm, CALLER_HZ * 1.37)
    level = speech_level_dbov(read_wave(kept(instance), most_s=180).samples)
    assert level == pytest.approx(-20, abs=1)
    assert list(spool.iterdir()) == []
    assert told_anywhere(instance, code) == []
    [row] = await instance.rows(
        "SELECT actor, object FROM audit WHERE act = 'prompt_recorded'"
    )
    assert dict(row) == {"actor": device(instance).user, "object": PROMPT}


async def test_three_wrong_codes_end_the_call_and_are_audited(
    instance: RunningInstance,
) -> None:
    code = made_for(instance)
    wrong = f"{(int(code) + 1) % 10**8:08}"
    async with open_softphone(device(instance)) as phone:
        await phone.register()
        call = await dialled(phone)
        with suppress(CallIsOver):
            while call.ending is None:
                await call.press(wrong)
                await call.wait_ended(3)
        ending = await call.wait_ended(LIMIT_S)
        assert ending is not None
        assert ending.by == "them"

    found = await instance.rows("SELECT actor FROM audit WHERE object = 'prompt code'")
    assert [row["actor"] for row in found] == [device(instance).user]


async def test_without_a_code_nobody_answers(instance: RunningInstance) -> None:
    PromptCode(instance.data / SECRETS).end()
    async with open_softphone(device(instance)) as phone:
        await phone.register()
        call = await phone.dial(NUMBER)
        with pytest.raises(CallNotAnswered):
            await call.wait_answered(LIMIT_S)


async def test_the_trunk_cannot_dial_it_whatever_holds(
    instance: RunningInstance,
) -> None:
    made_for(instance)
    line = Line(user="13800138000", server=instance.sip)
    async with open_softphone(line) as phone:
        call = await phone.dial(NUMBER)
        with pytest.raises(CallNotAnswered) as refused:
            await call.wait_answered(LIMIT_S)
    assert refused.value.status == 404
