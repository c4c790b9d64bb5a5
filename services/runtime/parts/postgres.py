"""Which PostgreSQL keeps the records when the settings name no database."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from services.runtime.parts import kept
from services.runtime.parts.errors import PartUnavailable
from services.runtime.parts.program import Program, ask_version, libraries
from services.runtime.parts.recipe import POSTGRES
from services.runtime.progress import Say, say

LOWEST_MAJOR = 14
_DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresPart:
    """The programs of one PostgreSQL."""

    program: Program
    """The server itself; the others lie beside it."""

    @property
    def major(self) -> int:
        """The version that a data folder belongs to."""
        return self.program.version[0]

    def command(self, name: str, *arguments: str) -> tuple[str, ...]:
        """Return the command line of a program beside the server, as ``initdb``."""
        return (str(Path(self.program.argv[0]).with_name(name)), *arguments)


def obtain(own: Path | None = None, tell: Say = say) -> PostgresPart:
    """Return the PostgreSQL to run: the machine's, else a fetched one.

    Raises:
        PartUnavailable: There is none and it cannot be fetched.
    """
    return look(own, tell) or unpacked(kept.fetch(POSTGRES, own, tell))


def look(own: Path | None = None, tell: Say = lambda _: None) -> PostgresPart | None:
    """Return the PostgreSQL that would run without fetching; None if there is none."""
    for binary in _candidates():
        if not (binary.with_name("initdb")).exists():
            continue
        program = Program(argv=(str(binary),), source="machine")
        version = ask_version(program, "--version")
        if not version or version[0] < LOWEST_MAJOR:
            tell(f"postgresql: {binary} is not taken, it is older than {LOWEST_MAJOR}")
        elif not _has_trigrams(binary):
            # Names are searched by parts of them; without it migrations would fail.
            tell(f"postgresql: {binary} is not taken, its pg_trgm is missing")
        else:
            return PostgresPart(program=replace(program, version=version))
    root = kept.kept(POSTGRES, own)
    return unpacked(root) if root else None


def unpacked(root: Path) -> PostgresPart:
    """Return the PostgreSQL in a folder of unpacked packages.

    Raises:
        PartUnavailable: It does not run here.
    """
    binaries = sorted(root.glob("usr/lib/postgresql/*/bin/postgres"))
    program = Program(
        # Debian's server finds its share folder by its own place.
        argv=(str(binaries[-1]),) if binaries else ("postgres",),
        environment={"LD_LIBRARY_PATH": libraries(root)},
        source="unpacked",
        root=root,
    )
    version = ask_version(program, "--version")
    if not version:
        raise PartUnavailable(
            "postgresql",
            why=f"the one in {root} does not start",
            would_do="remove that folder to have it fetched anew",
        )
    return PostgresPart(program=replace(program, version=version))


def _candidates() -> Iterator[Path]:
    if on_path := shutil.which("postgres"):
        # The real place: from a link, initdb would look for its files beside the link.
        yield Path(on_path).resolve()
    versions = [place for place in _DEBIAN.glob("*") if place.name.isdigit()]
    for version in sorted(versions, key=lambda place: -int(place.name)):
        if os.access(binary := version / "bin" / "postgres", os.X_OK):
            yield binary


def _has_trigrams(binary: Path) -> bool:
    prefix, version = binary.parents[1], binary.parents[1].name
    shares = (
        Path("/usr/share/postgresql") / version,
        prefix / "share",
        prefix / "share" / "postgresql",
    )
    return any((share / "extension" / "pg_trgm.control").exists() for share in shares)
