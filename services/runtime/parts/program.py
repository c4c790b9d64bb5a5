"""A program of another make: how it is started, and where it was found."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from services.runtime.parts.apt import this_machine

Source = Literal["settings", "machine", "unpacked"]
Version = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How to start a program: ``argv`` before its own arguments, and what to set."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """What is added to the environment of the one who starts it."""
    version: Version = ()
    source: Source
    root: Path | None = None
    """The folder that it was unpacked into, with its loader and its libraries."""

    @property
    def folder(self) -> Path:
        """The folder that whoever starts it must reach."""
        return self.root or Path(self.argv[-1]).parent

    @property
    def shown(self) -> str:
        """Return version and place as a person reads them."""
        number = ".".join(map(str, self.version)) or "of unknown version"
        return f"{number}, {self.source}: {self.argv[-1]}"


def libraries(root: Path) -> str:
    """Return the search path of the libraries in an unpacked part."""
    triplet = this_machine().triplet
    places = (
        root / "lib" / triplet,
        root / "usr" / "lib" / triplet,
        root / "usr" / "lib" / triplet / "pulseaudio",
    )
    return ":".join(str(place) for place in places if place.is_dir())


def loader(root: Path) -> str:
    """Return the loader in an unpacked part that brought its own C library."""
    triplet = this_machine().triplet
    return str(next((root / "usr" / "lib" / triplet).glob("ld-linux-*.so.*")))


def ask_version(
    program: Program, option: str, pattern: str = r"(\d+(?:\.\d+)*)"
) -> Version:
    """Ask a program for its version; () when it does not start or names none."""
    try:
        told = subprocess.run(  # noqa: S603 - a part, chosen by us or by the operator
            (*program.argv, option),
            env=os.environ | program.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return read_version(told.stdout + told.stderr, pattern)


def read_version(text: str, pattern: str = r"(\d+(?:\.\d+)*)") -> Version:
    """Read the first version number of a text; () when there is none."""
    found = re.search(pattern, text)
    return tuple(map(int, found.group(1).split("."))) if found else ()
