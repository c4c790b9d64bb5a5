"""The voice that is always there: espeak-ng, which speaks prompts to files."""

import shutil
from dataclasses import replace
from pathlib import Path

from services.runtime.parts import kept
from services.runtime.parts.apt import this_machine
from services.runtime.parts.program import Program, ask_version, libraries
from services.runtime.parts.recipe import ESPEAK
from services.runtime.progress import Say, say


def obtain(own: Path | None = None, tell: Say = say) -> Program:
    """Return espeak-ng: the machine's, else a fetched one.

    Raises:
        PartUnavailable: There is none and it cannot be fetched.
    """
    return look(own) or unpacked(kept.fetch(ESPEAK, own, tell))


def look(own: Path | None = None) -> Program | None:
    """Return the espeak-ng that would run without fetching; None if there is none."""
    if on_path := shutil.which("espeak-ng"):
        program = Program(argv=(on_path,), source="machine")
        if version := ask_version(program, "--version"):
            return replace(program, version=version)
    root = kept.kept(ESPEAK, own)
    return unpacked(root) if root else None


def unpacked(root: Path) -> Program:
    """Return the espeak-ng in a folder of unpacked packages."""
    program = Program(
        argv=(str(root / "usr" / "bin" / "espeak-ng"),),
        environment={
            "LD_LIBRARY_PATH": libraries(root),
            "ESPEAK_DATA_PATH": str(root / "usr" / "lib" / this_machine().triplet),
        },
        source="unpacked",
        root=root,
    )
    return replace(program, version=ask_version(program, "--version"))
