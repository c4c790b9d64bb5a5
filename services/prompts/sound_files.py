"""Sounds as files: written whole or not at all, and the least used taken away."""

import os
import tempfile
import time
import wave
from array import array
from pathlib import Path

from services.prompts.resample import TELEPHONE_HZ

_PARTIAL = ".part-"
_LEFT_S = 600.0
"""Nothing is spoken for so long."""


def is_whole(file: Path) -> bool:
    """Whether a file is a sound that a telephone can play, with its end."""
    try:
        with wave.open(str(file), "rb") as opened:
            sound = (opened.getnchannels(), opened.getsampwidth())
            rate_hz, length = opened.getframerate(), opened.getnframes()
            size_bytes = file.stat().st_size
    except (OSError, EOFError, wave.Error):
        return False
    right = (*sound, rate_hz) == (1, 2, TELEPHONE_HZ)
    return right and length > 0 and size_bytes >= 2 * length


def write_whole(file: Path, samples: "array[int]") -> None:
    """Write a sound so that it is there whole or not at all.

    Args:
        file: Its folder is there.
        samples: 8 kHz, 16 bit.

    Raises:
        OSError: It cannot be written; nothing is left behind.
    """
    handle, name = tempfile.mkstemp(prefix=_PARTIAL, dir=file.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as opened:
            with wave.open(opened, "wb") as sound:
                sound.setnchannels(1)
                sound.setsampwidth(2)
                sound.setframerate(TELEPHONE_HZ)
                sound.writeframes(samples.tobytes())
            opened.flush()
            os.fsync(opened.fileno())
        # Asterisk may run as another user.
        partial.chmod(0o644)
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def name_it(link: Path, target: str) -> None:
    """Give a file beside a link its name, at once for whoever reads."""
    draft = link.with_name(f"{_PARTIAL}{link.name}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(link)


def make_folder(folder: Path) -> None:
    """Make a folder that Asterisk, which may run as another user, can read.

    What a crash left half made in it is deleted; what is being made is left alone.

    Raises:
        OSError: It cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    for left in folder.glob(f"{_PARTIAL}*"):
        if left.lstat().st_mtime < time.time() - _LEFT_S:
            left.unlink(missing_ok=True)


def mark_used(file: Path) -> None:
    """Note that a sound was asked for now; it is kept longest."""
    try:
        os.utime(file)
    except FileNotFoundError:
        # Somebody emptied the folder; it will be made again.
        return


def keep_most(folder: Path, most: int) -> int:
    """Take away the sounds that were used least lately, beyond so many.

    Returns:
        How many were taken away; a tenth more than needed, so that it is rare.
    """
    with os.scandir(folder) as entries:
        sounds = [it for it in entries if it.name.endswith(".wav") and it.is_file()]
    if len(sounds) <= most:
        return 0
    sounds.sort(key=lambda it: it.stat().st_mtime)
    gone = sounds[: len(sounds) - most * 9 // 10]
    for sound in gone:
        Path(sound.path).unlink(missing_ok=True)
    return len(gone)
