"""A sound that somebody recorded, checked and brought into the folder of prompts."""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ivr.written import FILE_NAME
from services.prompts.errors import NotASound, UploadRefused
from services.prompts.loudness import (
    SILENCE_DBOV,
    levelled,
    silent_ends_s,
    speech_level_dbov,
    trimmed,
)
from services.prompts.recorded import SUFFIXES
from services.prompts.resample import TELEPHONE_HZ, to_telephone
from services.prompts.sound_files import write_whole
from services.prompts.wave_file import read_wave

LEAST_S, MOST_S = 0.2, 180.0
_LEAST_DBOV = -45.0
"""Of what is quieter than this, the noise would be heard as well as the words."""
_CUT_ENDS_S = 0.3
"""Silence at an end that is worth telling when it is cut."""
_MOST_FLAT = 10
"""Runs of samples at the limit; a loud voice has a few, a clipped one hundreds."""
_FLAT_RUN = 3
_LIMIT = 32700


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """What was made of a sound."""

    name: str
    file: Path
    length_s: float
    level_dbov: float
    """Of its speech as it came; all prompts have the same afterwards."""
    notes: tuple[str, ...]
    """What was changed and should be known."""


def add_prompt(
    path: Path, name: str, folder: Path, *, replace: bool = False
) -> Uploaded:
    """Check a sound and write it into the folder, at 8 kHz and as loud as all prompts.

    Only the samples are taken over: whatever else is in the file stays outside.

    Args:
        path: A WAV file of at most 3 minutes.
        name: As flows name it, without suffix, as in ``storm/warning``.
        folder: Of recorded prompts; folders in it are made.
        replace: Whether there may be one of that name. Who hears it at this moment
            hears the old one to its end.

    Raises:
        UploadRefused: With everything that is wrong.
    """
    problems = list(_name_problems(name, folder, replace=replace))
    try:
        wave = read_wave(path, most_s=MOST_S)
    except NotASound as error:
        raise UploadRefused([*problems, f"{path.name!r}: {error}"]) from None
    heard = to_telephone(wave.samples, wave.rate_hz)
    level = speech_level_dbov(heard)
    sound_problems = _sound_problems(wave.samples, heard, level)
    problems += [f"{path.name!r}: {problem}" for problem in sound_problems]
    if problems:
        raise UploadRefused(problems)
    file = folder.resolve() / f"{name}.wav"
    made = trimmed(levelled(heard))
    try:
        for missing in reversed([it for it in file.parents if not it.exists()]):
            missing.mkdir()
            # Asterisk, which may run as another user, reads them.
            missing.chmod(0o755)
        write_whole(file, made)
        for other in SUFFIXES[1:]:
            # Asterisk would be free to play another file of that name.
            file.with_name(file.stem + other).unlink(missing_ok=True)
    except OSError as error:
        why = f"{folder}: cannot be written: {error.strerror}; free space, or allow it"
        raise UploadRefused([why]) from None
    return Uploaded(
        name=name,
        file=file,
        length_s=len(made) / TELEPHONE_HZ,
        level_dbov=level,
        notes=tuple(_notes(heard, level, wave.channels, wave.rate_hz)),
    )


def _name_problems(name: str, folder: Path, *, replace: bool) -> Iterator[str]:
    if not re.fullmatch(FILE_NAME, name) or len(name) > 128:
        form = "letters, digits, - and _, in at most three folders, as in storm/warning"
        yield f"name {name!r}: is none; write {form}"
        return
    root = folder.resolve()
    file = root / f"{name}.wav"
    inside = [it for it in (file, *file.parents) if it != root and root in it.parents]
    if odd := [it for it in inside if it.is_symlink()]:
        yield f"name {name!r}: {odd[0].name!r} is a link; put a folder or file there"
    elif not_folders := [it for it in inside[1:] if it.exists() and not it.is_dir()]:
        yield f"name {name!r}: {not_folders[0].name!r} is no folder; choose another"
    elif file.is_dir():
        yield f"name {name!r}: is a folder; choose another"
    elif not replace and any((root / (name + it)).exists() for it in SUFFIXES):
        yield f"name {name!r}: is there already; choose another, or give --replace"


def _sound_problems(
    samples: "array[int]", heard: "array[int]", level: float
) -> Iterator[str]:
    if level < SILENCE_DBOV:
        yield "there is nothing to hear in it; record it again"
        return
    if level < _LEAST_DBOV:
        so = f"its speech is at {level:.0f} dB; at least {_LEAST_DBOV:.0f} are needed"
        yield f"too quiet, {so}; record it again, nearer to the microphone"
    length_s = len(trimmed(heard)) / TELEPHONE_HZ
    if length_s < LEAST_S:
        yield f"lasts {length_s:.2f} s; a prompt has at least {LEAST_S:g} s"
    if (flat := _flat_runs(samples)) > _MOST_FLAT:
        yield f"clipped in {flat} places; record it again with less gain"


def _flat_runs(samples: "array[int]") -> int:
    """Return how often a sound stays at the limit, where its peaks were cut off."""
    import numpy as np

    is_flat = np.abs(np.asarray(samples).astype(np.int32)) >= _LIMIT
    # Where it gets to the limit and where it leaves it, one after the other.
    turns = np.diff(is_flat, prepend=False, append=False).nonzero()[0]
    return int((turns[1::2] - turns[::2] >= _FLAT_RUN).sum())


def _notes(
    heard: "array[int]", level: float, channels: int, rate_hz: int
) -> Iterator[str]:
    lead_s, tail_s = silent_ends_s(heard)
    if lead_s > _CUT_ENDS_S:
        yield f"{lead_s:.1f} s of silence were cut from its beginning"
    if tail_s > _CUT_ENDS_S:
        yield f"{tail_s:.1f} s of silence were cut from its end"
    if channels > 1:
        yield f"its {channels} channels were mixed into one"
    if rate_hz != TELEPHONE_HZ:
        yield f"brought from {rate_hz} Hz to the telephone's {TELEPHONE_HZ}"
    yield f"its speech was at {level:.0f} dB"
