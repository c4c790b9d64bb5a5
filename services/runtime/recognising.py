"""The recognisers as the settings have them."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from ivr.sounds import Language
from services.runtime.settings import Settings
from services.speech.chosen import Chosen, Speech, SpeechPlan
from services.speech.listening import Patience

_MOST_BY_ITSELF = 8
"""Streams that are taken without being asked for: each has a model in memory."""


def speech_plan(settings: Settings) -> SpeechPlan:
    """Return what listens to which language; empty where speech is off."""
    chosen = settings.speech
    cores = len(os.sched_getaffinity(0))
    own = settings.data / "speech"
    return SpeechPlan(
        by_language=dict(_chosen(settings)),
        own_python=Path(sys.executable),
        python=chosen.python or Path(sys.executable),
        cache=own,
        streams=chosen.streams or max(1, min(_MOST_BY_ITSELF, cores // 2)),
        cores=cores,
        memory_mb=chosen.memory_mb,
        patience=Patience(stall_s=chosen.stall_s, grace_s=chosen.finish_s),
        finish_s=chosen.finish_s,
        env=dict.fromkeys(("HOME", "TMPDIR"), str(own)),
    )


def speech_of(settings: Settings) -> Speech:
    """Return the recognisers of an instance, not yet started.

    ``recognisers`` of it is by language, and empty where speech is off.
    """
    plan = speech_plan(settings)
    if plan.by_language:
        plan.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Speech(plan)


def _chosen(settings: Settings) -> Iterator[tuple[Language, Chosen]]:
    told = {Language.ZH: settings.speech.zh, Language.EN: settings.speech.en}
    for language, listener in told.items():
        name, _, folder = listener.partition(":")
        if name != "off":
            yield language, Chosen(name, folder)
