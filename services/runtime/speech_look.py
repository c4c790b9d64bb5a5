"""A look at each recogniser that the settings name: a sample is spoken to it."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

from ivr.sounds import Language
from ivr.understanding.grammar import Grammar, Phrases
from services.prompts.errors import SpeechFailed
from services.prompts.speech import SpeechProgram
from services.prompts.voices import EspeakVoice
from services.runtime.examination import Finding
from services.runtime.parts import espeak
from services.runtime.parts.errors import PartRefused, PartUnavailable
from services.runtime.recognising import speech_plan
from services.runtime.settings import Settings
from services.speech.chosen import Chosen, Speech, SpeechPlan
from services.speech.errors import RecognitionError
from services.speech.listening import Patience
from services.speech.pool import RecogniserPool

_SAMPLES = {Language.ZH: "停电", Language.EN: "power outage"}
_READY_S = 120.0
_LISTENS_S = 30.0
_PATIENT = Patience(stall_s=_LISTENS_S, grace_s=_LISTENS_S)
_BEFORE, _BEHIND = bytes(4800), bytes(16000)
_LOOKS_S = 0.05


def speech_findings(settings: Settings) -> Iterator[Finding]:
    """Load each model and speak to it; takes seconds for each, and nothing is kept."""
    plan = replace(speech_plan(settings), streams=1, patience=_PATIENT)
    for language, chosen in plan.by_language.items():
        name = f"speech, {language.value}"
        try:
            sound = _sample(settings, language)
            found = asyncio.run(_listened(plan, language, chosen, sound))
        except (RecognitionError, NotReady, _NoSample) as problem:
            found = f"callers use keys: {problem}"
            mend = "docs/speech.md"
            yield Finding(name=name, state="optional", found=found, mend=mend)
        else:
            yield Finding(name=name, state="ok", found=found)


class NotReady(Exception):
    """The model was not loaded; with the sentence of its process."""


class _NoSample(Exception):
    """Nobody here speaks a sample."""


async def _listened(
    plan: SpeechPlan, language: Language, chosen: Chosen, sound: bytes
) -> str:
    sample = _SAMPLES[language]
    grammar = Grammar(
        language=language, choices=(Phrases("1", ((language, (sample,)),)),)
    )
    began = time.monotonic()
    async with Speech(replace(plan, by_language={language: chosen})) as speech:
        (pool,) = speech.pools
        await until_ready(pool)
        loaded_s, began = time.monotonic() - began, time.monotonic()
        line = pool.hear(_line(sound), grammar, _LISTENS_S)
        async with contextlib.aclosing(line) as heard:
            said = [one.said async for one in heard][-1]
        took_s = time.monotonic() - began
        ends_by = pool.ready[0].ends_by if pool.ready else ""
    if not said or not said[0].text:
        raise NotReady(f"{_named(chosen)}: heard nothing where {sample!r} was spoken")
    best = said[0]
    return (
        f"{_named(chosen)}: loaded in {loaded_s:.1f} s; {sample!r} heard as"
        f" {best.text!r} ({best.confidence:.2f}) in {took_s:.1f} s; ends by {ends_by}"
    )


def _named(chosen: Chosen) -> str:
    return f"{chosen.recogniser} {chosen.model or '(packaged model)'}"


async def until_ready(pool: RecogniserPool) -> None:
    """Wait until a recogniser listens.

    Raises:
        NotReady: It does not; with the sentence of its process.
    """
    try:
        async with asyncio.timeout(_READY_S):
            while not pool.free:
                if pool.trouble:
                    raise NotReady(pool.trouble)
                await asyncio.sleep(_LOOKS_S)
    except TimeoutError:
        raise NotReady(f"{pool.name}: not loaded in {_READY_S:g} s") from None


async def _line(sound: bytes) -> AsyncIterator[bytes]:
    yield _BEFORE + sound + _BEHIND


def _sample(settings: Settings, language: Language) -> bytes:
    try:
        program = espeak.look(settings.parts)
    except (PartRefused, PartUnavailable) as problem:
        raise _NoSample(str(problem)) from None
    if program is None:
        raise _NoSample("nothing speaks a sample before espeak-ng is there")
    speaks = SpeechProgram(
        argv_prefix=program.argv, env={"PATH": os.defpath, **program.environment}
    )
    voice = EspeakVoice(program=speaks)
    try:
        samples = voice.speak(_SAMPLES[language], language, is_slow=False)
    except SpeechFailed as failed:
        raise _NoSample(str(failed)) from None
    return samples.tobytes()
