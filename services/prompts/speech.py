"""espeak-ng as a program: words in, 16-bit samples out."""

import subprocess
import tempfile
import wave
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.prompts.errors import SpeechFailed
from services.prompts.resample import TELEPHONE_HZ, to_telephone
from services.prompts.wording import Run

LIMIT_S = 60
"""How long one run of words may take; a thousand characters take a second."""
_GAP_S = 0.06
"""Silence where one voice hands over to another."""
_AMPLITUDE = 70
"""Of 200; at 90 its Mandarin reaches the limit of 16 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechProgram:
    """How espeak-ng is started."""

    argv_prefix: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    """What it needs in its environment; nothing else is in it."""


def speak(
    program: SpeechProgram, runs: tuple[Run, ...], *, limit_s: float = LIMIT_S
) -> "array[int]":
    """Return the samples, 8 kHz and 16 bit, of words spoken one after the other.

    Args:
        program: The voices.
        runs: What each of them says.
        limit_s: For each run.

    Raises:
        SpeechFailed: The program is missing, failed, took too long or was silent.
    """
    made: array[int] = array("h")
    for run in runs:
        if made:
            made += array("h", bytes(2 * int(_GAP_S * TELEPHONE_HZ)))
        made += _speak_run(program, run, limit_s)
    return made


def _speak_run(program: SpeechProgram, run: Run, limit_s: float) -> "array[int]":
    with tempfile.TemporaryDirectory(prefix="tieline-speech-") as folder:
        written = Path(folder) / "spoken.wav"
        argv = (
            *program.argv_prefix,
            *("-v", run.voice.name, "-s", str(run.voice.speed_wpm)),
            *("-a", str(_AMPLITUDE), "-b", "1", "--stdin", "-w", str(written)),
        )
        _run(program, argv, run.words, limit_s)
        if not written.is_file():
            raise SpeechFailed(program.argv_prefix[0], f"no sound for {run.words!r}")
        samples, rate_hz = _samples_of(written)
    if not any(samples):
        raise SpeechFailed(program.argv_prefix[0], f"silence for {run.words!r}")
    return to_telephone(samples, rate_hz)


def _run(
    program: SpeechProgram, argv: tuple[str, ...], words: str, limit_s: float
) -> None:
    name = program.argv_prefix[0]
    try:
        done = subprocess.run(  # noqa: S603  argv is ours; the words go in by stdin
            argv,
            input=words.encode(),
            env=dict(program.env),
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SpeechFailed(
            name, f"took more than {limit_s:g} s for {words!r}"
        ) from error
    except OSError as error:
        raise SpeechFailed(name, f"cannot be started: {error.strerror}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise SpeechFailed(name, f"ended with {done.returncode}: {said}")


def _samples_of(path: Path) -> tuple["array[int]", int]:
    with wave.open(str(path), "rb") as opened:
        samples = array("h", opened.readframes(opened.getnframes()))
        return samples, opened.getframerate()
