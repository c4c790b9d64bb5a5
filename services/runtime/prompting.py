"""The store of prompts as the settings have it."""

import os

from services.prompts.speech import SpeechProgram
from services.prompts.store import PromptStore
from services.runtime.parts import espeak
from services.runtime.settings import Settings


def prompt_store(settings: Settings) -> PromptStore:
    """Return where prompts lie, with a voice to speak them.

    Raises:
        PartUnavailable: There is no espeak-ng and it cannot be fetched.
    """
    speech = espeak.obtain(settings.parts)
    return PromptStore(
        spoken=settings.data / "prompts",
        recorded=settings.flows.parent / "prompts",
        program=SpeechProgram(
            # Not our whole environment: there are secrets in it.
            argv_prefix=speech.argv,
            env={"PATH": os.defpath, **speech.environment},
        ),
    )
