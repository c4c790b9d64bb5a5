"""Who Asterisk and PostgreSQL run as, and how they get at the data folder.

Started by an ordinary user, everything runs as that user. Started by root, Asterisk
and PostgreSQL run as the system user ``tieline``, made when it is missing, as Debian's
own packages make theirs. Neither ``nobody`` nor ``postgres`` would do: what runs as
them elsewhere on the machine could read our calls, and we could read theirs. See
``docs/decisions/0002-who-runs-what.md``.
"""

import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.runtime import confine
from services.runtime.errors import RuntimeProblem
from services.runtime.progress import Say, say

SERVICE_USER = "tieline"


class NoServiceUser(RuntimeProblem):
    """Root started us, and there is nobody to run Asterisk and PostgreSQL as."""

    def __init__(self, name: str, *, why: str) -> None:
        """Keep the user's name and why there is none."""
        self.name = name
        super().__init__(
            f"user {name!r}: asterisk and postgresql must not run as root, and {why};"
            f" make one (useradd --system {name}), name another by TIELINE_USER, or"
            " start tieline as an ordinary user"
        )


class NoWayIn(RuntimeProblem):
    """The service user cannot reach a folder, and we cannot make a way."""

    def __init__(self, shut: Sequence[str], *, user: str, why: str) -> None:
        """Keep the folders that shut the user out."""
        self.shut = tuple(shut)
        super().__init__(
            f"{', '.join(shut) or 'this machine'}: user {user!r} may not enter, and"
            f" a private view of it cannot be made here ({why}); give --data a folder"
            " that all may enter, as in /var/lib/tieline"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceUser:
    """A user of the machine, as a part runs."""

    name: str
    uid: int
    gid: int


def service_user(wanted: str | None, tell: Say = say) -> ServiceUser | None:
    """Return who parts run as; None means as the one who started us.

    Args:
        wanted: The settings' choice; counts only for root.
        tell: Takes the news that a user was made.

    Raises:
        NoServiceUser: Root started us and there is no such user, or it is root.
    """
    if os.geteuid() != 0:
        return None
    name = wanted or SERVICE_USER
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        if wanted:
            raise NoServiceUser(name, why="there is no such user") from None
        entry = _made(name, tell)
    if entry.pw_uid == 0:
        raise NoServiceUser(name, why="that one is root")
    return ServiceUser(name=name, uid=entry.pw_uid, gid=entry.pw_gid)


def _made(name: str, tell: Say) -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    if not useradd:
        raise NoServiceUser(name, why="there is no useradd to make one")
    shell = "/usr/sbin/nologin"
    done = subprocess.run(  # noqa: S603 - our own words
        (
            useradd,
            "--system",
            "--no-create-home",
            "-d",
            "/nonexistent",
            "-s",
            shell,
            name,
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        why = f"useradd could not make one: {done.stderr.strip()}"
        raise NoServiceUser(name, why=why) from None
    tell(f"made the system user {name!r}, as whom asterisk and postgresql run")
    return entry


def ways_in(
    needed: Sequence[Path], may_enter: Callable[[Path], bool]
) -> dict[str, list[str]]:
    """Find the folders that shut a user out of what they need.

    Args:
        needed: Absolute folders, none of which is shut itself.
        may_enter: Whether the user may enter a folder, given its way is open.

    Returns:
        What is needed by the topmost folder that is shut; empty when all is open.
    """
    ways: dict[str, list[str]] = {}
    for path in needed:
        above = reversed(path.parents)
        shut = next((folder for folder in above if not may_enter(folder)), None)
        if shut is not None:
            ways.setdefault(str(shut), []).append(str(path))
    return {shut: _outermost(paths) for shut, paths in ways.items()}


def _outermost(paths: Sequence[str]) -> list[str]:
    # A folder brings what lies in it.
    unique = sorted(set(paths))
    return [
        path
        for path in unique
        if not any(path.startswith(f"{other}/") for other in unique if other != path)
    ]


def may_enter(user: ServiceUser) -> Callable[[Path], bool]:
    """Return the question whether ``user``, with their own group only, may enter."""

    def enters(folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == user.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == user.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)

    return enters


def confined(
    argv: Sequence[str],
    user: ServiceUser | None,
    needed: Sequence[Path] = (),
    *,
    end_by: signal.Signals = signal.SIGTERM,
) -> tuple[str, ...]:
    """Return the command line that starts ``argv`` as ``user``.

    The program gets ``end_by`` when the process that starts it dies, however it dies.
    It must be started by the process that called this.

    Args:
        argv: The program and its arguments.
        user: Who it runs as; None means as we do.
        needed: Folders that it must reach.
        end_by: The signal by which it ends in order.
    """
    resolved = [path.resolve() for path in needed]
    plan = {
        "parent": os.getpid(),
        "user": [user.uid, user.gid] if user else None,
        "ways": ways_in(resolved, may_enter(user)) if user else {},
        "end_by": int(end_by),
    }
    # Found now: later, Python's own files may be out of reach for the search.
    program = shutil.which(argv[0]) or argv[0]
    started = (program, *argv[1:])
    return (sys.executable, "-I", "-S", confine.__file__, json.dumps(plan), *started)


def check_ways(user: ServiceUser | None, needed: Sequence[Path]) -> None:
    """See once, before anything starts, that the service user reaches its folders.

    Raises:
        NoWayIn: It does not, and this machine forbids the private view of them.
    """
    if user is None:
        return
    resolved = [str(path.resolve()) for path in needed]
    looks = 'for folder; do [ -x "$folder" ] || exit 1; done'
    command = confined(("/bin/sh", "-c", looks, "sh", *resolved), user, needed)
    done = subprocess.run(  # noqa: S603 - our own words
        command, capture_output=True, text=True, check=False, cwd="/"
    )
    if done.returncode:
        shut = ways_in([Path(path) for path in resolved], may_enter(user))
        why = done.stderr.strip() or "a folder in it may not be entered"
        raise NoWayIn(tuple(shut), user=user.name, why=why)


def service_environment(
    user: ServiceUser | None, home: Path, more: Mapping[str, str]
) -> dict[str, str]:
    """Return all that a part finds in its environment; ours may hold secrets."""
    name = user.name if user else pwd.getpwuid(os.getuid()).pw_name
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "USER": name,
        "LOGNAME": name,
    } | dict(more)


def make_folder(path: Path, user: ServiceUser | None, *, mode: int = 0o750) -> None:
    """Make a folder that the service user may write, if it is not there yet."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    if user:
        os.chown(path, user.uid, user.gid)


def let_pass(folder: Path, user: ServiceUser | None) -> None:
    """Let the service user pass through a folder of ours, without seeing its names."""
    if user:
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | 0o011)
