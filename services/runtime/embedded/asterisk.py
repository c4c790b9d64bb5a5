"""An Asterisk of our own in the data folder: configured, started, asked, stopped."""

import asyncio
import os
import re
import secrets
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cti_bridge.ami.errors import LoginRefused
from services.floor.admission import DEFAULT, Admission
from services.runtime.embedded.aside import put_asterisks_aside
from services.runtime.embedded.child import Child
from services.runtime.embedded.conf import (
    LEAVE_NUMBER,
    Conf,
    form,
    made_by,
    put,
    render,
    replace_file,
)
from services.runtime.embedded.errors import NotStarted, PartRefuses
from services.runtime.embedded.open_queue import OpenEntry, OpenQueue
from services.runtime.parts.asterisk import AsteriskPart
from services.runtime.ports import Ports
from services.runtime.privileges import (
    ServiceUser,
    confined,
    let_pass,
    service_environment,
)

RELOADED = frozenset({"extensions.conf", "pjsip.conf", "queues.conf"})
"""What a running Asterisk can read anew."""
START_LIMIT_S = 60.0
STOP_LIMIT_S = 10.0
# The boot id, and the day from which the age of calls is counted.
_EACH_START = re.compile(
    r"(?<=^systemname = )\S+|(?<=\{CUT\(CC_T0,\.,1\)\} - )\d+", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskPlace:
    """Where one embedded Asterisk lives, as whom it runs, and what it knows."""

    part: AsteriskPart
    data: Path
    """The instance's folder; ours is ``asterisk`` in it."""
    host: str
    ports: Ports
    user: ServiceUser | None
    ami_user: str
    ami_secret: str
    numbers: tuple[str, ...]
    open_entries: Mapping[str, OpenEntry] = field(default_factory=dict)
    """What each number's callers get without the engine."""
    open_queues: tuple[OpenQueue, ...] = ()
    is_recording: bool = True
    """Whether conversations of the open queue are recorded."""
    devices: Mapping[str, str]
    """Password by the name of the device."""
    watchdog_secret: str | None = None
    """Of the watchdog's account; None means that there is no watchdog."""
    prober_password: str | None = None
    """Of the watchdog's own caller."""
    page_secret: str | None = None
    """What the passwords of telephones in agents' pages are made of."""
    reserved: Mapping[str, int] = field(default_factory=dict)
    """Lines kept for a number alone, by the number."""
    admission: Admission = DEFAULT
    """What is taken of the calls that come."""
    extra_modules: tuple[str, ...] = ()
    """Loaded beside ours; for benches."""
    extra_dialplan: str = ""
    """Contexts beside ours; for benches."""
    extra_queues: str = ""
    """Queues of Asterisk's beside ours; for benches."""

    @property
    def folder(self) -> Path:
        """The folder of Asterisk's own files."""
        return self.data / "asterisk"

    @property
    def log(self) -> Path:
        """What it says outside its own logs."""
        return self.data / "log" / "asterisk.log"

    @property
    def needed(self) -> tuple[Path, ...]:
        """Folders that Asterisk must reach."""
        part = self.part
        said = (part.sounds, part.music, part.documentation or part.sounds)
        # Asterisk itself runs the script by which a caller leaves a number.
        script = (Path(sys.prefix), Path(sys.base_prefix), LEAVE_NUMBER.parent)
        return (self.data, part.program.folder, part.modules, *said, *script)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenUp:
    """What a running Asterisk was made to read."""

    files: tuple[str, ...]
    later: tuple[str, ...]
    """Files of which it will know with its next start only."""


def check(place: AsteriskPlace) -> None:
    """See that all values of a place can stand in Asterisk's configuration.

    Raises:
        ConfRefused: One cannot.
    """
    render(_conf(place))


def differing(place: AsteriskPlace) -> list[str]:
    """Return the files of configuration that are not what a start now would write.

    Raises:
        ConfRefused: A value cannot stand in Asterisk's configuration.
    """
    conf = _conf(place)

    def written(name: str) -> str:
        try:
            return (conf.etc / name).read_text(encoding="utf-8")
        except OSError:
            return ""

    return [
        name
        for name, text in render(conf).items()
        if _EACH_START.sub("", written(name)) != _EACH_START.sub("", text)
    ]


def take_up(place: AsteriskPlace) -> TakenUp:
    """Write what a running Asterisk can read anew, and let it.

    It reads all of its configuration when it gets SIGHUP, and keeps its calls, its
    registrations and the members of its queues; no right of AMI's is needed for that.
    What it has read at its start only stays as it was.

    Raises:
        ConfRefused: A value cannot stand in Asterisk's configuration.
        OSError: The files cannot be written.
    """
    conf, files = _conf(place), differing(place)
    if not files:
        return TakenUp(files=(), later=())
    if made_by(conf.etc) != form():
        return TakenUp(files=(), later=tuple(files))
    texts = render(conf)
    owner = (place.user.uid, place.user.gid) if place.user else None
    for name in RELOADED & set(files):
        before = _EACH_START.findall((conf.etc / name).read_text(encoding="utf-8"))
        values = iter(before)
        text = _EACH_START.sub(lambda _found: next(values), texts[name])  # noqa: B023 - used up before the next
        replace_file(conf.etc / name, text, owner=owner)
    if (pid := _pid(place)) is not None:
        os.kill(pid, signal.SIGHUP)
    later = tuple(sorted(set(files) - RELOADED))
    return TakenUp(files=tuple(sorted(RELOADED & set(files))), later=later)


def _pid(place: AsteriskPlace) -> int | None:
    """Return the process of a running Asterisk of this folder, or None."""
    try:
        told = (place.folder / "run" / "asterisk.pid").read_text("ascii").strip()
        command = Path(f"/proc/{int(told)}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return int(told) if os.fsencode(place.folder) in command else None


async def prepare(
    place: AsteriskPlace,
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Write its configuration with a new boot id.

    Returns:
        The command line that runs it, and all that it finds in its environment.

    Raises:
        ConfRefused: A value cannot stand in its configuration.
    """
    let_pass(place.data, place.user)
    conf = _conf(place)
    owner = (place.user.uid, place.user.gid) if place.user else None
    await asyncio.to_thread(put, conf, owner=owner)
    put_asterisks_aside(conf.log)
    program = place.part.program
    argv = (*program.argv, "-C", str(conf.etc / "asterisk.conf"), "-f")
    return argv, service_environment(place.user, conf.run, program.environment)


async def start(place: AsteriskPlace) -> Child:
    """Start Asterisk with a new boot id and return when it has fully booted.

    Raises:
        ConfRefused: A value cannot stand in its configuration.
        NotStarted: It ended, or did not say that it is booted.
        PartRefuses: It does not know the account that its configuration names.
    """
    argv, environment = await prepare(place)
    child = await Child.start(
        "asterisk",
        confined(argv, place.user, place.needed),
        log=place.log,
        environment=environment,
    )
    try:
        await child.until(
            _fully_booted(place), limit_s=START_LIMIT_S, asked="AMI says it is booted"
        )
    except BaseException:
        await stop(child)
        raise
    return child


async def stop(child: Child) -> None:
    """Stop Asterisk: calls are hung up, then it ends; after a limit it is killed."""
    await child.stop((signal.SIGTERM, STOP_LIMIT_S))


def _conf(place: AsteriskPlace) -> Conf:
    folder, part, ports = place.folder, place.part, place.ports
    return Conf(
        boot_id=secrets.token_hex(4),
        etc=folder / "etc",
        run=folder / "run",
        spool=folder / "spool",
        log=folder / "log",
        lib=folder / "lib",
        modules=part.modules,
        sounds=part.sounds,
        music=part.music,
        documentation=part.documentation,
        sip_host=place.host,
        sip_port=ports.sip,
        ami_host=place.host,
        ami_port=ports.ami,
        ami_user=place.ami_user,
        ami_secret=place.ami_secret,
        agi_host=place.host,
        agi_port=ports.agi,
        page_phones_port=ports.page_phones,
        rtp_first=ports.rtp_first,
        rtp_last=ports.rtp_last,
        numbers=place.numbers,
        open_entries=place.open_entries,
        open_queues=place.open_queues,
        prompts=place.data / "prompts",
        is_recording=place.is_recording,
        devices=place.devices,
        watchdog_secret=place.watchdog_secret,
        prober_password=place.prober_password,
        page_secret=place.page_secret,
        reserved=place.reserved,
        admission=place.admission,
        extra_modules=place.extra_modules,
        extra_dialplan=place.extra_dialplan,
        extra_queues=place.extra_queues,
    )


async def _fully_booted(place: AsteriskPlace) -> None:
    # The banner alone comes before the modules are loaded. Asked over AMI and not by
    # the console, whose socket's path would limit the length of the data folder's.
    while True:
        try:
            reader, writer = await asyncio.open_connection(place.host, place.ports.ami)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        try:
            await _log_in(reader, writer, place)
        except (asyncio.IncompleteReadError, ConnectionError):
            await asyncio.sleep(0.2)
        else:
            return
        finally:
            writer.close()


async def _log_in(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, place: AsteriskPlace
) -> None:
    banner = await reader.readuntil(b"\r\n")
    if not banner.startswith(b"Asterisk Call Manager/"):
        raise NotStarted(
            "asterisk",
            why=f"{place.host}:{place.ports.ami} answers {banner!r}, which is no AMI",
            log=place.log,
        )
    writer.write(
        f"Action: Login\r\nUsername: {place.ami_user}\r\n"
        f"Secret: {place.ami_secret}\r\n\r\n".encode()
    )
    answer = await reader.readuntil(b"\r\n\r\n")
    if not answer.startswith(b"Response: Success"):
        why = answer.decode(errors="replace").partition("Message: ")[2].strip()
        refused = LoginRefused(f"{place.host}:{place.ports.ami}", place.ami_user, why)
        raise PartRefuses("asterisk", str(refused), log=place.log)
    while b"Event: FullyBooted" not in await reader.readuntil(b"\r\n\r\n"):
        pass
