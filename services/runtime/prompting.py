"""The store of prompts as the settings have it."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ivr.sounds import Language
from services.prompts.model_voice import ModelVoice
from services.prompts.speech import SpeechProgram
from services.prompts.store import PromptStore
from services.prompts.voices import EspeakVoice, Voice
from services.runtime.parts import espeak
from services.runtime.settings import Settings


def prompt_store(settings: Settings) -> PromptStore:
    """Return where prompts lie, with the voices to speak them.

    Raises:
        PartUnavailable: There is no espeak-ng and it cannot be fetched.
    """
    speech = espeak.obtain(settings.parts)
    program = SpeechProgram(
        # Not our whole environment: there are secrets in it.
        argv_prefix=speech.argv,
        env={"PATH": os.defpath, **speech.environment},
    )
    return PromptStore(
        spoken=settings.data / "prompts",
        recorded=settings.flows.parent / "prompts",
        program=program,
        voices=_voices(settings, EspeakVoice(program=program)),
    )


def _voices(settings: Settings, plain: Voice) -> Mapping[Language, Voice]:
    chosen = settings.voices
    python = chosen.python or Path(sys.executable)
    # Of its own: what they unpack and compile lies there, and nobody else can write it.
    own = settings.data / "voices"
    env = {
        "PATH": os.defpath,
        **dict.fromkeys(("HOME", "TMPDIR", "KOKORO_JA_CACHE"), str(own)),
    }
    voices: dict[Language, Voice] = {}
    if chosen.en == "hibari":
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        voices[Language.EN] = ModelVoice(
            name="hibari",
            language=Language.EN,
            python=python,
            other=plain,
            is_quick=True,
            env=env,
        )
    if chosen.zh == "kokoro":
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        people = chosen.kokoro or own / "people"
        voices[Language.ZH] = ModelVoice(
            name="kokoro",
            language=Language.ZH,
            python=python,
            other=voices.get(Language.EN, plain),
            style=people / f"{chosen.person}.bin",
            env=env,
        )
    return voices
