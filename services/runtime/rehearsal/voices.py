"""What callers say in cases, as sound: a voice, its speed, and the noise of a line."""

import math
import os
import sys
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ivr.sounds import Language
from services.flows.cases import Case
from services.prompts.errors import SpeechFailed
from services.prompts.loudness import TARGET_DBOV, levelled, trimmed
from services.prompts.model_voice import ModelVoice
from services.prompts.speech import SpeechProgram, speak
from services.prompts.voices import EspeakVoice
from services.prompts.wording import Voice, runs_of
from services.runtime.parts import espeak
from services.runtime.settings import Settings

PLAIN, ENGLISH = "espeak-ng", "hibari"
_LIMIT_S = 400.0
"""For a text: a model is loaded for the first, on a machine that is busy."""
_FULL = 32768.0
_NOISE_S = 4

Speak = Callable[[str], "array[int]"]


@dataclass(slots=True)
class CallersVoices:
    """Speaks what callers say; each is told who really spoke."""

    settings: Settings
    _program: SpeechProgram = field(init=False)
    _models: dict[tuple[str, float], ModelVoice] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Look for the voice that is always there.

        Raises:
            PartUnavailable: There is no espeak-ng and it cannot be fetched.
        """
        part = espeak.obtain(self.settings.parts)
        self._program = SpeechProgram(
            argv_prefix=part.argv, env={"PATH": os.defpath, **part.environment}
        )

    def of_case(self, text: str, language: Language, case: Case) -> tuple[bytes, str]:
        """Return words as a caller of a case says them, and who spoke them."""
        written = case.written
        made, name = self.sound(
            text, language, voice=written.voice, speed=written.speed
        )
        if written.noise_db is not None:
            made = _mixed(made, noise(len(made), written.noise_db))
        return made.tobytes(), name

    def sound(
        self, text: str, language: Language, *, voice: str, speed: float = 1.0
    ) -> tuple["array[int]", str]:
        """Return words at the telephone's loudness, and who spoke them.

        Where a voice is not installed espeak-ng speaks.

        Args:
            text: The words.
            language: Of them.
            voice: As a case names it.
            speed: 1 is as it speaks by itself.
        """
        made, name = self._spoken(text, language, voice, speed)
        return levelled(trimmed(made)), name

    def close(self) -> None:
        """End what runs for the voices."""
        for model in self._models.values():
            model.close()
        self._models.clear()

    def _spoken(
        self, text: str, language: Language, voice: str, speed: float
    ) -> tuple["array[int]", str]:
        if not voice.startswith(PLAIN):
            try:
                model = self._model(voice, language, speed)
                made = model.speak(text, language, is_slow=False, limit_s=_LIMIT_S)
            except SpeechFailed:
                voice = PLAIN
            else:
                return made, voice
        _, plus, variant = voice.partition("+")
        runs = tuple(
            replace(
                run,
                voice=Voice(
                    name=run.voice.name + plus + variant,
                    speed_wpm=round(run.voice.speed_wpm * speed),
                ),
            )
            for run in runs_of(text, language)
        )
        return speak(self._program, runs), voice

    def _model(self, voice: str, language: Language, speed: float) -> ModelVoice:
        model = self._models.get((voice, speed))
        if model is not None:
            return model
        # Each takes half a gigabyte; cases are spoken one after the other.
        self.close()
        chosen = self.settings.voices
        own = self.settings.data / "voices"
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        people = chosen.kokoro or own / "people"
        model = ModelVoice(
            name=voice if voice == ENGLISH else "kokoro",
            language=language,
            python=chosen.python or Path(sys.executable),
            other=EspeakVoice(program=self._program),
            style=None if voice == ENGLISH else people / f"{voice}.bin",
            env={
                "PATH": os.defpath,
                **dict.fromkeys(("HOME", "TMPDIR", "KOKORO_JA_CACHE"), str(own)),
            },
            pace=speed,
        )
        self._models[voice, speed] = model
        return model


def noise(samples: int, below_db: float) -> "array[int]":
    """Return the hiss of a line, so much below the words of callers.

    Args:
        samples: How many.
        below_db: The speech's level above it, pauses not counted.
    """
    power = _FULL**2 * 10 ** ((TARGET_DBOV - below_db) / 10)
    hiss = np.random.default_rng(1).normal(0, math.sqrt(power), samples)
    return array("h", np.clip(np.rint(hiss), -32768, 32767).astype("<i2").tobytes())


def line_noise(case: Case) -> bytes:
    """Return what is heard of a case's line while its caller is quiet, to be repeated.

    Empty for a line without noise.
    """
    if case.written.noise_db is None:
        return b""
    return noise(8000 * _NOISE_S, case.written.noise_db).tobytes()


def _mixed(words: "array[int]", hiss: "array[int]") -> "array[int]":
    both = np.asarray(words).astype("i4") + np.asarray(hiss)
    return array("h", np.clip(both, -32768, 32767).astype("<i2").tobytes())
