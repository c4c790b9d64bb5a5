"""Which Asterisk carries the voice, and where its modules and sounds lie."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from services.runtime.parts import kept
from services.runtime.parts.apt import this_machine
from services.runtime.parts.errors import PartRefused, PartUnavailable
from services.runtime.parts.program import (
    Program,
    Version,
    ask_version,
    libraries,
    loader,
)
from services.runtime.parts.recipe import ASTERISK
from services.runtime.progress import Say, say
from services.runtime.settings import AsteriskSettings

LOWEST_VERSION: Version = (22, 10, 1)
"""Fixed 20 advisories; nothing older is run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskPart:
    """An Asterisk that will do."""

    program: Program
    modules: Path
    sounds: Path
    """The folder with the English core sounds (``beep.wav`` is in it)."""
    music: Path
    """The folder with what waiting callers hear."""
    documentation: Path | None
    """The folder of ``core-en_US.xml``; None when there is none."""


def obtain(
    settings: AsteriskSettings, own: Path | None = None, tell: Say = say
) -> AsteriskPart:
    """Return the Asterisk to run: the settings', the machine's, else a fetched one.

    Raises:
        PartRefused: The settings name one that will not do.
        PartUnavailable: There is none and it cannot be fetched.
    """
    if settings.binary:
        return _of_settings(settings, settings.binary)
    on_path = shutil.which("asterisk")
    if on_path:
        program, why_not = examine(Path(on_path))
        if not why_not and (part := _on_machine(program)):
            return part
        why_not = why_not or "its modules or English sounds are not where Debian's are"
        tell(
            f"asterisk: {on_path} is not taken, {why_not};"
            " taking one from Debian's packages instead"
        )
    return unpacked(kept.fetch(ASTERISK, own, tell))


def look(settings: AsteriskSettings, own: Path | None = None) -> AsteriskPart | None:
    """Return the Asterisk that would run without fetching; None when there is none."""
    if settings.binary:
        return _of_settings(settings, settings.binary)
    if on_path := shutil.which("asterisk"):
        program, why_not = examine(Path(on_path))
        if not why_not and (part := _on_machine(program)):
            return part
    root = kept.kept(ASTERISK, own)
    return unpacked(root) if root else None


def examine(binary: Path) -> tuple[Program, str]:
    """Ask a binary for its version; the second value says why it will not do, or ''."""
    program = Program(argv=(str(binary),), source="machine")
    version = ask_version(program, "-V", r"Asterisk (\d+(?:\.\d+)*)")
    return replace(program, version=version), unfit(version)


def unfit(version: Version) -> str:
    """Return why an Asterisk of this version is not run; '' when it may run."""
    if not version:
        return "it does not start or is no Asterisk"
    if version < LOWEST_VERSION:
        return (
            f"it is {_shown(version)}, older than {_shown(LOWEST_VERSION)},"
            " which fixed 20 security advisories"
        )
    return ""


def unpacked(root: Path) -> AsteriskPart:
    """Return the Asterisk in a folder of unpacked packages.

    Raises:
        PartUnavailable: It does not run here, or is older than it should be.
    """
    shared = root / "usr" / "share" / "asterisk"
    # From a newer Debian than this one: by its own loader, with its own C library,
    # and nothing set that programs started by it would inherit.
    program = Program(
        argv=(
            loader(root),
            "--library-path",
            libraries(root),
            str(root / "usr" / "sbin" / "asterisk"),
        ),
        source="unpacked",
        root=root,
    )
    version = ask_version(program, "-V", r"Asterisk (\d+(?:\.\d+)*)")
    if why_not := unfit(version):
        raise PartUnavailable(
            "asterisk",
            why=f"the one in {root} will not do: {why_not}",
            would_do="remove that folder to have it fetched anew",
        )
    return AsteriskPart(
        program=replace(program, version=version),
        modules=root / "usr/lib" / this_machine().triplet / "asterisk/modules",
        # Debian names the folder by voice; Asterisk looks for sounds/en.
        sounds=shared / "sounds" / "en_US_f_Allison",
        music=shared / "moh",
        documentation=shared / "documentation",
    )


def _of_settings(settings: AsteriskSettings, binary: Path) -> AsteriskPart:
    program, why_not = examine(binary)
    variable = "TIELINE_ASTERISK__BINARY"
    if why_not:
        raise PartRefused(variable, binary=binary, why=why_not)
    program = replace(program, source="settings")
    part = _on_machine(program, modules=settings.modules, sounds=settings.sounds)
    if part is None:
        raise PartRefused(
            variable,
            binary=binary,
            why="its modules or English sounds are not where Debian has them; name them"
            " by TIELINE_ASTERISK__MODULES and TIELINE_ASTERISK__SOUNDS",
        )
    return part


def _on_machine(
    program: Program, *, modules: Path | None = None, sounds: Path | None = None
) -> AsteriskPart | None:
    triplet = this_machine().triplet
    libs = ("/usr/lib", f"/usr/lib/{triplet}", "/usr/lib64", "/usr/local/lib")
    shares = tuple(
        Path(place) / "asterisk"
        for place in ("/usr/share", "/var/lib", "/usr/local/share")
    )
    found_modules = modules or _first(
        (Path(lib) / "asterisk" / "modules" for lib in libs), "chan_pjsip.so"
    )
    found_sounds = sounds or _first(
        (
            share / "sounds" / voice
            for share in shares
            for voice in ("en_US_f_Allison", "en")
        ),
        "beep.*",
    )
    if not found_modules or not found_sounds:
        return None
    return AsteriskPart(
        program=program,
        modules=found_modules,
        sounds=found_sounds,
        music=_first((share / "moh" for share in shares), "*.*") or found_sounds,
        documentation=_first((s / "documentation" for s in shares), "core-en_US.xml"),
    )


def _first(folders: Iterable[Path], holding: str) -> Path | None:
    return next((folder for folder in folders if any(folder.glob(holding))), None)


def _shown(version: Version) -> str:
    return ".".join(map(str, version))
