"""What is in force, kept in the data folder for what starts without the database."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any, TypeVar

import structlog

from ivr.problems import FlowRefused
from recordings.disk import put
from services.flows.files import FLOWS, FlowFiles, as_text, from_text, read_files
from services.store.errors import DatabaseAway
from services.store.flow_versions import FlowVersions, WholeForce
from services.store.versions import FloorVersions, WholeVersion, sum_of

log = structlog.get_logger()

FILE = Path("floor") / "published.json"
FLOWS_FILE = Path("floor") / "published_flows.json"
"""Beside the floor, for the folder of flows may be the data folder's own."""
_ASKED_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A version as it is kept."""

    number: int
    sum: str
    file_sum: str
    """Of the file that it, or what it was edited from, came from."""
    text: str

    @classmethod
    def of(cls, version: WholeVersion) -> "Published":
        """Return what is kept of a version."""
        return cls(
            number=version.number,
            sum=version.sum,
            file_sum=version.file_sum,
            text=version.text,
        )

    @property
    def label(self) -> str:
        """How messages about its lines name it."""
        return f"floor version {self.number}"

    @property
    def is_whole(self) -> bool:
        """Return whether it is what was published."""
        return self.sum == sum_of(self.text) and type(self.number) is int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFlows:
    """By which versions of the flows callers are led, as it is kept."""

    in_force: Published
    trial: Published | None = None
    """What a share of the calls tries."""
    percent: int = 0

    @classmethod
    def of(cls, force: WholeForce) -> "PublishedFlows":
        """Return what is kept of what the database says."""
        in_force, *trial = map(Published.of, force.versions)
        return cls(
            in_force=in_force,
            trial=trial[0] if trial else None,
            percent=force.percent,
        )

    @property
    def is_whole(self) -> bool:
        """Return whether it is what was published."""
        return self.in_force.is_whole and (not self.trial or self.trial.is_whole)

    @property
    def latest(self) -> Published:
        """Return the version that a new one is made from."""
        return self.trial or self.in_force


Kept = TypeVar("Kept", Published, PublishedFlows)
Whole = TypeVar("Whole")


def files_of(version: Published | WholeVersion) -> FlowFiles:
    """Return the files of a version of the flows."""
    folder = PurePath(f"flows version {version.number}") / FLOWS
    return FlowFiles(files=from_text(version.text), folder=folder)


def kept(data: Path) -> Published | None:
    """Return the floor that is kept; None when nothing is that can be believed."""
    return _believed(data / FILE, lambda told: Published(**told))


def kept_flows(data: Path) -> PublishedFlows | None:
    """Return the flows that are kept; None when nothing is that can be believed."""

    def read(told: dict[str, Any]) -> PublishedFlows:
        trial = told.pop("trial")
        return PublishedFlows(
            in_force=Published(**told.pop("in_force")),
            trial=Published(**trial) if trial else None,
            **told,
        )

    return _believed(data / FLOWS_FILE, read)


def _believed(path: Path, read: Callable[[dict[str, Any]], Kept]) -> Kept | None:
    """Return what a file tells, whose versions must be what was published."""
    try:
        found = read(json.loads(path.read_text(encoding="utf-8")))
        is_whole = found.is_whole
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        log.warning("published_unreadable", path=str(path), why=str(error))
        return None
    if not is_whole:
        log.warning("published_unreadable", path=str(path), why="its sum differs")
        return None
    return found


def keep(data: Path, version: Published) -> None:
    """Keep a floor, whole or not at all; the one before is overwritten.

    Raises:
        OSError: The disk does not take it; what was kept stays.
    """
    _keep(data / FILE, version)


def keep_flows(data: Path, flows: PublishedFlows) -> None:
    """Keep the flows, whole or not at all; those of before are overwritten.

    Raises:
        OSError: The disk does not take it; what was kept stays.
    """
    _keep(data / FLOWS_FILE, flows)


def _keep(path: Path, told: Published | PublishedFlows) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    put(path, json.dumps(asdict(told), ensure_ascii=False).encode())


async def keep_newest(floors: FloorVersions, flows: FlowVersions, data: Path) -> None:
    """Keep what is in force, where nothing is kept and the database answers.

    A start waits for the database only then, as in a folder that was restored; whoever
    publishes asks for what is newer.
    """
    if kept(data) is None and (version := await _soon(floors.newest())):
        await keep_aside(keep, data, Published.of(version))
    if kept_flows(data) is None and (force := await _soon(flows.force())):
        await keep_aside(keep_flows, data, PublishedFlows.of(force))


async def _soon(asked: Awaitable[Whole]) -> Whole | None:
    try:
        async with asyncio.timeout(_ASKED_S):
            return await asked
    except (DatabaseAway, TimeoutError) as error:
        log.warning("versions_unknown", why=str(error))
        return None


async def keep_aside(
    keeps: Callable[[Path, Kept], None], data: Path, found: Kept
) -> None:
    """Keep what is in force, which it is all the same where the disk fails."""
    try:
        await asyncio.to_thread(keeps, data, found)
    except OSError as error:
        log.warning("published_not_kept", why=str(error))


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


def differing_flows(folder: Path, flows: PublishedFlows | None) -> str | None:
    """Say which files are not as they were published; None when all are."""
    if flows is None:
        return None
    version = flows.latest
    in_force = f"flows version {version.number} is in force"
    try:
        files = read_files(folder).files
    except FlowRefused as error:
        return f"{error}; {in_force} all the same"
    if sum_of(as_text(files)) == version.sum:
        return None
    published = from_text(version.text)
    both = sorted(files.keys() | published.keys())
    other = ", ".join(it for it in both if files.get(it) != published.get(it))
    return (
        f"{folder}: is not what was published from it, {other}; {in_force},"
        f" ./tieline flow publish {folder} --from {version.number} would publish the"
        f" files, ./tieline flow pull {folder} would undo what was changed there"
    )
