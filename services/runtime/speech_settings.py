"""What an operator sets of speech: which recogniser listens to which language."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_LISTENER = re.compile(r"off|whisper|(?P<name>vosk|whisper):(?P<folder>/[^\x00-\x1f]*)")


def _listener(told: str) -> str:
    if not _LISTENER.fullmatch(told):
        msg = "should be off, whisper, vosk:/folder/of/a/model or whisper:/folder"
        raise ValueError(msg)
    return told


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        msg = "should be an absolute path, as /opt/tieline-speech/bin/python"
        raise ValueError(msg)
    return path


Listener = Annotated[str, AfterValidator(_listener)]


class SpeechSettings(BaseModel):
    """Who listens to callers; docs/speech.md says how each is installed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: Listener = "off"
    """What listens to Mandarin; off means keys alone."""
    en: Listener = "off"
    python: Annotated[Path, AfterValidator(_absolute)] | None = None
    """The Python in whose environment Whisper is; None means our own, where Vosk is."""
    streams: Annotated[int, Field(ge=1, le=64)] | None = None
    """Callers heard at once, of each model; None means half of the cores."""
    memory_mb: Annotated[int, Field(ge=256, le=65_536)] = 2048
    """What one recogniser's process may take."""
    stall_s: Annotated[float, Field(ge=0.5, le=120)] = 3.0
    """One that has sound to work through and gives no sign for so long is ended."""
    finish_s: Annotated[float, Field(ge=0.5, le=60)] = 1.5
    """So long a caller waits for its result when all was said; with more than 2 there
    may be silence for longer than 4 s."""
