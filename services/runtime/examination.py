"""One look at the machine: is everything there that an instance needs."""

import os
import platform
import pwd
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from services.runtime.occupied import taken_ports
from services.runtime.parts import asterisk, espeak, kept, postgres, sipp
from services.runtime.parts.apt import machine_archives
from services.runtime.parts.errors import PartRefused, PartUnavailable
from services.runtime.parts.program import Program
from services.runtime.privileges import (
    SERVICE_USER,
    NoWayIn,
    ServiceUser,
    check_ways,
)
from services.runtime.settings import CHECKOUT, Settings

State = Literal["ok", "fetched", "optional", "missing"]
"""``fetched``: not here yet, but ``up`` brings it. ``optional``: not needed by it."""

NEEDED_BYTES = 1_500_000_000
"""Parts 350 MB, their download 140 MB, a database, and calls of some days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: State
    found: str
    mend: str = ""
    """The command that mends it; empty when nothing is to be done."""

    def as_dict(self) -> dict[str, str]:
        """Return it for JSON."""
        return asdict(self)


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; nothing is changed or fetched."""
    apt = _apt()
    own = settings.parts
    can_fetch = apt.state == "ok"
    findings = [_python(), _environment(), apt]
    looks: list[tuple[str, Callable[[], Program | None], str]] = [
        (
            "asterisk",
            lambda: _program(asterisk.look(settings.asterisk, own)),
            "",
        ),
        ("espeak-ng", lambda: espeak.look(own), "espeak-ng"),
        ("sipp", lambda: sipp.look(own), "sip-tester"),
    ]
    if settings.database.url is None:
        looks.insert(
            1, ("postgresql", lambda: _program(postgres.look(own)), "postgresql")
        )
    for name, look, package in looks:
        findings.append(_part(name, look, package, can_fetch=can_fetch))
    if not can_fetch and all(
        one.state in {"ok", "optional"} for one in findings if one is not apt
    ):
        found = f"{apt.found}, nor is it needed: all parts are here"
        findings[findings.index(apt)] = replace(apt, state="optional", found=found)
    findings += _ports(settings)
    findings += _disk(settings)
    findings.append(_user(settings))
    return findings


def _program(
    part: asterisk.AsteriskPart | postgres.PostgresPart | None,
) -> Program | None:
    return part.program if part else None


def _python() -> Finding:
    found = f"{platform.python_version()} {Path(sys.base_prefix) / 'bin'}"
    return Finding(name="python", state="ok", found=found)


def _environment() -> Finding:
    return Finding(name="environment", state="ok", found=str(CHECKOUT / ".venv"))


def _apt() -> Finding:
    try:
        archives = machine_archives("apt")
    except PartUnavailable as problem:
        return Finding(name="apt", state="missing", found=problem.why, mend="")
    found = f"{archives[0].address} {archives[0].release}"
    return Finding(name="apt", state="ok", found=found)


def _part(
    name: str, look: Callable[[], Program | None], package: str, *, can_fetch: bool
) -> Finding:
    try:
        program = look()
    except (PartRefused, PartUnavailable) as problem:
        return Finding(name=name, state="missing", found=str(problem))
    if program:
        return Finding(name=name, state="ok", found=program.shown)
    if can_fetch:
        where = kept.folders()[0]
        found = f"not here; up fetches it from Debian's packages into {where}"
        return Finding(name=name, state="fetched", found=found)
    mend = (
        f"apt-get install -y {package}   (as root)"
        if package
        else "install Asterisk 22.10.1 or newer and name it by TIELINE_ASTERISK__BINARY"
    )
    if name == "sipp":
        found = "not here; tests and bench need it"
        return Finding(name=name, state="optional", found=found, mend=mend)
    return Finding(name=name, state="missing", found="not here", mend=mend)


def _ports(settings: Settings) -> Iterator[Finding]:
    first, last = settings.ports.sip, settings.ports.rtp_last
    with_database = settings.database.url is None
    taken = list(
        taken_ports(settings.ports, settings.host, with_database=with_database)
    )
    if not taken:
        found = f"{first} to {last} on {settings.host}: free"
        yield Finding(name="ports", state="ok", found=found)
    for one in taken:
        yield Finding(
            name="ports",
            state="missing",
            found=str(one),
            mend="give another --base-port, or stop what has it",
        )


def _disk(settings: Settings) -> Iterator[Finding]:
    places = {"data": settings.data, "parts": settings.parts or kept.folders()[0]}
    for name, place in places.items():
        there = next(p for p in (place, *place.parents) if p.exists())
        free = shutil.disk_usage(there).free
        found = f"{place}: {free / 1e9:.1f} GB free"
        option = {"data": "--data", "parts": "TIELINE_PARTS"}[name]
        if not os.access(there, os.W_OK):
            yield Finding(
                name=f"disk, {name}",
                state="missing",
                found=f"{there} may not be written",
                mend=f"name another folder by {option}",
            )
        elif free < NEEDED_BYTES:
            mend = f"make room for {NEEDED_BYTES / 1e9:.1f} GB, or use {option}"
            yield Finding(name=f"disk, {name}", state="missing", found=found, mend=mend)
        else:
            yield Finding(name=f"disk, {name}", state="ok", found=found)


def _user(settings: Settings) -> Finding:
    me = pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() != 0:
        found = f"{me}: everything runs as that"
        return Finding(name="user", state="ok", found=found)
    name = settings.user or SERVICE_USER
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        found = f"root; asterisk and postgresql run as {name!r}"
        mend = f"useradd --system {name}"
        if settings.user or not shutil.which("useradd"):
            return Finding(name="user", state="missing", found=found, mend=mend)
        return Finding(name="user", state="fetched", found=f"{found}, which up makes")
    user = ServiceUser(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    found = f"root; asterisk and postgresql run as {name!r}"
    data = next(p for p in (settings.data, *settings.data.parents) if p.exists())
    try:
        with tempfile.TemporaryDirectory(dir=data) as probe:
            Path(probe).chmod(0o711)
            check_ways(user, (Path(probe),))
    except NoWayIn as problem:
        return Finding(
            name="user",
            state="missing",
            found=str(problem),
            mend="./tieline up --data /var/lib/tieline",
        )
    return Finding(name="user", state="ok", found=found)
