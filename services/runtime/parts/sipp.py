"""The caller of tests and benches: SIPp."""

import shutil
from dataclasses import replace
from pathlib import Path

from services.runtime.parts import kept
from services.runtime.parts.program import Program, ask_version, libraries
from services.runtime.parts.recipe import SIPP
from services.runtime.progress import Say, say


def obtain(own: Path | None = None, tell: Say = say) -> Program:
    """Return SIPp: the machine's, else a fetched one.

    Raises:
        PartUnavailable: There is none and it cannot be fetched.
    """
    return look(own) or unpacked(kept.fetch(SIPP, own, tell))


def look(own: Path | None = None) -> Program | None:
    """Return the SIPp that would run without fetching; None when there is none."""
    if on_path := shutil.which("sipp"):
        program = Program(argv=(on_path,), source="machine")
        return replace(program, version=_version(program))
    root = kept.kept(SIPP, own)
    return unpacked(root) if root else None


def unpacked(root: Path) -> Program:
    """Return the SIPp in a folder of unpacked packages."""
    program = Program(
        argv=(str(root / "usr" / "bin" / "sipp"),),
        environment={"LD_LIBRARY_PATH": libraries(root)},
        source="unpacked",
        root=root,
    )
    return replace(program, version=_version(program))


def _version(program: Program) -> tuple[int, ...]:
    return ask_version(program, "-v", r"SIPp v(\d+(?:\.\d+)*)")
