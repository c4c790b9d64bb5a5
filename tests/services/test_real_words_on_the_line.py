"""Real calls heard by the model that is set: words, keys, and what breaks in between.

``./tieline test -m speech`` with ``TIELINE_SPEECH__ZH``; -s shows what was measured. No
time is judged: models are slow on a machine that is busy.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from acd.vocabulary.flow_facts import (
    HearingFailed,
    KeyPressed,
    PromptHeard,
    StepEntered,
    WordsHeard,
)
from cti_bridge.agi.server import AgiServer
from cti_bridge.audiosocket.server import AudioServer
from ivr.ports import Recogniser
from ivr.sounds import Language
from services.phone.softphone import Line, open_softphone
from services.runtime.prompting import prompt_store
from services.runtime.recognising import speech_plan
from services.runtime.rehearsal.voices import CallersVoices
from services.runtime.settings import read_settings
from services.speech.chosen import Speech
from services.speech.listening import Patience
from services.speech.pool import RecogniserPool
from tests.ivr.flows import flow_of
from tests.services.test_words_on_the_line import (
    BILL_QUEUE,
    FAULT_QUEUE,
    Hotline,
    Played,
    Talk,
    heartbeat,
)
from tests.support.by_energy import ByEnergy
from tests.support.eventually import eventually
from tests.support.real_pbx import real_pbx

pytestmark = [
    pytest.mark.speech,
    pytest.mark.asterisk,
    pytest.mark.xdist_group("real_words_on_the_line"),
]

LIMIT_S = 600.0
SLOW_S = 60.0
PHRASE = "我家里停电报修"
MENU = "停电报修请按一，电费查询请按二，" + "业务很多，请您慢慢听完，" * 12
FLOW = flow_of(
    {
        "choices": {
            "menu": {"zh": MENU},
            "keys": {"1": "fault", "2": "bill"},
            "words": {"1": {"zh": ["停电报修"]}, "2": {"zh": ["电费查询"]}},
            "timeout_s": 20,
        },
        "fault": {"queue": "q_fault"},
        "bill": {"queue": "q_bill2"},
    }
)


@dataclass(slots=True, kw_only=True)
class Heard(Played):
    """One call that a model hears."""

    model: Recogniser
    spoken_at: datetime | None = None
    """When the caller had finished."""

    @property
    def listens(self) -> Recogniser:
        return self.model


def said(heard: Heard, talk: Talk) -> None:
    length = timedelta(seconds=len(talk.phrase) / 16000)
    heard.spoken_at = datetime.now(UTC) + length
    talk.speak()


@asynccontextmanager
async def listening(folder: Path) -> AsyncIterator[RecogniserPool]:
    settings = read_settings(data=folder)
    plan = speech_plan(settings)
    if Language.ZH not in plan.by_language:
        pytest.skip("no TIELINE_SPEECH__ZH is set")
    plan.cache.mkdir(parents=True, exist_ok=True)
    plan = replace(
        plan,
        streams=1,
        by_language={Language.ZH: plan.by_language[Language.ZH]},
        patience=Patience(stall_s=SLOW_S, grace_s=SLOW_S),
    )
    async with Speech(plan) as speech:
        [pool] = speech.pools
        await eventually(lambda: pool.free == 1, LIMIT_S)
        yield pool


def phrase() -> bytes:
    settings = read_settings()
    voices = CallersVoices(settings)
    is_better = settings.voices.kokoro is not None
    try:
        made, name = voices.sound(
            PHRASE, Language.ZH, voice="zf_xiaoxiao" if is_better else "espeak-ng"
        )
    finally:
        voices.close()
    print(f"the caller is {name}")  # noqa: T201 - -s shows it
    return made.tobytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return one that the switch may enter."""
    tmp_path.chmod(0o711)
    return tmp_path


Script = Callable[[Talk, Heard, RecogniserPool], Coroutine[None, None, None]]


async def placed(folder: Path, script: Script) -> Heard:
    """Place one call and play a script in it."""
    store = prompt_store(read_settings(data=folder / "data"))
    sounds = await store.prepare_sounds([*FLOW.sounds()])
    words = await asyncio.to_thread(phrase)
    hotline = Hotline(sounds, FLOW)
    agi = AgiServer(hotline.serve)
    async with (
        listening(folder / "data") as pool,
        real_pbx(folder) as pbx,
        heartbeat(pbx),
    ):
        await agi.start("127.0.0.1", pbx.agi_port)
        audio = AudioServer(finish_s=SLOW_S)
        await audio.start(0)
        heard = Heard(recogniser=ByEnergy(""), audio=audio, model=pool)
        number = "13800000201"
        hotline.calls[number] = heard
        line = Line(user=number, server=pbx.sip)
        async with open_softphone(line, keeps_sound=True, calls=2) as phone:
            call = await phone.dial("6000", line=line)
            await call.wait_answered(LIMIT_S)
            talk = Talk(call=call, played=heard, phrase=words)
            acting = asyncio.create_task(script(talk, heard, pool))
            try:
                await eventually(lambda: heard.is_over, limit_s=LIMIT_S)
                heard.heard = call.ear.pcm
                await acting
                await call.hang_up()
            finally:
                acting.cancel()
                await audio.close()
        await agi.close()
    return heard


def told(heard: Heard) -> None:
    for words in heard.of(WordsHeard):
        print(  # noqa: T201 - -s shows it
            f"heard {words.text!r}, {words.confidence:.2f} sure,"
            f" {words.outcome.value} {words.meant}, {words.took_ms} ms after the end"
        )


async def test_speech_cuts_a_prompt_short(folder: Path) -> None:
    async def speaks(talk: Talk, heard: Heard, _pool: RecogniserPool) -> None:
        await talk.in_menu()
        said(heard, talk)

    heard = await placed(folder, speaks)

    told(heard)
    prompt = heard.prompt("choices")
    assert heard.of(HearingFailed) == []
    assert heard.ended == FAULT_QUEUE
    assert (prompt.interrupted_by, heard.of(WordsHeard)[-1].meant) == ("words", "1")
    assert prompt.interrupted_ms is not None
    assert heard.spoken_at is not None
    entered = next(it for it in heard.of(StepEntered) if it.step == "choices")
    cut_at = entered.at + timedelta(milliseconds=prompt.interrupted_ms)
    gap_s = (cut_at - heard.spoken_at).total_seconds()
    print(f"the prompt ended {gap_s:.2f} s after the last word")  # noqa: T201


async def test_a_key_counts_in_the_middle_of_speech(folder: Path) -> None:
    async def speaks_and_presses(
        talk: Talk, heard: Heard, _pool: RecogniserPool
    ) -> None:
        await talk.in_menu()
        said(heard, talk)
        await asyncio.sleep(0.6)
        await talk.call.press("2")

    heard = await placed(folder, speaks_and_presses)

    told(heard)
    assert heard.ended == BILL_QUEUE
    assert [key.key for key in heard.of(KeyPressed)] == ["2"]
    assert heard.of(WordsHeard) == []
    assert heard.prompt("choices").interrupted_by == "key"


async def goes_on_by_keys(talk: Talk, heard: Heard) -> None:
    await talk.until(lambda: bool(heard.of(HearingFailed)))
    talk.call.say(b"")
    await talk.call.press("2")


async def test_a_model_killed_in_mid_phrase_leaves_the_caller_to_keys(
    folder: Path,
) -> None:
    async def is_killed(talk: Talk, heard: Heard, pool: RecogniserPool) -> None:
        await talk.in_menu()
        talk.call.say(talk.phrase, repeat=True)
        await talk.until(lambda: pool.free == 0)
        await asyncio.sleep(0.5)
        os.kill(pool.ready[0].pid, signal.SIGKILL)
        await goes_on_by_keys(talk, heard)

    heard = await placed(folder, is_killed)

    [failed] = heard.of(HearingFailed)
    print(f"what broke: {failed.detail}")  # noqa: T201
    assert heard.ended == BILL_QUEUE


async def test_a_server_that_stops_in_mid_call_leaves_the_caller_to_keys(
    folder: Path,
) -> None:
    async def is_stopped(talk: Talk, heard: Heard, pool: RecogniserPool) -> None:
        await talk.in_menu()
        talk.call.say(talk.phrase, repeat=True)
        await talk.until(lambda: pool.free == 0)
        await heard.audio.close()
        await goes_on_by_keys(talk, heard)

    heard = await placed(folder, is_stopped)

    [failed] = heard.of(HearingFailed)
    print(f"what broke: {failed.detail}")  # noqa: T201
    assert heard.ended == BILL_QUEUE
    assert heard.of(PromptHeard)
