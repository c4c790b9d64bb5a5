"""A private apt: packages of the machine's own mirror, without touching the machine."""

import fcntl
import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.runtime.parts.errors import PartUnavailable
from services.runtime.parts.recipe import Recipe
from services.runtime.privileges import confined

LISTS_KEPT_S = 3600
UPDATE_LIMIT_S = 300
DOWNLOAD_LIMIT_S = 1800
_KEYRINGS = Path("/usr/share/keyrings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """One line of apt's sources, as the machine has it."""

    address: str
    release: str
    component: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a part's folder is named after, and where libraries lie in it."""

    architecture: str
    """Debian's word for it, as in amd64."""
    triplet: str
    """The folder's word for it, as in x86_64-linux-gnu."""
    release: str
    """The suite the machine lives on, as in bookworm."""


def this_machine() -> Machine:
    """Return what is known without asking a program: each start asks it."""
    processor = os.uname().machine
    try:
        release = platform.freedesktop_os_release().get("VERSION_CODENAME", "unknown")
    except OSError:
        release = "unknown"
    return Machine(
        architecture={"x86_64": "amd64", "aarch64": "arm64"}.get(processor, processor),
        triplet=f"{processor}-linux-gnu",
        release=release,
    )


def machine_archives(part: str) -> tuple[Archive, ...]:
    """Ask the machine's apt for its archives; the release itself comes first.

    Raises:
        PartUnavailable: There is no apt, or it has no archive.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise PartUnavailable(
            part,
            why="not on this machine, and there is no apt to fetch it by",
            would_do="install it, or run on Debian 12 or 13",
        )
    listed = subprocess.run(
        (  # noqa: S607 - the machine's apt
            "apt-get",
            "indextargets",
            "--format",
            "$(REPO_URI) $(RELEASE) $(COMPONENT)",
            "Created-By: Packages",
        ),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    archives = read_archives(listed.stdout)
    if not archives:
        raise PartUnavailable(
            part,
            why="apt on this machine has no archive to fetch it from",
            would_do="give /etc/apt/sources.list.d a Debian mirror",
        )
    return archives


def read_archives(listed: str) -> tuple[Archive, ...]:
    """Read what ``apt-get indextargets`` lists: the main archives, release first."""
    archives = [
        Archive(address=fields[0], release=fields[1], component=fields[2])
        for line in listed.splitlines()
        if len(fields := line.split()) == 3 and fields[2] == "main"
    ]
    return tuple(sorted(dict.fromkeys(archives), key=_is_addition))


def _is_addition(archive: Archive) -> bool:
    return re.search(r"[-/]", archive.release) is not None


def sources(machines: Sequence[Archive], suite: str | None) -> str:
    """Return the private sources list: the machine's own archives, or another suite.

    The mirror's address is the one the machine already uses; none stands in the code.
    """
    keyring = next(
        (
            path
            for path in sorted(_KEYRINGS.glob("debian-archive-keyring.*"))
            if path.suffix in {".gpg", ".pgp"}
        ),
        None,
    )
    signed_by = f"[signed-by={keyring}] " if keyring else ""
    archives = machines
    if suite:
        address = machines[0].address
        archives = (Archive(address=address, release=suite, component="main"),)
    return "".join(
        f"deb {signed_by}{one.address} {one.release} {one.component}\n"
        for one in archives
    )


class PrivateApt:
    """One apt of its own in a folder: archives and an all but empty status."""

    def __init__(self, recipe: Recipe, folder: Path, lists: Path) -> None:
        """Name the folders.

        Args:
            recipe: The part that is fetched.
            folder: Where archives and settings of this fetch lie.
            lists: Where the lists of the suite's packages lie, shared by its parts.
        """
        self._recipe = recipe
        self._folder = folder
        self._lists = lists
        self._archives = machine_archives(recipe.name)

    def prepare(self) -> None:
        """Write the settings and see that the list of packages is there and new.

        Raises:
            PartUnavailable: No list could be fetched.
        """
        for folder in (
            self._folder / "state",
            self._folder / "cache" / "archives" / "partial",
            self._lists / "partial",
        ):
            folder.mkdir(parents=True, exist_ok=True)
        self._write("apt.conf", self._conf())
        self._write("sources.list", sources(self._archives, self._recipe.suite))
        self._write("state/status", self._status())
        fetched = self._lists / "fetched"
        with only_one(self._lists.with_suffix(".lock")):
            if fetched.exists() and _age_s(fetched) < LISTS_KEPT_S:
                return
            # A mirror can lag, and its Release file be past its Valid-Until, by which
            # apt would refuse it; signatures are checked all the same, and every file
            # against the sums that were signed. For this private list only.
            valid_until = "Acquire::Check-Valid-Until=false"
            self._apt(UPDATE_LIMIT_S, "update", "-o", valid_until)
            fetched.touch()

    def sizes(self) -> dict[str, int]:
        """Return what would be downloaded: size in bytes by file name."""
        told = self._apt(60, "install", "--print-uris", *self._recipe.packages)
        found = re.findall(r"^'[^']+' (\S+) (\d+) ", told, flags=re.MULTILINE)
        return {name: int(size) for name, size in found}

    def download(self) -> list[Path]:
        """Download the packages and all that they need, signatures checked.

        Raises:
            PartUnavailable: The download did not come to its end.
        """
        self._apt(
            DOWNLOAD_LIMIT_S, "install", "--download-only", *self._recipe.packages
        )
        return sorted((self._folder / "cache" / "archives").glob("*.deb"))

    def _write(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text, encoding="utf-8")

    def _conf(self) -> str:
        own = self._folder
        architecture = this_machine().architecture
        return f"""\
Dir::State "{own}/state";
Dir::State::lists "{self._lists}";
Dir::State::status "{own}/state/status";
Dir::Cache "{own}/cache";
Dir::Etc::sourcelist "{own}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "{architecture}";
#clear APT::Architectures;
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Get::Assume-Yes "true";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Debug::NoLocking "true";
// What images add to tidy up after apt (docker-clean) would take our downloads away.
#clear APT::Update::Post-Invoke;
#clear DPkg::Post-Invoke;
"""

    def _status(self) -> str:
        architecture = this_machine().architecture
        return "".join(
            f"Package: {name}\nStatus: install ok installed\nVersion: 99:99\n"
            f"Architecture: {architecture}\nMulti-Arch: foreign\n"
            "Maintainer: none\nDescription: not needed here\n\n"
            for name in self._recipe.taken_as_installed
        )

    def _apt(self, limit_s: float, *arguments: str) -> str:
        environment = os.environ | {
            "APT_CONFIG": str(self._folder / "apt.conf"),
            "LC_ALL": "C",
        }
        try:
            done = subprocess.run(  # noqa: S603 - our own words and package names
                # Ends when we are ended, however that was.
                confined(("apt-get", "-q", *arguments), None),
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=limit_s,
            )
        except subprocess.TimeoutExpired:
            raise self._failed(arguments[0], f"no end after {limit_s:.0f} s") from None
        words = [line for line in done.stderr.splitlines() if line[:2] in {"E:", "W:"}]
        # apt-get update warns and ends with 0 when no list could be fetched at all.
        if done.returncode or any("ailed to fetch" in line for line in words):
            raise self._failed(arguments[0], "; ".join(words[-3:]) or "no words")
        return done.stdout

    def _failed(self, step: str, words: str) -> PartUnavailable:
        return PartUnavailable(
            self._recipe.name,
            why=f"apt-get {step} on the machine's mirror"
            f" {self._archives[0].address} failed: {words}",
            would_do="is the mirror reachable from here? The next start tries again;"
            " a program already on the machine is taken instead (tieline doctor)",
        )


def _age_s(path: Path) -> float:
    return time.time() - path.stat().st_mtime


@contextmanager
def only_one(lock: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold ``lock`` against other threads and processes; says so when it must wait."""
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
