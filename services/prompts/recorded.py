"""Sounds that someone recorded: files below one folder, and nothing else."""

import stat
from pathlib import Path

from services.prompts.errors import Unplayable

SUFFIXES = (".wav", ".wav16", ".sln", ".sln16", ".ulaw", ".alaw", ".gsm", ".g722")
"""What Asterisk can play of recorded files with the modules that we load."""


def recorded_file(folder: Path, name: str) -> Path:
    """Return the path, without suffix, of a recorded file.

    Args:
        folder: Nothing outside it is returned, whatever the name or links say.
        name: As a flow has it, without suffix.

    Raises:
        Unplayable: There is no such file, it is none, or it leads out.
    """
    root = folder.resolve()
    for suffix in SUFFIXES:
        path = root / f"{name}{suffix}"
        try:
            real = path.resolve(strict=True)
            mode = path.lstat().st_mode
        except (OSError, ValueError, RuntimeError):
            continue
        if real != path or not real.is_relative_to(root):
            raise Unplayable(f"{path.name!r} leads out of {folder}; put the file there")
        if not stat.S_ISREG(mode):
            raise Unplayable(f"{path.name!r} is not a file; put a sound file there")
        return path.with_suffix("")
    raise Unplayable(f"no such file in {folder}; it may end in {', '.join(SUFFIXES)}")
