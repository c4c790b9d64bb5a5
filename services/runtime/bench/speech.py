"""How well callers are heard: phrases of the flows, spoken by script and recognised."""

import contextlib
import math
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ivr.flow_set import FlowSet
from ivr.grammars import grammar_at
from ivr.load import load_set
from ivr.ports import Recognised
from ivr.sounds import Language
from ivr.steps import AskingStep
from ivr.understanding.grammar import DANGER, Grammar
from ivr.understanding.outcome import DigitsSaid, NotTaken, Outcome, Taken, Uncertain
from ivr.understanding.understand import understood
from services.prompts.speech import SpeechProgram, speak
from services.prompts.wording import Voice, runs_of
from services.runtime.bench.figures import Figure, machine, percentile
from services.runtime.errors import RuntimeProblem
from services.runtime.parts import espeak
from services.runtime.progress import say
from services.runtime.recognising import speech_plan
from services.runtime.settings import read_settings
from services.runtime.speech_look import until_ready
from services.speech.chosen import Speech
from services.speech.errors import RecognitionError
from services.speech.listening import Patience

VOICES: Final = (("", 150), ("+m3", 170), ("+f4", 135), ("+f2", 150))
"""Variants of espeak-ng and words a minute; nothing was tuned by them."""
SNRS_DB: Final = (None, 10.0)
"""None is clean; all at the telephone's 8 kHz."""
_OUTSIDE: Final = {
    Language.ZH: (
        "今天天气很好",
        "我想订一张机票",
        "晚上吃什么",
        "现在几点钟",
        "唱首歌",
    ),
    Language.EN: (
        "the weather is nice today",
        "book me a table for two",
        "what time is the train",
        "I like green apples",
        "play some music",
    ),
}
_SHORT: Final = 40
"""Phrases of each language in a short run."""
_FLOORS: Final = {
    "intents clean": 97.0,
    "intents 10 dB": 90.0,
    "danger": 99.0,
    "outside": 5.0,
    "danger falsely": 1.0,
}
_LISTENS_S: Final = 60.0
_PATIENT: Final = Patience(stall_s=_LISTENS_S, grace_s=_LISTENS_S)
_SHOWN: Final = 60


class NobodyListens(RuntimeProblem):
    """No language has a recogniser."""

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One phrase, how it is spoken, and what it stands for."""

    text: str
    wanted: str | None
    """The choice; None is outside the grammar."""
    grammar: Grammar
    voice: tuple[str, int]
    snr_db: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What became of one."""

    trial: Trial
    heard: str
    confidence: float
    choice: str | None
    """Taken, or asked about; None is refused."""
    took_s: float
    lasts_s: float


async def run(*, is_short: bool) -> dict[str, object]:
    """Speak to the recognisers that the settings name; return figures and mishearings.

    Raises:
        NobodyListens: None is named.
    """
    settings = read_settings()
    plan = replace(speech_plan(settings), streams=1, patience=_PATIENT)
    if not plan.by_language:
        what = "TIELINE_SPEECH__ZH, TIELINE_SPEECH__EN: no recogniser is named"
        raise NobodyListens(f"{what}; docs/speech.md says how")
    written = load_set(settings.flows)
    flows = FlowSet(
        flows={name: one.flow for name, one in written.flows.items()},
        everywhere=written.everywhere,
    )
    part = espeak.obtain(settings.parts)
    program = SpeechProgram(
        argv_prefix=part.argv, env={"PATH": os.defpath, **part.environment}
    )
    found: list[Found] = []
    async with Speech(plan) as speech:
        for pool in speech.pools:
            await until_ready(pool)
        for language in plan.by_language:
            trials = list(_trials(flows, language, is_short=is_short))
            say(f"speech, {language.value}: {len(trials)} phrases …")
            for nth, trial in enumerate(trials):
                sound = _sound(program, trial, seed=nth)
                found.append(await _tried(speech, trial, sound))
    return {
        "bench": "speech",
        "machine": machine(),
        "listens": {k.value: v.recogniser for k, v in plan.by_language.items()},
        "figures": [one.as_json() for one in _figures(found)],
        "misheard": [_told(one) for one in found if not _is_right(one)][:_SHOWN],
    }


def _trials(flows: FlowSet, language: Language, *, is_short: bool) -> Iterator[Trial]:
    phrases = list(dict.fromkeys(_phrases(flows, language)))
    chance = np.random.default_rng(1)
    order = chance.permutation(len(phrases))
    voices = VOICES[:1] if is_short else VOICES
    for nth in order[: _SHORT if is_short else None]:
        text, wanted, grammar = phrases[nth]
        for at, voice in enumerate(voices):
            snr_db = SNRS_DB[(int(nth) + at) % 2] if is_short else None
            snrs = (snr_db,) if is_short else SNRS_DB
            for one in snrs:
                yield Trial(
                    text=text, wanted=wanted, grammar=grammar, voice=voice, snr_db=one
                )


def _phrases(
    flows: FlowSet, language: Language
) -> Iterator[tuple[str, str | None, Grammar]]:
    grammars = [
        grammar_at(flows, step, language)
        for flow in flows.flows.values()
        for step in flow.steps.values()
        if isinstance(step, AskingStep) and step.speech != "off"
    ]
    for grammar in grammars:
        for choice in grammar.choices:
            for text in choice.of(language):
                yield " ".join(text.split("…")), choice.choice, grammar
    for text in _OUTSIDE[language]:
        yield text, None, grammars[0]


def _sound(program: SpeechProgram, trial: Trial, *, seed: int) -> bytes:
    variant, speed_wpm = trial.voice
    runs = tuple(
        replace(one, voice=Voice(name=one.voice.name + variant, speed_wpm=speed_wpm))
        for one in runs_of(trial.text, trial.grammar.language)
    )
    spoken = np.array(speak(program, runs), "f8")
    whole = np.concatenate([np.zeros(4000), spoken, np.zeros(12000)])
    if trial.snr_db is not None:
        power = float(np.mean(spoken**2)) / 10 ** (trial.snr_db / 10)
        hiss = np.random.default_rng(seed).normal(0, math.sqrt(power), len(whole))
        whole += hiss
    made: bytes = np.clip(whole, -32768, 32767).astype("<i2").tobytes()
    return made


async def _tried(speech: Speech, trial: Trial, sound: bytes) -> Found:
    began = time.monotonic()
    last = Recognised(said=(), is_final=True)
    listener = speech.recognisers[trial.grammar.language]
    with contextlib.suppress(RecognitionError):
        heard = listener.hear(_line(sound), trial.grammar, _LISTENS_S)
        last = [one async for one in heard][-1]
    return Found(
        trial=trial,
        heard=last.said[0].text if last.said else "",
        confidence=last.said[0].confidence if last.said else 0.0,
        choice=_choice(understood(last.said, trial.grammar)),
        took_s=time.monotonic() - began,
        lasts_s=len(sound) / 16000,
    )


async def _line(sound: bytes) -> AsyncIterator[bytes]:
    yield sound


def _choice(outcome: Outcome) -> str | None:
    match outcome:
        case Taken(choice=choice) | Uncertain(choice=choice):
            return choice
        case DigitsSaid(digits=digits):
            return digits
        case NotTaken():
            return None


def _is_right(one: Found) -> bool:
    return one.choice == one.trial.wanted


def _told(one: Found) -> dict[str, object]:
    trial = one.trial
    return {
        "said": trial.text,
        "voice": trial.voice[0],
        "snr_db": trial.snr_db,
        "heard": one.heard,
        "confidence": round(one.confidence, 2),
        "wanted": trial.wanted,
        "taken": one.choice,
    }


def _figures(found: Sequence[Found]) -> Iterator[Figure]:
    inside = [one for one in found if one.trial.wanted not in {None, DANGER}]
    for snr_db in SNRS_DB:
        name = "intents clean" if snr_db is None else f"intents {snr_db:g} dB"
        ours = [_is_right(one) for one in inside if one.trial.snr_db == snr_db]
        yield from _share(name, ours, is_more_better=True)
    danger = [_is_right(one) for one in found if one.trial.wanted == DANGER]
    yield from _share("danger", danger, is_more_better=True)
    outside = [one.choice is not None for one in found if one.trial.wanted is None]
    yield from _share("outside", outside)
    others = [one.choice == DANGER for one in found if one.trial.wanted != DANGER]
    yield from _share("danger falsely", others)
    factors = [one.took_s / one.lasts_s for one in found]
    yield Figure(
        name="real-time factor p95",
        value=percentile(factors, 95),
        unit="of the sound",
        n=len(factors),
    )


def _share(
    name: str, hits: Sequence[bool], *, is_more_better: bool = False
) -> Iterator[Figure]:
    if not hits:
        return
    low, high = wilson(sum(hits), len(hits))
    yield Figure(
        name=name,
        value=100 * sum(hits) / len(hits),
        unit="%",
        n=len(hits),
        floor=_FLOORS[name],
        is_more_better=is_more_better,
        enough=300,
        more={"from": round(100 * low, 1), "to": round(100 * high, 1)},
    )


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share."""
    z = 1.96
    middle = (hits + z * z / 2) / (n + z * z)
    away = z * math.sqrt(hits * (n - hits) / n + z * z / 4) / (n + z * z)
    return max(0.0, middle - away), min(1.0, middle + away)
