"""The floor in force, kept in the data folder for what starts without the database."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from ivr.flow import Sound
from services.floor.floor import Floor
from services.store.errors import DatabaseAway
from services.store.floor_versions import FloorVersions, WholeVersion, sum_of

log = structlog.get_logger()

FILE = Path("floor") / "published.json"
_ASKED_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A version as it is kept."""

    number: int
    sum: str
    file_sum: str
    """Of the file that it, or what it was edited from, came from."""
    text: str

    @property
    def label(self) -> str:
        """How messages about its lines name it."""
        return f"floor version {self.number}"


@dataclass(slots=True, kw_only=True)
class CurrentFloor:
    """The floor that calls are served by now; only the publisher sets another."""

    floor: Floor
    sounds: Mapping[Sound, str]
    """What to play for every sound of its flows."""
    version: Published | None = None
    """None while it comes from the file and was not published yet."""


def kept(data: Path) -> Published | None:
    """Return what is kept; None when nothing is, or nothing that can be believed."""
    path = data / FILE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        found = Published(**told)
        is_whole = found.sum == sum_of(found.text) and type(found.number) is int
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.warning("published_floor_unreadable", path=str(path), why=str(error))
        return None
    if not is_whole:
        log.warning("published_floor_unreadable", path=str(path), why="its sum differs")
        return None
    return found


def keep(data: Path, version: WholeVersion) -> Published:
    """Keep a version, whole or not at all; the one before is overwritten.

    Raises:
        OSError: The disk does not take it; what was kept stays.
    """
    found = Published(
        number=version.number,
        sum=version.sum,
        file_sum=version.file_sum,
        text=version.text,
    )
    path = data / FILE
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(draft, flags, 0o600), "w", encoding="utf-8") as out:
        json.dump(asdict(found), out, ensure_ascii=False)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    return found


async def kept_or_newest(versions: FloorVersions, data: Path) -> Published | None:
    """Return the version that is kept; else the newest, and keep it; else None.

    A start waits for the database only where nothing is kept, as in a folder that was
    restored; the publisher asks for what is newer.
    """
    found = kept(data)
    if found is not None:
        return found
    try:
        async with asyncio.timeout(_ASKED_S):
            newest = await versions.newest()
        return None if newest is None else await asyncio.to_thread(keep, data, newest)
    except (DatabaseAway, TimeoutError, OSError) as error:
        log.warning("floor_versions_unknown", why=str(error))
        return None


def differing(file: Path, version: Published | None) -> str | None:
    """Say that the floor file is not what was published from it; None when it is."""
    if version is None:
        return None
    try:
        found = sum_of(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return (
            f"{file}: cannot be read ({error}); floor version {version.number} is in"
            " force all the same"
        )
    if found == version.file_sum:
        return None
    return (
        f"{file}: is not what was published from it; floor version {version.number}"
        f" is in force, ./tieline floor publish {file} --from {version.number} would"
        " publish the file"
    )
